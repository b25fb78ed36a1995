"""Spacings of unfolded levels, and how their distribution compares with a law."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.goodness import (
    Distribution,
    KolmogorovTest,
    kolmogorov_test,
)
from eigenscape.spectra.local.unfolded import UnfoldedLevels

_REACH_PER_ORDER = 25


def spacings(
    levels: UnfoldedLevels, order: int = 1
) -> tuple[Float[np.ndarray, " _"], ...]:
    """Compute the spacings sⱼ = xⱼ₊ₖ − xⱼ of k-th neighbours; their mean is k.

    Args:
        levels: The levels.
        order: k, at least 1.

    Returns:
        The spacings of each spectrum, in the order of the levels; all n − k of them,
        so that those of order two and more overlap.

    Raises:
        ValueError: The order is below 1, or no spectrum has more than k levels.
    """
    if order < 1:
        message = f"order: expected at least 1, got {order}"
        raise ValueError(message)
    if max(row.size for row in levels.spectra) <= order:
        message = f"order: expected fewer than the levels of a spectrum, got {order}"
        raise ValueError(message)
    return tuple(row[order:] - row[:-order] for row in levels.spectra)


def spacing_test(
    levels: UnfoldedLevels,
    distribution: Distribution,
    order: int = 1,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> KolmogorovTest:
    """Test whether the spacings follow a distribution.

    Args:
        levels: The levels; their bulk, where the reference is a law of the bulk.
        distribution: The distribution function of the k-th spacing. The exact law, not
            the surmise, for more than about 10⁴ levels: they differ by 0.005.
        order: k, at least 1.
        rng: The source of the calibration.
        draws: Its number of draws.

    Returns:
        The distance with its p-value, correlations of the spacings allowed for.
    """
    runs = spacings(levels, order)
    reach = _REACH_PER_ORDER * order
    return kolmogorov_test(runs, distribution, rng=rng, draws=draws, reach=reach)
