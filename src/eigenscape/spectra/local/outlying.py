"""Eigenvalues that stand apart from the bulk, by the gap before them."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

_APART: Final = 20.0
"""Gap in units of the mean of the next 40. Among Poisson levels one gap in 10⁶ is as
wide, exp(−20 + 20²/80); edges of Gaussian ensembles stay below 8."""
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
    if run.size < 2 * _NEXT:
        return run, 0
    above = _beyond(np.diff(run)[::-1])
    below = _beyond(np.diff(run))
    return run[below : run.size - above], above + below


def _beyond(gaps: Float[np.ndarray, " n"]) -> int:
    # how many levels lie outside the innermost wide gap, counted from the first gap on
    outer = max(int(_SHARE * gaps.size), 1)
    windows = np.lib.stride_tricks.sliding_window_view(gaps[1:], _NEXT)[:outer]
    usual = windows.mean(axis=1)
    wide = np.flatnonzero(gaps[: usual.size] > _APART * usual)
    return int(wide[-1]) + 1 if wide.size else 0
