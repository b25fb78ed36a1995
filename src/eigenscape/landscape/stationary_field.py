"""A stationary Gaussian loss: covariances of its gradient and Hessian, and samples.

The loss L has mean zero and covariance k(u) of u = −|x − x′|²/2. Written as
k(u) = ∑ᵢ wᵢ exp(sᵢ u), which holds for every such k that is a covariance in all
dimensions, as a mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class StationaryKernel:
    """The covariance k(u) = ∑ᵢ wᵢ exp(sᵢ u), u = −|x − x′|²/2.

    Attributes:
        weights: The wᵢ, positive.
        rates: The sᵢ, inverse squared lengths, positive.
    """

    weights: Float[np.ndarray, " _"]
    rates: Float[np.ndarray, " _"]

    def __post_init__(self) -> None:
        if not self.weights.size or self.weights.shape != self.rates.shape:
            message = (
                "rates: expected one a weight, at least one, got "
                f"{self.rates.size} for {self.weights.size}"
            )
            raise ValueError(message)
        if not ((self.weights > 0).all() and (self.rates > 0).all()):
            message = (
                f"weights, rates: expected positive numbers, got {self.weights} and "
                f"{self.rates}"
            )
            raise ValueError(message)

    def derivative(
        self, u: Float[np.ndarray, "*shape"], order: int = 0
    ) -> Float[np.ndarray, "*shape"]:
        """Evaluate the derivative of k in u.

        Args:
            u: Minus half of squared distances.
            order: How many times to differentiate.

        Returns:
            ∑ᵢ wᵢ sᵢᵒʳᵈᵉʳ exp(sᵢ u).
        """
        terms = np.exp(np.multiply.outer(u, self.rates))
        return np.asarray(terms @ (self.weights * self.rates**order))

    def at_zero(self, order: int) -> float:
        """Evaluate a derivative at one point.

        Args:
            order: How many times to differentiate.

        Returns:
            The derivative at u = 0.
        """
        return float(self.weights @ self.rates**order)

    def gradient_covariance(
        self, displacement: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n n"]:
        """Evaluate Cov(∂ᵢL(x), ∂ⱼL(x′)) = k′(u) δᵢⱼ − k″(u) DᵢDⱼ, D = x − x′.

        Args:
            displacement: D.

        Returns:
            The covariance.
        """
        u = np.array(-(displacement @ displacement) / 2)
        first, second = self.derivative(u, 1), self.derivative(u, 2)
        outer = np.outer(displacement, displacement)
        return first * np.eye(displacement.size) - second * outer

    def gradient_correlations(
        self, distances: Float[np.ndarray, " m"]
    ) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """Evaluate the correlations of gradient components at two points.

        Args:
            distances: How far the points are apart.

        Returns:
            Of components along the displacement, (k′ − r²k″)/k′(0), and of those
            across it, k′/k′(0).
        """
        u = -(distances**2) / 2
        first, second = self.derivative(u, 1), self.derivative(u, 2)
        scale = self.at_zero(1)
        return (first - distances**2 * second) / scale, first / scale

    def hessian_covariance(
        self, first: tuple[int, int], second: tuple[int, int]
    ) -> float:
        """Evaluate Cov(∂ᵢⱼL, ∂ₖₗL) at one point.

        Args:
            first: i and j.
            second: k and l.

        Returns:
            k″(0) (δᵢⱼδₖₗ + δᵢₖδⱼₗ + δᵢₗδⱼₖ).
        """
        (i, j), (k, m) = first, second
        pairs = (i == j) * (k == m) + (i == k) * (j == m) + (i == m) * (j == k)
        return self.at_zero(2) * pairs


@dataclass(frozen=True, eq=False)
class SampledField:
    """Gradients and Hessians of one sampled loss.

    Attributes:
        gradients: One row a point.
        hessians: One matrix a point.
    """

    gradients: Float[np.ndarray, "p n"]
    hessians: Float[np.ndarray, "p n n"]


def sample_field(
    kernel: StationaryKernel,
    points: Float[np.ndarray, "p n"],
    *,
    waves: int = 2000,
    rng: np.random.Generator,
) -> SampledField:
    """Sample a loss by waves, L(x) = ∑ aⱼ cos(ωⱼ·x + φⱼ), and differentiate it.

    Frequencies of a component of rate s are normal of variance s. Covariances are
    those of the kernel for any number of waves; the law is Gaussian for many, with a
    fourth cumulant of 1/waves.

    Args:
        kernel: The covariance.
        points: Where to differentiate.
        waves: How many waves.
        rng: Source of frequencies and phases.

    Returns:
        Derivatives at the points.

    Raises:
        ValueError: There are no waves.

    References:
        Rahimi and Recht (2007), Random features for large-scale kernel machines,
        NeurIPS, Sec. 3.
    """
    if waves < 1:
        message = f"waves: expected at least 1, got {waves}"
        raise ValueError(message)
    total = kernel.at_zero(0)
    which = rng.choice(kernel.rates.size, waves, p=kernel.weights / total)
    frequencies = rng.standard_normal((waves, points.shape[1]))
    frequencies *= np.sqrt(kernel.rates[which])[:, None]
    phases = points @ frequencies.T + rng.uniform(0, 2 * np.pi, waves)
    amplitude = np.sqrt(2 * total / waves)
    hessians = np.stack([
        (frequencies * -np.cos(row)[:, None]).T @ frequencies for row in phases
    ])
    return SampledField(-amplitude * np.sin(phases) @ frequencies, amplitude * hessians)
