"""How many independent blocks lie over each other, from ratios and from counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.core.records import ConfidenceInterval, Estimate
from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, POISSON
from eigenscape.theory.local_laws.superposition import superposed_number_variance

_MOST: Final = 100.0
_LEVEL = 0.95


def blocks_from_ratios(ratio: Estimate) -> ConfidenceInterval:
    """Count blocks by the mean of balanced ratios of order one.

    The mean falls from 0.53 for one block to 0.39 for many; between whole numbers it
    is interpolated in 1/m. A count between one and two means two blocks of unequal
    density. A mean beyond either end gives one block or a hundred.

    Args:
        ratio: The mean ratio.

    Returns:
        m with its 95 % interval.
    """
    laws = (GOE, *BLOCKS)
    inverse = np.array([0.0, *(1 / law.blocks for law in reversed(laws))])
    means = np.array([POISSON.means[0], *(law.means[0] for law in reversed(laws))])
    reach = scipy.special.ndtri((1 + _LEVEL) / 2) * ratio.standard_error
    places = np.array([ratio.value, ratio.value + reach, ratio.value - reach])
    counts = 1 / np.maximum(np.interp(places, means, inverse), 1 / _MOST)
    value, lower, upper = counts.tolist()
    return ConfidenceInterval("blocks, by ratios", value, lower, upper, _LEVEL)


def blocks_from_counts(length: float, variance: Sequence[float]) -> ConfidenceInterval:
    """Count blocks by the number variance: solve m Σ²₁(L/m) = Σ².

    Args:
        length: L, in mean spacings.
        variance: Σ²(L) and the ends of its 95 % interval.

    Returns:
        m with its interval.
    """
    value, lower, upper = (_solve(length, value) for value in variance)
    return ConfidenceInterval("blocks, by Σ²", value, lower, upper, _LEVEL)


def _solve(length: float, variance: float) -> float:
    def excess(inverse: float) -> float:
        return float(_between(np.array([length]), 1 / inverse)[0]) - variance

    if excess(1.0) >= 0:
        return 1.0
    if excess(1 / _MOST) <= 0:
        return _MOST
    return 1 / float(scipy.optimize.brentq(excess, 1 / _MOST, 1.0))


def _between(length: Float[np.ndarray, " n"], blocks: float) -> Float[np.ndarray, " n"]:
    # m Σ²₁(L/m) between whole m, linear
    low = int(blocks)
    share = blocks - low
    above = superposed_number_variance(length, low + 1) if share else 0.0
    return (1 - share) * superposed_number_variance(length, low) + share * above
