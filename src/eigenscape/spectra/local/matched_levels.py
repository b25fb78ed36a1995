"""Levels of the Gaussian ensemble at the density of given spectra: a control.

Spectra of networks thin out over many decades, which changes spacings from one to the
next by density alone. Levels that repel as those of the Gaussian orthogonal ensemble,
laid out at the same mean density, say what that does to a statistic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory import Semicircle, cdf
from eigenscape.theory.ensembles import GOE, GUE

SMOOTHED = 8
"""Mean spacings over which the density is taken as constant: the count of twelve
spectra there is known to some per cent, and changes within are left out."""

_FEWEST = 2


def matched_levels(
    spectra: Sequence[Float[np.ndarray, " _"]],
    *,
    rng: np.random.Generator,
    draws: int | None = None,
    beta: int = 1,
    blocks: int = 1,
) -> tuple[Float[np.ndarray, " n"], ...]:
    """Draw spectra of the Gaussian ensembles, or of Poisson, at the same density.

    Eigenvalues of a matrix are unfolded by the semicircle and laid out by the mean
    staircase of the spectra, a monotone cubic over eight spacings (Fritsch, Carlson).
    Their edges are those of the ensemble.

    Args:
        spectra: The spectra, of at least two levels in the mean.
        rng: Source of randomness.
        draws: How many spectra; as many as are given if None.
        beta: 1 or 2, or 0 for independent levels.
        blocks: How many independent spectra lie over each other in each.

    Returns:
        The levels, as many in each spectrum as in the mean of those given, less a few
        that fall together at its ends.

    Raises:
        ValueError: There are too few levels.
    """
    pooled = np.sort(np.concatenate([np.empty(0), *spectra]))
    size = round(pooled.size / max(len(spectra), 1))
    if size < _FEWEST:
        message = f"spectra: expected two levels each or more, got {size} in the mean"
        raise ValueError(message)
    count = max(1, math.ceil(size / SMOOTHED))
    places = np.linspace(0, pooled.size - 1, count + 1).round().astype(int)
    heights, levels = places / (pooled.size - 1), pooled[places]
    staircase = scipy.interpolate.PchipInterpolator(heights, levels)
    each = max(size // blocks, 1)
    found: list[Float[np.ndarray, " n"]] = []
    for _ in range(len(spectra) if draws is None else draws):
        parts = [_shares(each, beta, rng) for _ in range(blocks)]
        found.append(staircase(np.unique(np.concatenate(parts))))
    return tuple(found)


def _shares(
    size: int, beta: int, rng: np.random.Generator
) -> Float[np.ndarray, " {size}"]:
    if beta == 0:
        return rng.random(size)
    ensemble = GOE() if beta == 1 else GUE()
    return cdf(Semicircle(1.0), ensemble.sample_eigenvalues(size, rng=rng))
