"""Roots of analytic equations, followed from far above the real axis down to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.core import ConvergenceError

Values = Complex[np.ndarray, " n"]

_STEPS = 12
_TOLERANCE = 1e-12


def halving_heights(top: float) -> Float[np.ndarray, " h"]:
    """List the heights 8t, 4t, 2t, …, about t/2000, and 0.

    Args:
        top: t, the size of what lies on the axis.

    Returns:
        The heights, descending.
    """
    return np.append(top * 0.5 ** np.arange(-3.0, 12.0), 0.0)


def follow_down(
    equation: Callable[[Values, float], tuple[Values, Values]],
    start: Values,
    heights: Float[np.ndarray, " h"],
    what: str,
) -> Values:
    """Solve f(u) = 0 at each height in turn, by Newton's method in Im u ≥ 0.

    Args:
        equation: f and f′ at u, for the height given.
        start: Where to begin at the first height.
        heights: Distances from the axis, descending; 0 may be the last.
        what: Names the unknown, for the error.

    Returns:
        The roots at the last height.

    Raises:
        ConvergenceError: The last Newton step, relative to the largest root, is above
            1e-10.
    """
    found, residual = start, np.inf
    for height in heights:
        for _ in range(_STEPS):
            value, slope = equation(found, float(height))
            step = value / slope
            # Not more than nine tenths of the way to the axis.
            sink = np.imag(step) / np.maximum(np.imag(found), np.finfo(float).tiny)
            found = np.asarray(
                found - step * np.minimum(1, 0.9 / np.maximum(sink, 0.9))
            )
            residual = float(np.abs(step).max() / np.abs(found).max())
            if residual < _TOLERANCE:
                break
    if not residual < 100 * _TOLERANCE:
        remedy = "keep further from the spectrum, or check the law of the noise"
        steps = _STEPS * heights.size
        raise ConvergenceError(what, iterations=steps, residual=residual, remedy=remedy)
    return found
