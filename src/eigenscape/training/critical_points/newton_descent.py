"""Minima by Newton's method on the loss, with a shift that keeps it a descent."""

from __future__ import annotations

import torch
from jaxtyping import Int

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Points,
)

_FIRST, _LEAST = 0.1, 1e-14
_EASED, _RAISED, _REFUSED = 0.25, 2.0, 4.0  # of the shift, in trust-region proportions
_GOOD, _POOR, _LOWEST = 0.75, 0.25, 1e-2  # gain over the gain predicted
_ROUNDING = 1e-12  # of a loss, relative
_NEAR = 1e-12  # of |∇L|², below which the gain is lost in rounding


def minimise_loss(
    problem: LeastSquaresProblem, points: Points, *, tolerance: float, steps: int
) -> tuple[Points, Int[torch.Tensor, " s"]]:
    """Look for minima of the loss by steps p = −(H + ν)⁻¹∇L with H + ν > 0.

    The gain of a step is the mean of both slopes along it, which does not cancel as a
    difference of losses does.

    Args:
        problem: The problem.
        points: One row a point.
        tolerance: The |∇L|² to stop at.
        steps: The most steps.

    Returns:
        The points reached, and the steps that each took.

    References:
        Nocedal and Wright (2006), Numerical Optimization, Chapters 3 and 4.
    """
    points = points.clone()
    losses, gradients = problem.loss_and_gradient(points)
    squares = gradients.square().sum(dim=1)
    shifts = torch.full_like(squares, _FIRST)
    taken = torch.zeros(len(points), dtype=torch.int64)
    hessians = points.new_empty(len(points), problem.size, problem.size)
    moved = torch.ones(len(points), dtype=torch.bool)
    for _ in range(steps):
        going = (squares > tolerance).nonzero()[:, 0]
        if len(going) == 0:
            break
        if moved[going].any():  # a refused step leaves its Hessian
            fresh = going[moved[going]]
            hessians[fresh] = problem.hessian(points[fresh])
        slope, shifted = gradients[going], hessians[going]
        shifted.diagonal(dim1=1, dim2=2).add_(shifts[going, None])
        root, failed = torch.linalg.cholesky_ex(shifted)
        root[failed > 0] = torch.eye(problem.size, dtype=root.dtype)
        step = -torch.cholesky_solve(slope[:, :, None], root)[:, :, 0]
        loss, gradient = problem.loss_and_gradient(points[going] + step)
        square = gradient.square().sum(dim=1)
        # pᵀ(H + ν)p = −pᵀ∇L, so that the model gains half of pᵀ∇L − ν|p|².
        along = (slope * step).sum(dim=1)
        predicted = (along - shifts[going] * step.square().sum(dim=1)) / 2
        gain = ((slope + gradient) * step).sum(dim=1) / 2 / predicted
        near = (squares[going] < _NEAR) & (square < squares[going])
        # Slopes at both ends say nothing of a long step; the loss does.
        lower = loss <= losses[going] + _ROUNDING * losses[going].abs()
        better = (failed == 0) & (lower & (gain > _LOWEST) | near)
        kept = going[better]
        points[kept] += step[better]
        losses[kept], gradients[kept] = loss[better], gradient[better]
        squares[kept] = square[better]
        moved[going] = better
        factor = torch.where(gain < _POOR, _RAISED, 1.0)
        factor = torch.where((gain > _GOOD) | near, _EASED, factor)
        shifts[going] *= torch.where(better, factor, _REFUSED)
        shifts.clamp_(min=_LEAST)
        taken[going] += 1
    return points, taken
