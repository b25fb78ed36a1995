"""Where noise puts the outliers of a batch Hessian: additive and multiplicative.

A noise model maps population spikes θ₁ > … > θ_k and a few noise parameters to the
outliers of the batch Hessian at every batch size b. It is the extension point of
`fit_batch_scaling`; a law that predicts its parameters from a measurement, instead
of fitting them, is a noise model too.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincinv

from eigenscape.theory import FreeMeixner, r_transform


@dataclass(frozen=True)
class Parameter:
    """One noise parameter on the unbounded scale it is fitted on.

    Attributes:
        name: What it is.
        start: Where a fit starts.
        lower: Lower bound.
        upper: Upper bound.
        prior_mean: Centre of the Gaussian penalty.
        prior_deviation: Its standard deviation; infinite for no penalty.
    """

    name: str
    start: float
    lower: float
    upper: float
    prior_mean: float = 0.0
    prior_deviation: float = np.inf


class NoiseModel(ABC):
    """Map spikes and noise parameters to outliers of the batch Hessian.

    Attributes:
        name: What the model is called.
        amplitude_power: The amplitude is in eigenvalue units to this power.
        spread_power: κ in the scatter of an outlier over draws, λ^κ to leading order;
            None where the model does not say.
    """

    name: str
    amplitude_power: int
    spread_power: float | None = None

    @abstractmethod
    def parameters(
        self, spikes: Float[np.ndarray, " k"], shift: float
    ) -> tuple[Parameter, ...]:
        """Describe the noise parameters.

        Args:
            spikes: First guess of the spikes, descending.
            shift: First guess of the outward shift of the first outlier where s = 1.

        Returns:
            The parameters; the first is the logarithm of the noise amplitude.
        """

    @abstractmethod
    def locations(
        self,
        spikes: Float[np.ndarray, " k"],
        noise: Float[np.ndarray, " q"],
        scale: float,
    ) -> Float[np.ndarray, " k"]:
        """Place the outliers of the batch Hessian.

        Args:
            spikes: Population spikes θ, positive, descending.
            noise: The noise parameters, on the scale of `parameters`.
            scale: The noise scale s(b), 1 at b = 1.

        Returns:
            One location a spike; below the threshold it is the bulk edge, where
            a spike that is absorbed leaves the largest eigenvalue.
        """


@dataclass(frozen=True)
class AdditiveNoise(NoiseModel):
    """H_b = A + s(b) X with X free from A.

    A spike goes to ω⁻¹(θ) = θ + s R_X(s G_ν(θ)), with G_ν(θ) = 1/θ + β/θ² for a bulk
    ν of A that is small against its spikes. X is centred; its law is the free
    Meixner law of variance α, which contains the semicircle (Wigner noise), the
    centred Marchenko–Pastur law (Wishart noise) and the Kesten–McKay law (random
    regular graphs), so that the third and fourth free cumulants of the noise are
    fitted rather than assumed. With a semicircle it is the published form
    θ + α s² (1/θ + β/θ²).

    The noise parameters are log α; β/θ_k with a penalty of deviation ¼; the Meixner
    parameter a with deviation 1; and log(1 + 2b) with deviation 1, which centres all
    three on the semicircle. The deviations were chosen to span the three laws
    above.

    References:
        Baskerville et al. (2022), arXiv 2205.08601, the outlier formula and its
        parametric form; Bożejko and Bryc (2006), the free Meixner laws.
    """

    name: str = "additive"
    amplitude_power: int = 2
    spread_power: float | None = 0.0

    def parameters(
        self, spikes: Float[np.ndarray, " k"], shift: float
    ) -> tuple[Parameter, ...]:
        """See `NoiseModel.parameters`.

        Args:
            spikes: First guess of the spikes, descending.
            shift: First guess of the shift of the first outlier where s = 1.

        Returns:
            log α, β/θ_k, a, log(1 + 2b).
        """
        start = float(np.log(shift * spikes[0]))
        return (
            Parameter("log_variance", start, -60.0, 60.0, start, 10.0),
            Parameter("bulk_mean", 0.0, -0.9, 3.0, 0.0, 0.25),
            Parameter("meixner_a", 0.0, -3.0, 3.0, 0.0, 1.0),
            Parameter("log_meixner_b", 0.0, -2.3, 3.0, 0.0, 1.0),
        )

    def locations(
        self,
        spikes: Float[np.ndarray, " k"],
        noise: Float[np.ndarray, " q"],
        scale: float,
    ) -> Float[np.ndarray, " k"]:
        """See `NoiseModel.locations`.

        Args:
            spikes: Population spikes θ, positive, descending.
            noise: The noise parameters.
            scale: The noise scale s(b).

        Returns:
            One location a spike.
        """
        deviation = scale * np.exp(noise[0] / 2)
        beta = noise[1] * spikes[-1]
        a, b = float(noise[2]), float(np.expm1(noise[3]) / 2)
        # edge of R: z(w) = R(w) + 1/w of the unit law is stationary at w_edge
        root = np.sqrt(1 + b)
        slope = 2 * root**2 - 1 + a * root
        seen = spikes
        if slope > 0:
            w_edge = root / slope / deviation
            least = (1 + np.sqrt(max(1 + 4 * beta * w_edge, 0.01))) / (2 * w_edge)
            seen = np.maximum(spikes, least)
        g = 1 / seen + beta / seen**2
        unit = FreeMeixner(variance=1.0, a=a, b=b)
        return seen + deviation * r_transform(unit, deviation * g)


@dataclass(frozen=True)
class MultiplicativeNoise(NoiseModel):
    """H_b = A^½ W A^½ with W = (1/M) Z Zᵀ, Z Gaussian, M = m / s(b)² columns.

    The spikes' own block is a k-dimensional Wishart matrix of M degrees of freedom,
    whose mean eigenvalues ℓ are computed at finite M; the bulk of A, of trace T and
    typical eigenvalue σ², moves each of them to ℓ + (T/M) ℓ/(ℓ − σ²). At leading
    order every outlier is shifted by Tr A/M, whatever its size.

    The noise parameters are log(T/m); log(σ²/θ_k) and log m with wide penalties.

    References:
        The spiked covariance model: Baik, Ben Arous and Péché (2005), Ann. Probab.
        33; Paul (2007), Statistica Sinica 17. As a competitor of the additive
        model it is ours.
    """

    name: str = "multiplicative"
    amplitude_power: int = 1
    spread_power: float | None = 1.0
    draws: int = 16

    def parameters(
        self, spikes: Float[np.ndarray, " k"], shift: float
    ) -> tuple[Parameter, ...]:
        """See `NoiseModel.parameters`.

        Args:
            spikes: First guess of the spikes, descending.
            shift: First guess of the shift of the first outlier where s = 1.

        Returns:
            log(T/m), log(σ²/θ_k), log m.
        """
        del spikes
        start = float(np.log(shift))
        return (
            Parameter("log_shift", start, start - 20, start + 20, start, 5.0),
            Parameter("log_bulk", -3.0, -12.0, -0.1, -3.0, 2.0),
            Parameter("log_degrees", 1.0, -3.0, 14.0, 1.0, 2.0),
        )

    def locations(
        self,
        spikes: Float[np.ndarray, " k"],
        noise: Float[np.ndarray, " q"],
        scale: float,
    ) -> Float[np.ndarray, " k"]:
        """See `NoiseModel.locations`.

        Args:
            spikes: Population spikes θ, positive, descending.
            noise: The noise parameters.
            scale: The noise scale s(b).

        Returns:
            One location a spike.
        """
        variance = scale**2
        shift = float(np.exp(noise[0])) * variance
        bulk = float(np.exp(noise[1])) * float(spikes[-1])
        own = self._spike_block(spikes, float(np.exp(noise[2])) / variance)
        seen = np.maximum(own, bulk + np.sqrt(bulk * shift))
        return seen + shift * seen / (seen - bulk)

    def _spike_block(
        self, spikes: Float[np.ndarray, " k"], degrees: float
    ) -> Float[np.ndarray, " k"]:
        """Average the eigenvalues of Θ^½ W Θ^½ over fixed Bartlett factors.

        The normals and uniforms are constants of the model, drawn once, so that the
        mean is a smooth function of spikes and degrees; antithetic pairs and the
        exact trace E tr = ∑θ take out most of the sampling error.

        Args:
            spikes: Population spikes, descending.
            degrees: The degrees of freedom M.

        Returns:
            Mean eigenvalues, descending.
        """
        k = spikes.size
        normals, uniforms = _bartlett_constants(k, self.draws)
        dof = np.maximum(degrees - np.arange(k), 0.5)
        factor = normals.copy()
        factor[:, range(k), range(k)] = np.sqrt(2 * gammaincinv(dof / 2, uniforms))
        factor *= np.sqrt(spikes / degrees)[:, None]
        values = np.linalg.eigvalsh(factor @ factor.transpose(0, 2, 1))
        mean = values[:, ::-1].mean(0)
        return mean * (spikes.sum() / mean.sum())


@functools.cache
def _bartlett_constants(
    k: int, draws: int
) -> tuple[Float[np.ndarray, "d k k"], Float[np.ndarray, "d k"]]:
    rng = np.random.default_rng(0)
    normals = np.tril(rng.standard_normal((draws, k, k)), -1)
    uniforms = rng.random((draws, k))
    return (
        np.concatenate([normals, -normals]),
        np.concatenate([uniforms, 1 - uniforms]),
    )
