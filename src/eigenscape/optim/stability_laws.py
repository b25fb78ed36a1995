"""Stability laws: which eigenvalue bounds the learning rate on batches of each size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.rate_scaling import effective_batch_size
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import BatchPrediction
from eigenscape.theory.mean_square_stability import mean_square_rate


class StabilityLaw(ABC):
    """The eigenvalue λ′ that bounds the rate on batches, against their size.

    Two questions are asked of batches: a `HeldBatchStability` is that of one batch held
    fixed, `MeanSquareStability` that of batches drawn anew at each step, as SGD does.

    Attributes:
        name: What the law is called.
    """

    name: str

    @abstractmethod
    def curvature(
        self, effective: Float[np.ndarray, " m"], momentum: float = 0.0
    ) -> Float[np.ndarray, " m"]:
        """Compute λ′, so that heavy ball is stable below 2(1 + ρ)/λ′.

        Args:
            effective: Effective batch sizes b, positive; infinite for no noise.
            momentum: ρ; only `MeanSquareStability` depends on it.

        Returns:
            One λ′ > 0 a size.
        """


class HeldBatchStability(StabilityLaw):
    """The largest eigenvalue of a batch, on which full-batch descent has the edge.

    The factor 1 + ρ in 2(1 + ρ)/λ′ takes the batch to be the same at every step; on
    batches that change, momentum can lower the rate instead.
    """

    @final
    def curvature(
        self, effective: Float[np.ndarray, " m"], momentum: float = 0.0
    ) -> Float[np.ndarray, " m"]:
        """See `StabilityLaw.curvature`.

        Args:
            effective: Effective batch sizes b.
            momentum: Of no effect.

        Returns:
            λ′.
        """
        del momentum
        return self._top(effective)

    @abstractmethod
    def _top(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Compute λ_max of batches of each size."""


@final
@dataclass(frozen=True)
class AdditiveStability(HeldBatchStability):
    """λ′ = λ + s²/(bλ) while λ > s/√b, else 2s/√b: free noise of variance s²/b.

    Its exponent is at most ½: this law never gives a rate linear in b.

    Attributes:
        top: λ, the largest eigenvalue on all the data.
        variance: s² = E‖(Hᵢ − H)z‖² over unit z, for single examples.
        name: What the law is called.

    References:
        Granziol, Zohren and Roberts (2022), Learning rates as a function of batch size,
        JMLR 23; the location is that of `theory.outlier_location` for a semicircle.
    """

    top: float
    variance: float
    name: str = "additive"

    def __post_init__(self) -> None:
        _require_positive(top=self.top)
        _require_not_negative(variance=self.variance)

    def _top(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        noise = np.sqrt(self.variance / effective)
        return np.where(self.top > noise, self.top + noise**2 / self.top, 2 * noise)


@final
@dataclass(frozen=True)
class MultiplicativeStability(HeldBatchStability):
    """A spike λ over P equal eigenvalues s₀², of examples of one weight.

    λ′ = λ(1 + (P/b) s₀²/(λ − s₀²)) while λ > s₀²(1 + √(P/b)), else the bulk's edge
    s₀²(1 + √(P/b))². Either falls as 1/b where P s₀² ≫ bλ.

    Attributes:
        top: λ, the largest eigenvalue on all the data.
        bulk: s₀², the mean of the others; 0 for a rest of trace T: give T/P.
        dimension: P.
        name: What the law is called.

    References:
        Baik and Silverstein (2006), Eigenvalues of large sample covariance matrices of
        spiked population models, Journal of Multivariate Analysis 97.
    """

    top: float
    bulk: float
    dimension: int
    name: str = "multiplicative"

    def __post_init__(self) -> None:
        _require_positive(top=self.top, dimension=self.dimension)
        _require_not_negative(bulk=self.bulk)

    def _top(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        ratio = self.dimension / effective
        threshold = self.bulk * (1 + np.sqrt(ratio))
        gap = np.maximum(self.top, threshold) - self.bulk
        with np.errstate(divide="ignore", invalid="ignore"):
            outlier = self.top * (1 + ratio * self.bulk / gap)
        edge = threshold * (1 + np.sqrt(ratio))
        return np.where(self.top > threshold, outlier, edge)


@final
@dataclass(frozen=True, eq=False)
class SampledStability(HeldBatchStability):
    """The mean of λ_max(b) over predicted batches, and at least λ of all the data.

    Attributes:
        sizes: Effective batch sizes, ascending, all finite.
        values: λ′ at each; in between it is linear in logarithms, and below the first
            its slope goes on.
        top: λ, for batches of all the data.
        name: What the law is called.
    """

    sizes: Float[np.ndarray, " m"]
    values: Float[np.ndarray, " m"]
    top: float
    name: str = "weighted sampling"

    @classmethod
    def of(
        cls,
        prediction: BatchPrediction,
        population: int | None,
        *,
        name: str = "weighted sampling",
    ) -> SampledStability:
        """Take λ′ from a prediction of batch outliers.

        Args:
            prediction: The prediction, at two batch sizes below n or more.
            population: n; None for independent examples.
            name: What to call the law.

        Returns:
            The law.
        """
        order = np.argsort(prediction.batch_sizes)
        sizes = effective_batch_size(
            prediction.batch_sizes[order].astype(np.float64), population
        )
        top = float(prediction.spikes[0])
        values = np.maximum(prediction.mean[order, 0], top)
        finite = np.isfinite(sizes)
        return cls(sizes[finite], values[finite], top, name)

    def _top(self, effective: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        logs, values = np.log(self.sizes), np.log(self.values)
        with np.errstate(invalid="ignore"):
            places = np.log(effective)
            inside = np.interp(places, logs, values)
            first = (values[1] - values[0]) / (logs[1] - logs[0])
            below = values[0] + first * (places - logs[0])
        found = np.exp(np.where(places < logs[0], below, inside))
        return np.where(np.isinf(effective), self.top, np.maximum(found, self.top))


@final
@dataclass(frozen=True, eq=False)
class MeanSquareStability(StabilityLaw):
    """λ′ = 2(1 + ρ)/η with η the edge of `mean_square_rate` on weighted examples.

    What SGD does on batches drawn anew at every step, in mean square; the other laws
    ask what a single batch does, and their factor 1 + ρ takes it to be held fixed.

    Attributes:
        population: The curvature on all the data and of every example.
        name: What the law is called.
    """

    population: PopulationCurvature
    name: str = "mean square"

    def curvature(
        self, effective: Float[np.ndarray, " m"], momentum: float = 0.0
    ) -> Float[np.ndarray, " m"]:
        """See `StabilityLaw.curvature`.

        Args:
            effective: Effective batch sizes b.
            momentum: ρ.

        Returns:
            λ′.
        """
        known = self.population
        n = known.examples
        spikes = known.spikes[known.spikes > 0]
        rates = [
            mean_square_rate(
                spikes,
                known.weights,
                b * max(n - 1, 1) / n,
                remainder=known.remainder,
                momentum=momentum,
            )
            for b in effective.tolist()
        ]
        return 2 * (1 + momentum) / np.array(rates)


def _require_positive(**given: float | int) -> None:
    for name, value in given.items():
        if not 0 < value < np.inf:
            message = f"{name}: expected a positive finite number, got {value}"
            raise ValueError(message)


def _require_not_negative(**given: float | int) -> None:
    for name, value in given.items():
        if not 0 <= value < np.inf:
            message = f"{name}: expected a finite number ≥ 0, got {value}"
            raise ValueError(message)
