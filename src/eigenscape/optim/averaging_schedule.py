"""Learning rates that stay large where iterates are averaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

FLAT, DECAYED = 0.5, 0.9
"""Shares of the way at which the rate begins to fall, and has fallen."""


@final
@dataclass(frozen=True)
class LinearFall:
    """Factor 1 for half of the way, then linear to `final` at nine tenths, then flat.

    Attributes:
        length: Units of the way.
        final: The last factor.
        frozen: Unit from which the factor stays as it is there; none if None.
    """

    length: int
    final: float
    frozen: int | None = None

    def __call__(self, unit: int) -> float:
        """Give the factor of the learning rate.

        Args:
            unit: Units passed.

        Returns:
            The factor.
        """
        reached = unit if self.frozen is None else min(unit, self.frozen)
        passed = (reached / self.length - FLAT) / (DECAYED - FLAT)
        return 1 - (1 - self.final) * min(max(passed, 0.0), 1.0)


def averaging_schedule(
    optimizer: Optimizer, *, start: int, ratio: float = 0.5
) -> LambdaLR:
    """Fall to the rate of averaging before it starts, and keep it.

    With t = units/start the rate is the initial one up to t = 1/2, falls linearly to
    `ratio` of it at t = 9/10, and stays.

    Args:
        optimizer: Its rates are scheduled, group by group.
        start: Units (calls of `step`) before averaging starts, as in `IterateAverage`.
        ratio: The rate of averaging over the initial one. Default from the settings for
            CIFAR-100 in the public code of Granziol, Wan et al. (2020), arXiv
            2003.01247: 0.05 of 0.1, 5e-4 of 1e-3.

    Returns:
        The scheduler; call its `step` once a unit.
    """
    _require("start", start, start > 0, "a positive number of units")
    _require("ratio", ratio, ratio > 0, "a positive number")
    return _scheduler(optimizer, LinearFall(start, ratio))


def annealing_schedule(
    optimizer: Optimizer, *, length: int, final: float = 0.01, start: int | None = None
) -> LambdaLR:
    """Fall as training without averaging does, and stop falling where averaging starts.

    With t = units/length the rate is the initial one up to t = 1/2, falls linearly to
    `final` of it at t = 9/10, and stays; from `start` on it keeps what it is there.

    Args:
        optimizer: Its rates are scheduled, group by group.
        length: Units of the whole training.
        final: The last rate over the initial one. Default from the public code of
            Granziol, Wan et al. (2020), arXiv 2003.01247.
        start: Units before averaging starts ("linear annealing" there); None for the
            plain schedule without averaging.

    Returns:
        The scheduler; call its `step` once a unit.
    """
    _require("length", length, length > 0, "a positive number of units")
    _require("final", final, final > 0, "a positive number")
    if start is not None:
        _require("start", start, start >= 0, "a number of units")
    return _scheduler(optimizer, LinearFall(length, final, start))


def _scheduler(optimizer: Optimizer, factor: LinearFall) -> LambdaLR:
    factors: list[Callable[[int], float]] = [factor] * len(optimizer.param_groups)
    return LambdaLR(optimizer, factors)


def _require(name: str, value: int | float, fine: bool, expected: str) -> None:
    if not fine:
        message = f"{name}: expected {expected}, got {value}"
        raise ValueError(message)
