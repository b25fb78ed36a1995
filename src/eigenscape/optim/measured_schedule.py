"""MeasuredSchedule: learning rates held to what the curvature allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import starmap
from typing import Any, Literal, final, get_args

import torch
from torch.optim.lr_scheduler import LRScheduler

from eigenscape.optim.curvature_monitor import CurvatureMonitor, MonitorCost, Probe

Mode = Literal["ceiling", "follow"]

Edge = Callable[[Mapping[str, Any], float], float]

INTERVAL = 50
"""Steps between measurements. With 26,506 parameters and batches of 128, one took the
time of 20 steps, and of 8 by forward passes."""

FRACTION = 0.9
"""Share of the edge of stability; the rest is the tolerance of a loose measurement."""


@final
class MeasuredSchedule:
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
            edge: The largest stable rate of a parameter group at a sharpness;
                `stable_rate` if None, `single_step_rate` for `UpdateSharpness` along
                the update itself.
            scheduler: A torch scheduler over the same optimiser, not to be stepped by
                anyone else; constant rates if None. One that needs a metric cannot be
                handed over: step it yourself, before this one.

        Raises:
            ValueError: The fraction is not positive, or the mode not known.
        """
        if not 0 < fraction < math.inf:
            message = f"fraction: expected a positive number, got {fraction}"
            raise ValueError(message)
        if mode not in get_args(Mode):
            message = f"mode: expected one of {get_args(Mode)}, got {mode!r}"
            raise ValueError(message)
        self._optimizer = optimizer
        self._monitor = CurvatureMonitor(probe, interval=interval)
        self._fraction, self._mode, self._scheduler = fraction, mode, scheduler
        self._edge = edge or stable_rate
        self._scheduled = self._rates()
        self._first = [float(g.get("initial_lr", g["lr"])) for g in self._groups]
        self._steps = 0
        self._apply()

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
        if self.sharpness is None:
            return scheduled
        most = self._fraction * self._edge(group, self.sharpness)
        if self._mode == "ceiling":
            return min(scheduled, most)
        return most * scheduled / first if math.isfinite(most) else scheduled


def stable_rate(group: Mapping[str, Any], sharpness: float) -> float:
    """Compute the largest stable rate of a parameter group's optimiser.

    On a quadratic held fixed it is 2(1 + ρ)/λ′ for heavy ball, 2(1 + ρ)/((1 + 2ρ) λ′)
    for Nesterov's momentum, and 2(1 + β₁)/((1 − β₁) λ′) for Adam and its kin in their
    own metric. Dampening d divides by 1 − d; the L2 penalty of SGD adds to λ′. Noise of
    batches can lower the rate of heavy ball to 2(1 − ρ)/λ′ (`mean_square_rate`).

    Args:
        group: A parameter group, of which momentum, dampening, nesterov, betas and
            weight_decay are read where they are.
        sharpness: λ′.

    Returns:
        The rate; infinite where nothing curves upwards.

    References:
        Cohen et al. (2021), Gradient descent on neural networks typically occurs at the
        edge of stability, ICLR, App. B, for momentum; (2022), arXiv 2207.14484, Sec. 2,
        for Adam.
    """
    if "betas" in group:
        beta = float(group["betas"][0])
        edge = 2 * (1 + beta) / (1 - beta)
    else:
        momentum = float(group.get("momentum", 0.0))
        edge = 2 * (1 + momentum)
        if group.get("nesterov", False):
            edge /= 1 + 2 * momentum
        elif momentum:
            edge /= 1 - float(group.get("dampening", 0.0))
        sharpness += float(group.get("weight_decay", 0.0))
    return edge / sharpness if sharpness > 0 else math.inf


def single_step_rate(group: Mapping[str, Any], sharpness: float) -> float:
    """Compute the largest rate at which one step does not raise the loss, 2/λ_c.

    Args:
        group: A parameter group, of no effect.
        sharpness: λ_c along the update that the optimiser makes, whatever it is.

    Returns:
        The rate; infinite where the loss does not rise.
    """
    del group
    return 2 / sharpness if sharpness > 0 else math.inf


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
