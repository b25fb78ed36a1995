"""The search for critical points: many starts, two stages, kept part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import torch

from eigenscape.core import load, save, stream_seed
from eigenscape.landscape.searched_points import PointTest, SearchedPoints, joined
from eigenscape.training.critical_points.gradient_roots import solve_gradient
from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
)
from eigenscape.training.critical_points.level_descent import (
    descend_on_gradient,
    descend_to_level,
)
from eigenscape.training.critical_points.newton_descent import minimise_loss
from eigenscape.training.critical_points.point_status import judge_points
from eigenscape.training.critical_points.signed_newton import seek_saddles

Method = Literal["second-order", "first-order", "saddle", "minimum"]

_MARGIN = 1e-4


@dataclass(frozen=True)
class PointSearch:
    """How to search.

    Attributes:
        starts: How many.
        method: "second-order" for Levenberg and Marquardt's on ∇L, "first-order" for
            the published descent on |∇L|², "saddle" for Newton's with the signs of the
            Hessian kept, "minimum" for Newton's descent on L.
        active: Least and most hidden units that are not silent, of a `HiddenLayer`;
            None for all. A number between them is drawn for each chunk, and what that
            narrower network ends at is a critical point of the whole one.
        levels: Ends of the levels, as shares of the initial loss; those of the paper
            are 0 and 1. A level is drawn between them for each start.
        descent_steps: The most steps of the first stage.
        steps: The most steps of the second.
        chunk: Starts searched together; matrices of so many are held at once.
        test: What makes a critical point.
    """

    starts: int
    method: Method = "second-order"
    active: tuple[int, int] | None = None
    levels: tuple[float, float] = (0.0, 1.0)
    descent_steps: int = 3000
    steps: int = 300
    chunk: int = 16
    test: PointTest = field(default_factory=PointTest)

    def __post_init__(self) -> None:
        for name in ("starts", "descent_steps", "steps", "chunk"):
            if getattr(self, name) < 1:
                message = f"{name}: expected at least 1, got {getattr(self, name)}"
                raise ValueError(message)
        if self.method not in get_args(Method):
            known = ", ".join(get_args(Method))
            message = f"method: expected one of {known}, got {self.method!r}"
            raise ValueError(message)
        if self.active and not 1 <= self.active[0] <= self.active[1]:
            message = f"active: expected 1 ≤ least ≤ most, got {self.active}"
            raise ValueError(message)
        if not 0 <= self.levels[0] <= self.levels[1]:
            message = f"levels: expected 0 ≤ lower ≤ upper, got {self.levels}"
            raise ValueError(message)


def find_critical_points(
    problem: LeastSquaresProblem,
    search: PointSearch,
    *,
    seed: int,
    directory: Path | None = None,
) -> SearchedPoints:
    """Search from random starts.

    Args:
        problem: The problem.
        search: How.
        seed: Master seed; every part has a stream of its own.
        directory: Keeps finished parts; a search with the same arguments goes on there.

    Returns:
        Every start and what it ended at; `SearchedPoints.found` selects.

    References:
        Pennington and Bahri (2017), ICML (PMLR 70), Sec. 6.4.
    """
    return joined(list(_parts(problem, search, seed, directory)))


def _parts(
    problem: LeastSquaresProblem,
    search: PointSearch,
    seed: int,
    directory: Path | None,
) -> Iterator[SearchedPoints]:
    for part, first in enumerate(range(0, search.starts, search.chunk)):
        place = None if directory is None else directory / f"part-{part:04}"
        if place is not None and (place / "manifest.json").exists():
            yield load(SearchedPoints, place)
            continue
        count = min(search.chunk, search.starts - first)
        own = torch.Generator().manual_seed(stream_seed(seed, "critical points", part))
        found = _searched(problem, search, count, own)
        if place is not None:
            save(found, place)
        yield found


def _searched(
    problem: LeastSquaresProblem,
    search: PointSearch,
    count: int,
    generator: torch.Generator,
) -> SearchedPoints:
    own = _narrowed(problem, search, generator) if search.active else problem
    points = own.starts(count, generator=generator)
    low, high = search.levels
    share = torch.rand(count, generator=generator, dtype=torch.float64)
    levels = own.loss_and_gradient(points)[0] * (low + (high - low) * share)
    points = descend_to_level(own, points, levels, steps=search.descent_steps)
    begun = own.energy(points)
    tolerance, steps = search.test.tolerance, search.steps
    if search.method == "first-order":
        points = descend_on_gradient(own, points, tolerance=tolerance, steps=steps)
        taken = torch.full((count,), steps)
    else:
        # Further than asked, so that flat directions have converged too.
        tolerance *= _MARGIN
        solvers = {"second-order": solve_gradient, "saddle": seek_saddles}
        solve = solvers.get(search.method, minimise_loss)
        points, taken = solve(own, points, tolerance=tolerance, steps=steps)
    if isinstance(problem, HiddenLayer) and search.active:
        points = problem.widened(points)
    return judge_points(
        problem, points, test=search.test, start_energies=begun, steps=taken
    )


def _narrowed(
    problem: LeastSquaresProblem, search: PointSearch, generator: torch.Generator
) -> HiddenLayer:
    least, most = search.active or (1, 1)
    if not isinstance(problem, HiddenLayer) or problem.width < most:
        message = (
            f"active: expected a HiddenLayer of at least {most} units, got a "
            f"{type(problem).__name__} of {problem.size} parameters; take None"
        )
        raise ValueError(message)
    units = torch.randint(least, most + 1, (1,), generator=generator)
    return problem.narrowed(int(units))
