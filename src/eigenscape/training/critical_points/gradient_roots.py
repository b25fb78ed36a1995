"""Zeros of the gradient by a second-order method: Levenberg and Marquardt's on ∇L.

A step p = −(H² + μ)⁻¹ H∇L descends on |∇L|², and tends to Newton's as μ → 0. It is bent
by half the acceleration a = −(H² + μ)⁻¹ H ∂²∇L(p, p), which follows curved valleys
further, and refused where that is longer than the step, or |∇L|² would grow. Unlike
Newton's step on L it does not care for the signs of eigenvalues: saddles attract it.
"""

from __future__ import annotations

import torch
from jaxtyping import Int

from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Matrices,
    Points,
)

_LONGEST = 0.75  # 2|a|/|p|, of Transtrum and Sethna (2012)
_FIRST, _LEAST = 1e-3, 1e-24
_EASED, _RAISED = 0.2, 3.0  # of μ; tuned on networks of 128 parameters, 8 units
_PROBE = 0.1  # of a step, for its second derivative


def solve_gradient(
    problem: LeastSquaresProblem, points: Points, *, tolerance: float, steps: int
) -> tuple[Points, Int[torch.Tensor, " s"]]:
    """Look for zeros of the gradient.

    A step takes two thirds of P³ multiplications and four gradients, whatever the
    number of examples.

    Args:
        problem: The problem.
        points: One row a point.
        tolerance: The |∇L|² to stop at.
        steps: The most steps.

    Returns:
        The points reached, and the steps that each took.

    References:
        Levenberg (1944) and Marquardt (1963); Transtrum and Sethna (2012),
        Improvements to the Levenberg–Marquardt algorithm for nonlinear least-squares
        minimization, arXiv 1201.5885, for the acceleration.
    """
    points = points.clone()
    gradients = problem.loss_and_gradient(points)[1]
    squares = gradients.square().sum(dim=1)
    damping = torch.full_like(squares, _FIRST)
    taken = torch.zeros(len(points), dtype=torch.int64)
    for _ in range(steps):
        going = (squares > tolerance).nonzero()[:, 0]
        if len(going) == 0:
            break
        step, sound = _step(problem, points[going], gradients[going], damping[going])
        moved = points[going] + step
        gradient = problem.loss_and_gradient(moved)[1]
        square = gradient.square().sum(dim=1)
        better = sound & (square < squares[going])
        kept = going[better]
        points[kept], gradients[kept] = moved[better], gradient[better]
        squares[kept] = square[better]
        damping[going] *= torch.where(better, _EASED, _RAISED)
        damping.clamp_(min=_LEAST)
        taken[going] += 1
    return points, taken


def _step(
    problem: LeastSquaresProblem,
    points: Points,
    gradients: Points,
    damping: torch.Tensor,
) -> tuple[Points, torch.Tensor]:
    hessians = problem.hessian(points)
    normal = hessians @ hessians
    normal.diagonal(dim1=1, dim2=2).add_(damping[:, None])
    root, failed = torch.linalg.cholesky_ex(normal)

    def solved(vectors: Points) -> Points:
        right = _product(hessians, vectors)[:, :, None]
        return -torch.cholesky_solve(right, root)[:, :, 0]

    step = solved(gradients)
    probe = problem.loss_and_gradient(points + _PROBE * step)[1]
    bend = 2 / _PROBE * ((probe - gradients) / _PROBE - _product(hessians, step))
    turn = solved(bend)
    length = step.norm(dim=1)
    sound = (failed == 0) & (2 * turn.norm(dim=1) <= _LONGEST * length)
    return torch.where(sound[:, None], step + turn / 2, 0.0), sound


def _product(matrices: Matrices, vectors: Points) -> Points:
    return (matrices @ vectors[:, :, None])[:, :, 0]
