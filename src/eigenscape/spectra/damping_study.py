"""What a comparison of damped and undamped optimisers finds: runs, tuned and spread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate


@dataclass(frozen=True)
class DampedRun:
    """One training run.

    Attributes:
        task: The network and its data.
        optimiser: Which optimiser.
        damping: Initial damping δ; 0 for an optimiser that has none.
        rate: Learning rate at the start.
        seed: Number of the run among those of its settings.
        train_loss: Loss on the training data at the end; None if it diverged.
        train_error: Share of training data misclassified; 1 if it diverged.
        validation_error: The same, of data to choose settings by.
        test_error: The same, of data that nothing was chosen by.
        final_damping: Damping at the end.
    """

    task: str
    optimiser: str
    damping: float
    rate: float
    seed: int
    train_loss: float | None
    train_error: float
    validation_error: float
    test_error: float
    final_damping: float

    @property
    def gap(self) -> float:
        """Test error less training error."""
        return self.test_error - self.train_error


@dataclass(frozen=True)
class TunedOptimiser:
    """The settings of an optimiser that had the least mean validation error.

    Attributes:
        task: See `DampedRun`.
        optimiser: See `DampedRun`.
        damping: The initial damping chosen.
        rate: The learning rate chosen.
        budget: Settings tried.
        runs: The runs of the settings chosen, one a seed.
    """

    task: str
    optimiser: str
    damping: float
    rate: float
    budget: int
    runs: tuple[DampedRun, ...]

    @property
    def test_error(self) -> Estimate:
        """Mean over the seeds."""
        return _mean(run.test_error for run in self.runs)

    @property
    def validation_error(self) -> Estimate:
        """Mean over the seeds; low, for it was the least of several."""
        return _mean(run.validation_error for run in self.runs)

    @property
    def gap(self) -> Estimate:
        """Mean of test error less training error."""
        return _mean(run.gap for run in self.runs)


@dataclass(frozen=True)
class Sensitivity:
    """How the test error depends on the initial damping, the rate tuned at each.

    Attributes:
        task: See `DampedRun`.
        optimiser: See `DampedRun`.
        dampings: Initial dampings, ascending.
        errors: Mean test errors.
        standard_errors: Their standard errors over the seeds.
        final_dampings: Mean damping at the end.
    """

    task: str
    optimiser: str
    dampings: Float[np.ndarray, " d"]
    errors: Float[np.ndarray, " d"]
    standard_errors: Float[np.ndarray, " d"]
    final_dampings: Float[np.ndarray, " d"]

    @property
    def range(self) -> float:
        """Greatest less least mean test error over the dampings."""
        return float(np.ptp(self.errors))


@dataclass(frozen=True)
class DampingStudy:
    """Runs of several optimisers, each with as many settings as any other.

    Attributes:
        data: What the data are.
        runs: All runs.
    """

    data: str
    runs: tuple[DampedRun, ...]

    def __post_init__(self) -> None:
        budgets = {
            len(self._settings(task, optimiser))
            for task in self.tasks
            for optimiser in self.optimisers
        }
        if len(budgets) != 1 or 0 in budgets:
            message = (
                "runs: expected as many settings of each optimiser on each task, got "
                f"{sorted(budgets)}; tune all with the same budget"
            )
            raise ValueError(message)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in order."""
        return tuple(dict.fromkeys(run.task for run in self.runs))

    @property
    def optimisers(self) -> tuple[str, ...]:
        """The optimisers, in order."""
        return tuple(dict.fromkeys(run.optimiser for run in self.runs))

    def tuned(self, task: str, optimiser: str) -> TunedOptimiser:
        """Choose the settings of an optimiser by the mean validation error.

        Args:
            task: The task.
            optimiser: The optimiser.

        Returns:
            Its best settings and their runs.
        """
        settings = self._settings(task, optimiser)
        damping, rate = _best(settings)
        chosen = settings[damping, rate]
        return TunedOptimiser(
            task, optimiser, damping, rate, len(settings), tuple(chosen)
        )

    def sensitivity(self, task: str, optimiser: str) -> Sensitivity:
        """Tune the rate of an optimiser at each initial damping.

        Args:
            task: The task.
            optimiser: The optimiser.

        Returns:
            Its errors by initial damping.
        """
        settings = self._settings(task, optimiser)
        dampings = sorted({damping for damping, _ in settings})
        chosen: list[list[DampedRun]] = []
        for damping in dampings:
            own = {key: runs for key, runs in settings.items() if key[0] == damping}
            chosen.append(own[_best(own)])
        errors = [_mean(run.test_error for run in runs) for runs in chosen]
        return Sensitivity(
            task,
            optimiser,
            np.array(dampings),
            np.array([error.value for error in errors]),
            np.array([error.standard_error for error in errors]),
            np.array([np.mean([r.final_damping for r in runs]) for runs in chosen]),
        )

    def _settings(
        self, task: str, optimiser: str
    ) -> dict[tuple[float, float], list[DampedRun]]:
        settings: dict[tuple[float, float], list[DampedRun]] = {}
        for run in self.runs:
            if (run.task, run.optimiser) == (task, optimiser):
                settings.setdefault((run.damping, run.rate), []).append(run)
        return settings


def _best(settings: dict[tuple[float, float], list[DampedRun]]) -> tuple[float, float]:
    return min(
        settings,
        key=lambda key: float(np.mean([r.validation_error for r in settings[key]])),
    )


def _mean(values: Iterable[float]) -> Estimate:
    array = np.array(list(values))
    error = array.std(ddof=1) / math.sqrt(array.size) if array.size > 1 else 0.0
    return Estimate(float(array.mean()), float(error), array.size)
