"""All critical points of a function on the circle, as roots of a polynomial."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError

Vector: TypeAlias = Float[np.ndarray, " n"]

_ON_CIRCLE = 1e-6
_STEPS = 8
_FLAT = 1e-7


def circle_critical_points(
    value: Callable[[float], float], degree: int
) -> tuple[Vector, Vector]:
    """Find the critical points of a trigonometric polynomial.

    Args:
        value: The function of the angle.
        degree: Its degree d; it is read off 2d + 1 values.

    Returns:
        The angles, ascending, and the second derivatives there.

    Raises:
        ConvergenceError: Minima and maxima do not alternate: a root is missing or
            nearly double.
    """
    count = 2 * degree + 1
    angles = 2 * math.pi * np.arange(count) / count
    modes = np.fft.fft([value(a) for a in angles.tolist()]) / count
    orders = np.arange(-degree, degree + 1)
    slope = 1j * orders * np.roll(modes, degree)
    roots = np.roots(slope[::-1])
    found = np.angle(roots[np.abs(np.abs(roots) - 1) < _ON_CIRCLE])

    def derivative(order: int, at: Vector) -> Vector:
        terms = slope * (1j * orders) ** (order - 1)
        return np.real(np.exp(1j * np.multiply.outer(at, orders)) @ terms)

    for _ in range(_STEPS):
        found -= derivative(1, found) / derivative(2, found)
    found = np.sort(found % (2 * math.pi))
    second = derivative(2, found)
    flat = _FLAT * float(np.abs(orders**2 * modes[orders]).sum())
    if (np.abs(second) <= flat).any() or (second * np.roll(second, 1) >= 0).any():
        what = "the search for critical points on the circle"
        raise ConvergenceError(
            what,
            iterations=_STEPS,
            residual=float(np.abs(second).min(initial=0.0)),
            remedy="two points may nearly meet; draw another instance",
        )
    return found, second
