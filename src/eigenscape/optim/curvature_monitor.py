"""CurvatureMonitor: measures every few steps of training, and keeps what it had."""

from __future__ import annotations

import math
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from eigenscape.core import ConvergenceError

Edge = Callable[[Mapping[str, Any], float], float]
"""The largest stable rate of a parameter group at a sharpness."""


@dataclass(frozen=True)
class Measurement:
    """What a probe found.

    Attributes:
        values: The numbers, such as a sharpness.
        work: Products, or evaluations of the loss, that it took.
    """

    values: tuple[float, ...]
    work: int


class Probe(ABC):
    """Something to measure during training that leaves the training as it is."""

    @property
    def edge(self) -> Edge | None:
        """The edge of stability that it measures; None: of a batch held fixed."""
        return None

    @abstractmethod
    def measure(self) -> Measurement:
        """Measure at the present parameters.

        A ValueError or ConvergenceError raised here counts as a failed measurement.

        Returns:
            The measurement; numbers that are not finite make it a failed one.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Say what the next measurement depends on besides the parameters.

        Returns:
            Tensors and plain numbers.
        """

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a state.

        Args:
            state: What ``state_dict`` returned.
        """


@dataclass(frozen=True)
class MonitorCost:
    """What measuring has cost so far.

    Attributes:
        measurements: Measurements made, failed ones included.
        failures: Measurements that failed.
        work: Products, or evaluations of the loss.
        seconds: Wall time spent.
    """

    measurements: int
    failures: int
    work: int
    seconds: float


@final
class CurvatureMonitor:
    """Measures every ``interval`` steps; a failed measurement leaves the last good one.

    The first failure warns; all are counted.

    Attributes:
        values: The last good measurement; None before there is one.
        history: Step and first value of every good measurement.
    """

    def __init__(self, probe: Probe, *, interval: int) -> None:
        """Begin without a measurement.

        Args:
            probe: What measures.
            interval: Steps between two measurements.

        Raises:
            ValueError: The interval is less than 1.
        """
        if interval < 1:
            message = f"interval: expected at least 1 step, got {interval}"
            raise ValueError(message)
        self._probe = probe
        self._interval = interval
        self.values: tuple[float, ...] | None = None
        self.history: list[tuple[int, float]] = []
        self._measurements = self._failures = self._work = 0
        self._seconds = 0.0

    @property
    def cost(self) -> MonitorCost:
        """What measuring has cost so far."""
        return MonitorCost(
            self._measurements, self._failures, self._work, self._seconds
        )

    def update(self, step: int) -> bool:
        """Measure if a measurement is due.

        Args:
            step: Steps of training made.

        Returns:
            Whether there is a new good measurement.
        """
        if step % self._interval:
            return False
        began = time.perf_counter()
        values, reason = self._measured()
        self._seconds += time.perf_counter() - began
        self._measurements += 1
        if reason:
            self._fail(step, reason)
            return False
        self.values = values
        self.history.append((step, values[0]))
        return True

    def state_dict(self) -> dict[str, Any]:
        """Say everything that the future depends on.

        Returns:
            Tensors and plain numbers.
        """
        return {
            "probe": self._probe.state_dict(),
            "values": None if self.values is None else list(self.values),
            "history": [list(pair) for pair in self.history],
            "cost": [self._measurements, self._failures, self._work, self._seconds],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a state.

        Args:
            state: What ``state_dict`` returned.
        """
        self._probe.load_state_dict(state["probe"])
        values = state["values"]
        self.values = None if values is None else tuple(values)
        self.history = [(int(step), value) for step, value in state["history"]]
        self._measurements, self._failures, self._work, self._seconds = state["cost"]

    def _measured(self) -> tuple[tuple[float, ...], str]:
        """Measure, and say why it failed if it did."""
        try:
            found = self._probe.measure()
        except (ValueError, ConvergenceError) as error:
            return (), str(error)
        self._work += found.work
        if not all(math.isfinite(value) for value in found.values):
            return (), f"measured {', '.join(f'{v:g}' for v in found.values)}"
        return found.values, ""

    def _fail(self, step: int, reason: str) -> None:
        self._failures += 1
        if self._failures == 1:
            kept = "nothing" if self.values is None else f"{self.values[0]:.3g}"
            message = (
                f"the measurement at step {step} failed ({reason}); {kept} is kept, "
                "and further failures are only counted"
            )
            warnings.warn(message, RuntimeWarning, stacklevel=4)
