"""MeasuredSchedule: learning rates held to what the curvature allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import starmap
from typing import Any, Literal, final, get_args

import torch
from torch.optim.lr_scheduler import LRScheduler

from eigenscape.optim.curvature_monitor import Edge, Probe
from eigenscape.optim.sharpness_schedule import (
    FRACTION,
    SharpnessSchedule,
    write_rates,
)

Mode = Literal["ceiling", "follow"]

INTERVAL = 50
"""Steps between measurements. With 26,506 parameters and batches of 128, one took the
time of 20 steps, and of 8 by forward passes."""


@final
class MeasuredSchedule(SharpnessSchedule):
    """Sets learning rates by 2/λ′, with λ′ measured again every few steps.

    As a "ceiling" the rate is min(scheduled rate, fraction · edge). To "follow" it is
    fraction · edge times what the scheduler has made of its first rate. Call ``step``
    after ``optimizer.step()``.

    A torch scheduler is handed over and stepped by this one, each time from the rates
    it set itself, so that neither compounds the other's changes.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        probe: Probe,
        *,
        interval: int = INTERVAL,
        fraction: float = FRACTION,
        mode: Mode = "ceiling",
        edge: Edge | None = None,
        scheduler: LRScheduler | None = None,
    ) -> None:
        """Measure, and set the first rates.

        Args:
            optimizer: Any optimiser; each group keeps its own rate.
            probe: Measures λ′ in the metric of the optimiser: of the curvature for SGD,
                of the preconditioned curvature for Adam.
            interval: Steps between two measurements.
            fraction: Share of the edge allowed.
            mode: "ceiling" or "follow".
            edge: The largest stable rate of a parameter group at a sharpness; if None
                that of the probe, such as of `MeanSquareCurvature`, or else
                `stable_rate`, of a batch held fixed. Give `single_step_rate` for
                `UpdateSharpness` along the update itself.
            scheduler: A torch scheduler over the same optimiser, not to be stepped by
                anyone else; constant rates if None. One that needs a metric cannot be
                handed over: step it yourself, before this one.

        Raises:
            ValueError: The fraction is not positive, or the mode not known.
        """
        super().__init__(
            optimizer,
            probe,
            interval=interval,
            fraction=fraction,
            edge=edge,
            scheduler=scheduler,
        )
        if mode not in get_args(Mode):
            message = f"mode: expected one of {get_args(Mode)}, got {mode!r}"
            raise ValueError(message)
        self._mode = mode
        self._scheduled = self._rates()
        self._first = [float(g.get("initial_lr", g["lr"])) for g in self._groups]
        self._steps = 0
        self._apply()

    def step(self) -> None:
        """Advance the scheduler, measure if it is due, and set the rates."""
        for i, (rate, written) in enumerate(
            zip(self._rates(), self._written, strict=True)
        ):
            if rate != written:  # set by someone else
                self._scheduled[i] = rate
        if self._scheduler is not None:
            write_rates(self._optimizer, self._scheduled)
            self._scheduler.step()
            self._scheduled = self._rates()
        self._steps += 1
        self._apply()

    def get_last_lr(self) -> list[float]:
        """List the rates set last.

        Returns:
            One rate a parameter group.
        """
        return list(self._written)

    def state_dict(self) -> dict[str, Any]:
        """Say everything that the future depends on, the optimiser's own state aside.

        Returns:
            Tensors and plain values.
        """
        inner = None if self._scheduler is None else self._scheduler.state_dict()
        return {
            "steps": self._steps,
            "scheduled": list(self._scheduled),
            "first": list(self._first),
            "written": list(self._written),
            "monitor": self._monitor.state_dict(),
            "scheduler": inner,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the optimiser's own is loaded by itself, in any order.

        Args:
            state: What ``state_dict`` returned.
        """
        self._steps = state["steps"]
        self._scheduled = list(state["scheduled"])
        self._first = list(state["first"])
        self._written = list(state["written"])
        self._monitor.load_state_dict(state["monitor"])
        if self._scheduler is not None:
            self._scheduler.load_state_dict(state["scheduler"])
        write_rates(self._optimizer, self._written)

    @property
    def _groups(self) -> list[dict[str, Any]]:
        return self._optimizer.param_groups

    def _rates(self) -> list[float]:
        return [float(group["lr"]) for group in self._groups]

    def _apply(self) -> None:
        self._monitor.update(self._steps)
        parts = zip(self._groups, self._scheduled, self._first, strict=True)
        write_rates(self._optimizer, list(starmap(self._rate, parts)))
        self._written = self._rates()

    def _rate(self, group: Mapping[str, Any], scheduled: float, first: float) -> float:
        most = self._most(group)
        if self._mode == "ceiling":
            return min(scheduled, most)
        return most * scheduled / first if math.isfinite(most) else scheduled
