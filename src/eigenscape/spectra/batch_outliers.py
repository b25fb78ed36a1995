"""BatchOutliers: sweeps over batch sizes along training, and their fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.spectra.batch_sweep import BatchSweep
from eigenscape.spectra.outlier_fit import OutlierFit, fit_outliers


@dataclass(frozen=True)
class FittedSweep:
    """A sweep and the published form fitted to it.

    Attributes:
        sweep: The sweep.
        fit: The fit; None where there is none.
        note: What the fit says of υ, or why there is none.
    """

    sweep: BatchSweep
    fit: OutlierFit | None
    note: str


@dataclass(frozen=True)
class BatchOutliers:
    """Outliers against batch size of a network along training.

    Attributes:
        model: What the network is.
        parameters: Its number P of parameters.
        data: What the data are; where they stand in for others, it says so.
        train_accuracy: Share of training examples classified rightly at the end.
        test_accuracy: Share of test examples classified rightly at the end.
        losses: Mean training loss of each epoch.
        sweeps: One for each checkpoint, data and matrix, with its fit.
        forecast_seconds: What the sweeps were forecast to take at most.
        seconds: What they took, in the session that ended them.
    """

    model: str
    parameters: int
    data: str
    train_accuracy: float
    test_accuracy: float
    losses: tuple[float, ...]
    sweeps: tuple[FittedSweep, ...]
    forecast_seconds: float
    seconds: float

    def pick(self, matrix: str, data: str) -> tuple[FittedSweep, ...]:
        """Pick the sweeps of a matrix.

        Args:
            matrix: Such as "hessian".
            data: Such as "train".

        Returns:
            One a checkpoint, in the order of training.
        """
        chosen = (s for s in self.sweeps if s.sweep.matrix == matrix)
        return tuple(s for s in chosen if s.sweep.data == data)


def fit_sweep(sweep: BatchSweep, *, finite_population: bool = True) -> FittedSweep:
    """Fit the published form to a sweep, or say why it cannot be fitted.

    Args:
        sweep: The sweep.
        finite_population: Whether to account for drawing without replacement.

    Returns:
        The sweep with its fit.
    """
    sizes = tuple(sweep.batch_sizes.tolist())
    population = sweep.population if finite_population else None
    try:
        fit = fit_outliers(sizes, sweep.values, population=population)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        return FittedSweep(sweep, None, f"no fit ({error})")
    return FittedSweep(sweep, fit, fit.note)
