"""The test of what a search ended at, by the exact Hessian at every point."""

from __future__ import annotations

import numpy as np
import torch

from eigenscape.landscape.searched_points import STATUSES, PointTest, SearchedPoints
from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
    Points,
)

_EPS = float(np.finfo(float).eps)


def judge_points(
    problem: LeastSquaresProblem,
    points: Points,
    *,
    test: PointTest,
    start_energies: torch.Tensor | None = None,
    steps: torch.Tensor | None = None,
) -> SearchedPoints:
    """Compute the exact Hessian at every point, and tell what the point is.

    Args:
        problem: The problem.
        points: One row a point.
        test: The thresholds.
        start_energies: Where the searches began; those of the points when None.
        steps: How many they took; 0 when None.

    Returns:
        The points with their energies, indices and statuses.
    """
    loss, gradient = problem.loss_and_gradient(points)
    rows = [
        _judged(problem, point, slope, test)
        for point, slope in zip(points, gradient, strict=True)
    ]
    found = np.array(rows).reshape(len(points), 6)
    energies = (loss / problem.outputs).numpy()
    begun = energies.copy() if start_energies is None else start_energies.numpy()
    taken = np.zeros(len(points), np.int64) if steps is None else steps.numpy()
    counts = found[:, [0, 1, 5]].astype(np.int64)
    return SearchedPoints(
        problem.ratio,
        test,
        begun,
        energies,
        gradient.square().sum(dim=1).numpy(),
        counts[:, 0],
        counts[:, 1],
        found[:, 2],
        found[:, 3],
        found[:, 4],
        counts[:, 2],
        taken,
        points.numpy().copy(),
    )


def _judged(
    problem: LeastSquaresProblem,
    point: torch.Tensor,
    gradient: torch.Tensor,
    test: PointTest,
) -> tuple[float | int, ...]:
    hessian = problem.hessian(point[None])[0]
    values, vectors = torch.linalg.eigh(hessian)
    norm = float(values.abs().max())
    resolution = len(point) * _EPS * norm
    parts = vectors.mT @ gradient
    resolved = values.abs() > resolution
    newton = torch.where(resolved, parts / torch.where(resolved, values, 1.0), 0.0)
    distance = float(newton.norm())
    slope, square = float(gradient.norm()), float(gradient.square().sum())
    flatness = float((values * parts).norm()) / (norm * slope) if norm * slope else 0.0
    if distance <= test.reach:
        moved = problem.hessian((point - vectors @ newton)[None])[0]
        resolution += float((moved - hessian).norm())
    if square <= test.tolerance:
        status = "critical" if distance <= test.reach else "escaping"
    else:
        status = "trap" if flatness <= test.flatness else "unfinished"
    negative = int((values < -resolution).sum())
    unresolved = int((values.abs() <= resolution).sum())
    place = STATUSES.index(status)
    return negative, unresolved, resolution, distance, flatness, place
