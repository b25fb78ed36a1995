"""SharpnessWarmup: a ramp of the learning rate that waits where curvature says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch.optim.lr_scheduler import LRScheduler

from eigenscape.optim.curvature_monitor import Edge, Probe
from eigenscape.optim.sharpness_schedule import (
    FRACTION,
    SharpnessSchedule,
    write_rates,
)

INTERVAL = 10
"""Steps between measurements: fewer than later, as sharpness moves fast at first."""


@final
class SharpnessWarmup(SharpnessSchedule):
    """Ramps the rate linearly to its target, never beyond a share of the edge.

    Step t of T has the rate min(η t/T, fraction · edge). The edge is `stable_rate` by
    λ′ measured at the batch size of training, or that of the probe. After the ramp the
    rate goes on under the ceiling until two measurements in a row allow the target;
    then nothing is measured any more, and the rates are the scheduler's. Call ``step``
    after ``optimizer.step()``.

    References:
        Gilmer et al. (2022), A loss curvature perspective on training instability in
        deep learning, ICLR, arXiv 2110.04369, and Kalra and Barkeshli (2024), Why
        warmup the learning rate?, NeurIPS, arXiv 2406.09405: warm-up works by keeping
        the rate near the edge while it lowers the sharpness. This rule is ours.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        probe: Probe,
        *,
        steps: int,
        interval: int = INTERVAL,
        fraction: float = FRACTION,
        edge: Edge | None = None,
        scheduler: LRScheduler | None = None,
    ) -> None:
        """Measure, and set the first rates.

        Args:
            optimizer: The optimiser, its rates those of the target.
            probe: Measures λ′, such as `TopCurvature` with the batch size of training.
            steps: T, the least length of the ramp.
            interval: Steps between two measurements.
            fraction: Share of the edge allowed.
            edge: See `MeasuredSchedule`.
            scheduler: Takes over from the target after the warm-up, and is stepped by
                this one; constant rates if None.

        Raises:
            ValueError: The length or the fraction is not positive.
        """
        if steps < 1:
            message = f"steps: expected at least 1, got {steps}"
            raise ValueError(message)
        super().__init__(
            optimizer,
            probe,
            interval=interval,
            fraction=fraction,
            edge=edge,
            scheduler=scheduler,
        )
        self._length = steps
        self._targets = [float(group["lr"]) for group in optimizer.param_groups]
        self._steps = 0
        self._allowed = 0
        self._apply()

    @property
    def finished(self) -> bool:
        """Whether the target was reached and measuring has ended."""
        return self._allowed > 1 and self._steps >= self._length - 1

    def step(self) -> None:
        """Measure if it is due and set the rates; after the warm-up, step on."""
        if self.finished:
            if self._scheduler is not None:
                self._scheduler.step()
            return
        self._steps += 1
        self._apply()

    def state_dict(self) -> dict[str, Any]:
        """Say everything that the future depends on, the optimiser's own state aside.

        Returns:
            Tensors and plain values.
        """
        inner = None if self._scheduler is None else self._scheduler.state_dict()
        return {
            "steps": self._steps,
            "allowed": self._allowed,
            "targets": list(self._targets),
            "rates": [float(g["lr"]) for g in self._optimizer.param_groups],
            "monitor": self._monitor.state_dict(),
            "scheduler": inner,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the optimiser's own is loaded by itself, in any order.

        Args:
            state: What ``state_dict`` returned.
        """
        self._steps, self._allowed = state["steps"], state["allowed"]
        self._targets = list(state["targets"])
        self._monitor.load_state_dict(state["monitor"])
        if self._scheduler is not None:
            self._scheduler.load_state_dict(state["scheduler"])
        write_rates(self._optimizer, state["rates"])

    def _apply(self) -> None:
        fresh = self._monitor.update(self._steps)
        most = list(map(self._most, self._optimizer.param_groups))
        if fresh:
            enough = all(a >= b for a, b in zip(most, self._targets, strict=True))
            self._allowed = self._allowed + 1 if enough else 0
        share = min(1.0, (self._steps + 1) / self._length)
        ramp = [share * target for target in self._targets]
        rates = [min(pair) for pair in zip(ramp, most, strict=True)]
        write_rates(self._optimizer, self._targets if self.finished else rates)
