"""Gradient descent at many points: on the loss down to a level, on |∇L|² to the end.

Both are plain gradient descent, as published; the rates were not stated there. Here
each point has its own, half as large after a step that would ascend and a tenth larger
after one that did not: both functions decrease at every point and every step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Points,
    Values,
)

_GROWTH, _CUT = 1.1, 0.5


def descend_to_level(
    problem: LeastSquaresProblem,
    points: Points,
    levels: Values,
    *,
    steps: int,
    rate: float = 0.1,
) -> Points:
    """Descend on the loss until each point is at or below its level.

    Args:
        problem: The problem.
        points: One row a point.
        levels: A loss for each.
        steps: The most steps; a point that has not arrived stays where it is then.
        rate: The first learning rate.

    Returns:
        The points reached.

    References:
        Pennington and Bahri (2017), ICML (PMLR 70), Sec. 6.4, the first stage.
    """
    return _descend(problem.loss_and_gradient, points, levels, steps=steps, rate=rate)


def descend_on_gradient(
    problem: LeastSquaresProblem,
    points: Points,
    *,
    tolerance: float,
    steps: int,
    rate: float = 0.1,
) -> Points:
    """Descend on |∇L|², whose gradient 2H∇L vanishes at critical points and traps.

    Args:
        problem: The problem.
        points: One row a point.
        tolerance: The |∇L|² to stop at.
        steps: The most steps.
        rate: The first learning rate.

    Returns:
        The points reached.

    References:
        Pennington and Bahri (2017), ICML (PMLR 70), Sec. 6.4, the second stage.
    """

    def square(points: Points) -> tuple[Values, Points]:
        gradient = problem.loss_and_gradient(points)[1]
        slope = 2 * problem.hessian_product(points, gradient)
        return gradient.square().sum(dim=1), slope

    levels = points.new_full((len(points),), tolerance)
    return _descend(square, points, levels, steps=steps, rate=rate)


def _descend(
    function: Callable[[Points], tuple[Values, Points]],
    points: Points,
    levels: Values,
    *,
    steps: int,
    rate: float,
) -> Points:
    points = points.clone()
    values, slopes = function(points)
    rates = torch.full_like(values, rate)
    for _ in range(steps):
        going = (values > levels).nonzero()[:, 0]
        if len(going) == 0:
            break
        moved = points[going] - rates[going, None] * slopes[going]
        value, slope = function(moved)
        lower = value <= values[going]
        rates[going] *= torch.where(lower, _GROWTH, _CUT)
        kept = going[lower]
        points[kept], values[kept], slopes[kept] = (
            moved[lower],
            value[lower],
            slope[lower],
        )
    return points
