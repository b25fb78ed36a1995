"""SpectralMeasure: nodes and weights, the noun that joins measurement and theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate


@dataclass(frozen=True)
class SpectralMeasure:
    """A spectral density as r quadrature rules, one a probe.

    Each row estimates φ(λ) = (1/P) ∑ᵢ δ(λ − λᵢ) by ∑ₖ wₖ δ(λ − xₖ); the rows are
    independent, so their spread gives standard errors.

    Attributes:
        nodes: Nodes, in eigenvalue units.
        weights: Non-negative weights; every row sums to one. A short row is padded
            with weight 0.
        dimension: The dimension P of the operator measured.
    """

    nodes: Float[np.ndarray, "r m"]
    weights: Float[np.ndarray, "r m"]
    dimension: int

    def __post_init__(self) -> None:
        if self.nodes.shape != self.weights.shape or self.nodes.size == 0:
            message = (
                "nodes, weights: expected equal shapes (r, m) with r, m ≥ 1, got "
                f"{self.nodes.shape} and {self.weights.shape}"
            )
            raise ValueError(message)
        if not (np.isfinite(self.nodes).all() and np.isfinite(self.weights).all()):
            message = "nodes, weights: expected finite numbers, got NaN or infinity"
            raise ValueError(message)
        # rounding of a sum of m weights, with room for an eigensolver's own errors
        slack = 100 * self.nodes.shape[1] * np.finfo(float).eps
        if self.weights.min() < -slack or np.abs(self.weights.sum(1) - 1).max() > slack:
            message = "weights: expected non-negative rows that sum to one"
            raise ValueError(message)
        if self.dimension < 1:
            message = f"dimension: expected at least 1, got {self.dimension}"
            raise ValueError(message)

    @property
    def probes(self) -> int:
        """The number r of independent rows.

        Returns:
            r.
        """
        return self.nodes.shape[0]


def measure_of_eigenvalues(
    eigenvalues: Float[np.ndarray, " n"],
) -> SpectralMeasure:
    """Turn all eigenvalues of a matrix into its exact spectral measure.

    Args:
        eigenvalues: The n eigenvalues, with multiplicity, in any order.

    Returns:
        One row of n nodes of weight 1/n.
    """
    nodes = np.sort(np.asarray(eigenvalues, dtype=float))[None, :]
    return SpectralMeasure(nodes, np.full_like(nodes, 1 / nodes.size), nodes.size)


def stack_measures(measures: Sequence[SpectralMeasure]) -> SpectralMeasure:
    """Join the probes of several measures of one operator.

    Args:
        measures: At least one measure, all of the same dimension.

    Returns:
        Their rows, short ones padded with weight 0.
    """
    length = max(m.nodes.shape[1] for m in measures)
    missing = [((0, 0), (0, length - m.nodes.shape[1])) for m in measures]
    padded = list(zip(measures, missing, strict=True))
    return SpectralMeasure(
        nodes=np.vstack([np.pad(m.nodes, pad, mode="edge") for m, pad in padded]),
        weights=np.vstack([np.pad(m.weights, pad) for m, pad in padded]),
        dimension=measures[0].dimension,
    )


def measure_moments(measure: SpectralMeasure, order: int) -> tuple[Estimate, ...]:
    """Estimate the moments mₖ = ∫ λᵏ φ(dλ), k = 1 … order.

    The estimate is the mean over probes and unbiased; its standard error is the
    spread over probes divided by √r (infinite knowledge is not claimed from one
    probe: with r = 1 the standard error is 0 and `samples` says 1).

    Args:
        measure: The measure.
        order: The highest moment.

    Returns:
        One estimate a moment.
    """
    r = measure.probes
    powers = [(measure.weights * measure.nodes**k).sum(1) for k in range(1, order + 1)]
    return tuple(
        Estimate(
            float(p.mean()), float(p.std(ddof=1) / np.sqrt(r)) if r > 1 else 0.0, r
        )
        for p in powers
    )


def measure_median(measure: SpectralMeasure) -> float:
    """Find the median of a measure, all probes pooled.

    Args:
        measure: The measure.

    Returns:
        The smallest node at which the cumulative weight reaches one half.
    """
    order = np.argsort(measure.nodes, axis=None)
    cumulative = np.cumsum(measure.weights.ravel()[order]) / measure.probes
    index = min(int(np.searchsorted(cumulative, 0.5)), order.size - 1)
    return float(measure.nodes.ravel()[order[index]])


def restrict(measure: SpectralMeasure, lower: float, upper: float) -> SpectralMeasure:
    """Keep the part of a measure on [lower, upper], renormalised to mass one.

    Args:
        measure: The measure.
        lower: Lower end, in eigenvalue units.
        upper: Upper end.

    Returns:
        The restricted measure; its dimension is the number of eigenvalues left.

    Raises:
        ValueError: A row has no mass there.
    """
    inside = (measure.nodes >= lower) & (measure.nodes <= upper)
    weights = np.where(inside, measure.weights, 0.0)
    mass = weights.sum(1, keepdims=True)
    if (mass <= 0).any():
        message = f"lower, upper: expected mass on [{lower:g}, {upper:g}], got none"
        raise ValueError(message)
    left = max(1, round(measure.dimension * float(mass.mean())))
    return SpectralMeasure(measure.nodes, weights / mass, left)
