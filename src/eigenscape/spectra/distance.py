"""How far a measured spectrum is from a law."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.measure import SpectralMeasure, measure_median
from eigenscape.theory import Law, cdf

_GRID = 1024


def cumulative(
    measure: SpectralMeasure, x: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Evaluate the cumulative distribution of a measure, probes pooled.

    Args:
        measure: The measure.
        x: Where, in eigenvalue units.

    Returns:
        The mass at or below each x.
    """
    nodes, weights = _pooled(measure)
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return sums[np.searchsorted(nodes, x, side="right")]


def wasserstein(measure: SpectralMeasure, law: Law) -> float:
    """Compute the distance W₁ = ∫ |F_measure − F_law| dx.

    The empirical distribution is constant between nodes and the law's is integrated
    by the trapezium rule on the nodes and a grid of 1024 points over both supports.

    Args:
        measure: The measure.
        law: The law.

    Returns:
        The distance, in eigenvalue units.
    """
    nodes, _ = _pooled(measure)
    ends = [e for i in law.support for e in (i.lower, i.upper)]
    ends += [a.location for a in law.atoms]
    lower, upper = min([nodes[0], *ends]), max([nodes[-1], *ends])
    x = np.union1d(np.linspace(lower, upper, _GRID), nodes)
    # the measure's F on [xᵢ, xᵢ₊₁) is its value at xᵢ; the law's is continuous there
    step = cumulative(measure, x[:-1])
    smooth = cdf(law, x)
    left, right = np.abs(smooth[:-1] - step), np.abs(smooth[1:] - step)
    return float(np.sum((left + right) / 2 * np.diff(x)))


def kolmogorov(measure: SpectralMeasure, law: Law) -> float:
    """Compute the distance sup |F_measure − F_law|, over both sides of each node.

    Args:
        measure: The measure.
        law: The law.

    Returns:
        The distance, between 0 and 1.
    """
    nodes, weights = _pooled(measure)
    after = np.cumsum(weights)
    theory = cdf(law, nodes)
    gaps = np.abs(np.stack([after - theory, after - weights - theory]))
    return float(gaps.max())


def mean_absolute_deviation(measure: SpectralMeasure) -> float:
    """Compute ∫ |λ − median|: the W₁ distance to the best single atom.

    Args:
        measure: The measure.

    Returns:
        The deviation, in eigenvalue units.
    """
    centre = measure_median(measure)
    rows = (measure.weights * np.abs(measure.nodes - centre)).sum(1)
    return float(rows.mean())


def _pooled(
    measure: SpectralMeasure,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    order = np.argsort(measure.nodes, axis=None)
    weights = measure.weights.ravel()[order] / measure.probes
    carried = weights > 0
    return measure.nodes.ravel()[order][carried], weights[carried]
