"""Unfolding by a curve through every fortieth step of a spectrum's own staircase."""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy
from jaxtyping import Int

from eigenscape.spectra.local.eigenvalues import (
    Spectra,
    require_distinct,
    sorted_spectra,
)
from eigenscape.spectra.local.unfolded import UnfoldedLevels
from eigenscape.spectra.local.unfolding import judge

FEWEST_LEVELS: Final = 60
_LEVELS_PER_KNOT = 40
_FEWEST_SPANS = 8
_MOST_SPANS = 60
_LOST_PER_SPACING = 0.4
"""Poisson levels, pinned at every T-th, lose the power below 0.4/T, as measured."""


def unfold_staircase(spectra: Spectra) -> UnfoldedLevels:
    """Unfold each spectrum by a monotone cubic through knots of its own staircase.

    Knots are levels, forty apart on average, more for long spectra and fewer near the
    ends, where densities fall steeply: their ranks are those of Chebyshev points. The
    staircase is exact at the knots, so fluctuations slower than 0.4 cycles a
    knot distance are lost; what lies beyond the second knot from an end is left out.
    No density in common is asked of the spectra.

    Args:
        spectra: One spectrum or several, of 60 levels or more each.

    Returns:
        The levels. Too few eigenvalues, repeated ones, or a density too rough for the
        knots raise a ValueError.
    """
    rows = sorted_spectra(spectra, least=FEWEST_LEVELS)
    require_distinct(rows)
    knots = [_knots(row.size) for row in rows]
    levels = tuple(
        scipy.interpolate.PchipInterpolator(row[at], at.astype(float))(
            row[at[1] : at[-2] + 1]
        )
        for row, at in zip(rows, knots, strict=True)
    )
    apart = float(np.mean([(at.size - 1) / at[-1] for at in knots]))
    return judge(levels, None, "own staircase", lost=_LOST_PER_SPACING * apart)


def _knots(size: int) -> Int[np.ndarray, " k"]:
    spans = min(max(size // _LEVELS_PER_KNOT, _FEWEST_SPANS), _MOST_SPANS)
    places = (1 - np.cos(np.pi * np.arange(spans + 1) / spans)) / 2
    return np.unique(np.rint((size - 1) * places).astype(int))
