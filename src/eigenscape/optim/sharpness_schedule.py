"""SharpnessSchedule: what schedules that hold rates to a measured edge share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from eigenscape.optim.curvature_monitor import (
    CurvatureMonitor,
    Edge,
    MonitorCost,
    Probe,
)
from eigenscape.optim.stable_rates import stable_rate

FRACTION = 0.9
"""Share of the edge of stability; the rest is the tolerance of a loose measurement."""


class SharpnessSchedule(ABC):
    """Rates under a share of the edge of stability, which is measured again."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        probe: Probe,
        *,
        interval: int,
        fraction: float,
        edge: Edge | None,
        scheduler: LRScheduler | None,
    ) -> None:
        """Take in what all of them need.

        Args:
            optimizer: The optimiser.
            probe: What measures.
            interval: Steps between two measurements.
            fraction: Share of the edge allowed.
            edge: The largest stable rate of a parameter group at a sharpness; that of
                the probe if None, and `stable_rate` if it has none.
            scheduler: A torch scheduler over the same optimiser, if any.

        Raises:
            ValueError: The fraction is not positive.
        """
        if not 0 < fraction < math.inf:
            message = f"fraction: expected a positive number, got {fraction}"
            raise ValueError(message)
        self._optimizer = optimizer
        self._monitor = CurvatureMonitor(probe, interval=interval)
        self._fraction, self._scheduler = fraction, scheduler
        self._edge: Edge = edge or probe.edge or stable_rate

    @abstractmethod
    def step(self) -> None:
        """Go on by a step of training."""

    @property
    def sharpness(self) -> float | None:
        """The last λ′ measured well; None before there is one."""
        return None if self._monitor.values is None else self._monitor.values[0]

    @property
    def history(self) -> tuple[tuple[int, float], ...]:
        """Step and λ′ of every good measurement."""
        return tuple(self._monitor.history)

    @property
    def cost(self) -> MonitorCost:
        """What measuring has cost so far."""
        return self._monitor.cost

    def _most(self, group: Mapping[str, Any]) -> float:
        """The largest rate allowed to a parameter group."""
        if self.sharpness is None:
            return math.inf
        return self._fraction * self._edge(group, self.sharpness)


def write_rates(optimizer: torch.optim.Optimizer, rates: list[float]) -> None:
    """Set the learning rates of an optimiser, in place where they are tensors.

    Args:
        optimizer: The optimiser.
        rates: One rate a group.
    """
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
