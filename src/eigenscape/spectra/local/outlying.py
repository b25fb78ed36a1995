"""Eigenvalues that stand apart from the bulk, by the gap before them."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

_APART: Final = 20.0
"""Gap in units of the mean of the next n = 40, of 20 in short runs. Of Poisson levels
(1 + 20/n)⁻ⁿ are as wide, 9·10⁻⁸ and 10⁻⁶; edges of Gaussian ensembles stay below 8."""
_NEXT = 40
_SHARE = 0.1


def strip_outlying(
    run: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " m"], int]:
    """Cut off what lies beyond a wide gap in the outer tenth at either end.

    Args:
        run: Ascending distinct eigenvalues without a hole.

    Returns:
        The rest, and how many were cut off.
    """
    if run.size < _NEXT:
        return run, 0
    following = _NEXT if run.size >= 2 * _NEXT else _NEXT // 2
    above = _beyond(np.diff(run)[::-1], following)
    below = _beyond(np.diff(run), following)
    return run[below : run.size - above], above + below


def _beyond(gaps: Float[np.ndarray, " n"], following: int) -> int:
    # how many levels lie outside the innermost wide gap, counted from the first gap on
    outer = max(int(_SHARE * gaps.size), 1)
    windows = np.lib.stride_tricks.sliding_window_view(gaps[1:], following)[:outer]
    usual = windows.mean(axis=1)
    wide = np.flatnonzero(gaps[: usual.size] > _APART * usual)
    return int(wide[-1]) + 1 if wide.size else 0
