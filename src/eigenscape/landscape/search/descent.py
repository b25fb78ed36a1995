"""Critical points that gradient flow and Newton's method find on the sphere."""

from __future__ import annotations

import contextlib
import math
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.landscape.search.sampled_glass import SampledGlass
from eigenscape.landscape.search.sphere_points import CriticalPoints, described

Vector: TypeAlias = Float[np.ndarray, " n"]

_SHRINK, _GROW = 0.5, 1.2
_SUFFICIENT = 1e-4
_LONGEST = 0.3
_SMALLEST = 1e-14
_CLOSER = (1e-4, 1e-5, 1e-6)


def descend(
    field: SampledGlass, start: Vector, *, steps: int, tolerance: float = 1e-3
) -> Vector:
    """Follow the gradient downhill on the sphere, in steps that suffice (Armijo).

    Args:
        field: The instance.
        start: Where to begin; it is normalised.
        steps: The most gradients taken.
        tolerance: Of |∇f|/N to stop at. Default tuned so that Newton's method
            converges from there on glasses of N = 50.

    Returns:
        The last point, a unit vector.
    """
    point = start / np.linalg.norm(start)
    value, length = field.value(point), 1 / field.dimension
    for _ in range(steps):
        gradient = field.gradient(point)
        gradient -= (gradient @ point) * point
        square = float(gradient @ gradient)
        if math.sqrt(square) <= tolerance * field.dimension:
            break
        while length > _SMALLEST:
            trial = point - length * gradient
            trial /= np.linalg.norm(trial)
            lower = field.value(trial)
            if lower <= value - _SUFFICIENT * length * square:
                point, value, length = trial, lower, length * _GROW
                break
            length *= _SHRINK
    return point


def newton_point(
    field: SampledGlass, start: Vector, *, steps: int = 60, tolerance: float = 1e-9
) -> Vector:
    """Polish a point into a critical one of any index, by Newton's method.

    Args:
        field: The instance.
        start: Where to begin; it is normalised.
        steps: The most Hessians inverted.
        tolerance: Of |∇f|/N; a coupling of single precision needs 1e-6.

    Returns:
        The critical point.

    Raises:
        ConvergenceError: The gradient is not small enough after all steps.
    """
    point = start / np.linalg.norm(start)
    residual = math.inf
    for _ in range(steps):
        gradient, hessian = field.riemannian(point)
        residual = float(np.linalg.norm(gradient)) / field.dimension
        if residual <= tolerance:
            return point
        unit = np.abs(np.diag(hessian)).max()
        step = np.linalg.solve(hessian + unit * np.outer(point, point), gradient)
        length = float(np.linalg.norm(step))
        point -= step * min(1.0, _LONGEST / length)
        point /= np.linalg.norm(point)
    what = f"Newton's method at N = {field.dimension}"
    raise ConvergenceError(
        what,
        iterations=steps,
        residual=residual,
        remedy="begin from another point, or descend further",
    )


def search_critical_points(
    field: SampledGlass,
    starts: int,
    *,
    rng: np.random.Generator,
    flow_steps: int = 2000,
    tolerance: float = 1e-9,
) -> CriticalPoints:
    """Find the points where descent from random starts ends.

    Args:
        field: The instance.
        starts: How many, uniform on the sphere.
        rng: Source of randomness.
        flow_steps: The most gradients a start; 0 for Newton's method alone, which
            finds saddles of high index.
        tolerance: Of |∇f|/N at the end.

    Returns:
        One critical point a start.
    """
    found: list[np.ndarray] = []
    for _ in range(starts):
        point = rng.standard_normal(field.dimension)
        found.append(_found(field, point, flow_steps, tolerance))
    return described(field, np.array(found))


def _found(
    field: SampledGlass, point: Vector, flow_steps: int, tolerance: float
) -> Vector:
    # Where Newton's method does not converge, or goes up, descent goes on.
    for closer in _CLOSER if flow_steps else ():
        point = descend(field, point, steps=flow_steps, tolerance=closer)
        with contextlib.suppress(ConvergenceError):
            end = newton_point(field, point, tolerance=tolerance)
            if field.value(end) <= field.value(point):
                return end
    return newton_point(field, point, tolerance=tolerance)
