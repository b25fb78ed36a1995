"""HeavyBallLearner: rate and momentum learnt again every few steps of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch

from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.optim.curvature_monitor import (
    CurvatureMonitor,
    Measurement,
    MonitorCost,
    Probe,
)
from eigenscape.optim.heavy_ball import HEAVY, STEPS, Rule, learn_heavy_ball
from eigenscape.optim.sharpness_probes import Curvature, unchecked_hessian
from eigenscape.optim.sharpness_schedule import write_rates

EXAMPLES = 1024
"""Examples of the curvature batch; default of the public code of Granziol, Zohren and
Roberts (2022), whose runs took 32 and 128 too."""


@final
class HeavyBallRange(Probe):
    """Rate, momentum, L and μ by Lanczos on a fixed random batch."""

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        rule: Rule = "classical",
        examples: int = EXAMPLES,
        steps: int = STEPS,
        heavy: float = HEAVY,
        curvature: Curvature = unchecked_hessian,
        generator: torch.Generator,
    ) -> None:
        """Draw the curvature batch, which stays the same.

        Args:
            risk: The loss on the training data.
            rule: "classical", or "published".
            examples: Examples of the batch, at most all.
            steps: Lanczos steps.
            heavy: See `curvature_range`.
            curvature: The operator of a risk.
            generator: Source of the batch and of random vectors, on the processor; its
                state is part of the probe's. Give the same seed to go on from a state.
        """
        chosen = min(examples, risk.examples)
        self._risk = (
            risk if chosen == risk.examples else risk.subsample(chosen, generator)
        )
        self._rule: Rule = rule
        self._steps, self._heavy = steps, heavy
        self._curvature, self._generator = curvature, generator

    def measure(self) -> Measurement:
        """See Probe.

        Returns:
            η, ρ, L and μ, and the products.
        """
        found = learn_heavy_ball(
            self._curvature(self._risk),
            rule=self._rule,
            steps=self._steps,
            heavy=self._heavy,
            generator=self._generator,
        )
        values = (found.rate, found.momentum, found.largest, found.smallest)
        return Measurement(values, found.products)

    def state_dict(self) -> dict[str, Any]:
        """See Probe.

        Returns:
            The generator's state.
        """
        return {"generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Probe.

        Args:
            state: What ``state_dict`` returned.
        """
        self._generator.set_state(state["generator"])


@final
class HeavyBallLearner:
    """Sets rate and momentum of SGD to those learnt, again every few steps.

    Call ``step`` after ``optimizer.step()``. Whatever schedule there was is
    overwritten, as in the published runs.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, probe: HeavyBallRange, *, interval: int
    ) -> None:
        """Measure, and set the first rate and momentum.

        Args:
            optimizer: SGD, or another optimiser whose groups have a momentum.
            probe: What learns.
            interval: Steps between two measurements; of the published runs, those of 1
                or 20 epochs.

        Raises:
            ValueError: A parameter group has no momentum.
        """
        if any("momentum" not in group for group in optimizer.param_groups):
            message = (
                "optimizer: expected groups with a momentum, got "
                f"{type(optimizer).__name__}; use torch.optim.SGD"
            )
            raise ValueError(message)
        self._optimizer = optimizer
        self._monitor = CurvatureMonitor(probe, interval=interval)
        self._steps = 0
        self._apply()

    @property
    def history(self) -> tuple[tuple[int, float], ...]:
        """Step and rate of every good measurement."""
        return tuple(self._monitor.history)

    @property
    def cost(self) -> MonitorCost:
        """What measuring has cost so far."""
        return self._monitor.cost

    def step(self) -> None:
        """Measure if it is due, and set rate and momentum."""
        self._steps += 1
        self._apply()

    def state_dict(self) -> dict[str, Any]:
        """Say everything that the future depends on, the optimiser's own state aside.

        Returns:
            Tensors and plain values.
        """
        return {"steps": self._steps, "monitor": self._monitor.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; the optimiser's own is loaded by itself, in any order.

        Args:
            state: What ``state_dict`` returned.
        """
        self._steps = state["steps"]
        self._monitor.load_state_dict(state["monitor"])
        self._write()

    def _apply(self) -> None:
        self._monitor.update(self._steps)
        self._write()

    def _write(self) -> None:
        if self._monitor.values is None:
            return
        rate, momentum, *_ = self._monitor.values
        groups = self._optimizer.param_groups
        write_rates(self._optimizer, [rate] * len(groups))
        for group in groups:
            group["momentum"] = momentum
