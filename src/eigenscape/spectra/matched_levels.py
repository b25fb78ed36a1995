"""Levels of the Gaussian ensemble at the density of given spectra: a control.

Spectra of networks thin out over many decades, which changes spacings from one to the
next by density alone. Levels that repel as those of the Gaussian orthogonal ensemble,
laid out at the same mean density, say what that does to a statistic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from eigenscape.theory import Semicircle, cdf
from eigenscape.theory.ensembles import GOE

SMOOTHED = 8
"""Mean spacings over which the density is taken as constant: the count of twelve
spectra there is known to some per cent, and changes within are left out."""

_FEWEST = 2


def matched_levels(
    spectra: Sequence[Float[np.ndarray, " _"]], *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " n"], ...]:
    """Draw as many spectra of the Gaussian orthogonal ensemble, at the same density.

    Eigenvalues of a matrix are unfolded by the semicircle and laid out by the mean
    staircase of the spectra, linear over eight spacings. Their edges are those of the
    ensemble.

    Args:
        spectra: The spectra, of at least two levels in the mean.
        rng: Source of randomness.

    Returns:
        The levels, as many in each spectrum as in the mean of those given.

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
    law = Semicircle(1.0)
    return tuple(
        np.interp(cdf(law, GOE().sample_eigenvalues(size, rng=rng)), heights, levels)
        for _ in spectra
    )
