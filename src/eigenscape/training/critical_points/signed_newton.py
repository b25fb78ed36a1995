"""Saddles by Newton's method on ∇L, every step shortened with its directions kept.

With H = ∑ λᵢvᵢvᵢᵀ the step is p = −∑ vᵢ vᵢᵀ∇L / (λᵢ ± ν), with the sign of λᵢ: it
ascends along negative eigenvalues and descends along the others, and ν ≥ 0 bounds its
length. No function has to fall, so that traps, where |∇L|² is stationary and ∇L is not
zero, do not hold it. What ends a search short is a fold: an eigenvalue that changes its
sign on the way, where the step turns round.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Matrices,
    Points,
    Values,
)

_FIRST, _LONGEST = 0.5, 4.0  # of a step
_ROUGH, _FINE = 0.9, 0.35  # of the error of the linear model
_GROWN, _CUT = 2.0, 1 / 3  # of the longest step
_LEAST, _HALVINGS = 1e-15, 40  # of ν


def seek_saddles(
    problem: LeastSquaresProblem, points: Points, *, tolerance: float, steps: int
) -> tuple[Points, Int[torch.Tensor, " s"]]:
    """Look for critical points of about as many negative eigenvalues as the start has.

    A step is judged by Newton's next one: the error of the linear model of ∇L, divided
    by the same λᵢ ± ν, beside the step. All constants were tuned on networks of 128
    parameters, 8 units.

    Args:
        problem: The problem.
        points: One row a point.
        tolerance: The |∇L|² to stop at.
        steps: The most steps, each an eigendecomposition where the last one was taken.

    Returns:
        The points reached, and the steps that each took.

    References:
        Deuflhard (2004), Newton Methods for Nonlinear Problems, Chapter 3, for the
        error measured in Newton's steps; Cerjan and Miller (1981), On finding
        transition states, Journal of Chemical Physics 75, for the signs.
    """
    points = points.clone()
    gradients = problem.loss_and_gradient(points)[1]
    squares = gradients.square().sum(dim=1)
    longest = torch.full_like(squares, _FIRST)
    taken = torch.zeros(len(points), dtype=torch.int64)
    values = torch.empty_like(points)
    vectors = points.new_empty(len(points), problem.size, problem.size)
    moved = torch.ones(len(points), dtype=torch.bool)
    for _ in range(steps):
        going = (squares > tolerance).nonzero()[:, 0]
        if len(going) == 0:
            break
        for i in going[moved[going]].tolist():
            hessian = problem.hessian(points[i : i + 1])[0]
            values[i], vectors[i] = torch.linalg.eigh(hessian)
        spectrum = values[going], vectors[going]
        step, gradient, error = _step(
            problem, points[going], gradients[going], spectrum, longest[going]
        )
        sound = error < _ROUGH
        kept = going[sound]
        points[kept] += step[sound]
        gradients[kept] = gradient[sound]
        squares[kept] = gradient[sound].square().sum(dim=1)
        moved[going] = sound
        wider = (_GROWN * longest[going]).clamp(max=_LONGEST)
        wider = torch.where(error < _FINE, wider, longest[going])
        longest[going] = torch.where(sound, wider, _CUT * step.norm(dim=1))
        taken[going] += 1
    return points, taken


def _step(
    problem: LeastSquaresProblem,
    points: Points,
    gradients: Points,
    spectrum: tuple[Points, Matrices],
    longest: Values,
) -> tuple[Points, Points, Values]:
    values, vectors = spectrum
    parts = _product(vectors.mT, gradients)
    shifted = values.abs() + _shifts(parts, values, longest)[:, None]
    shifted = torch.where(values < 0, -shifted, shifted)
    along = -parts / shifted
    step = _product(vectors, along)
    gradient = problem.loss_and_gradient(points + step)[1]
    missed = _product(vectors.mT, gradient) - parts - values * along
    return step, gradient, (missed / shifted).norm(dim=1) / along.norm(dim=1)


def _shifts(parts: Points, values: Points, longest: Values) -> Values:
    """Bisect for the least ν whose step is no longer than allowed."""

    def too_long(shifts: Values) -> Bool[torch.Tensor, " s"]:
        return (parts / (values.abs() + shifts[:, None])).norm(dim=1) > longest

    low = torch.full_like(longest, _LEAST)
    high = parts.norm(dim=1) / longest + _LEAST
    bounded = too_long(low)
    for _ in range(_HALVINGS):
        middle = (low * high).sqrt()
        over = too_long(middle)
        low, high = torch.where(over, middle, low), torch.where(over, high, middle)
    return torch.where(bounded, high, _LEAST)


def _product(matrices: Matrices, vectors: Points) -> Points:
    return (matrices @ vectors[:, :, None])[:, :, 0]
