"""The positive measure that agrees best with readings of its transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Complex, Float

from eigenscape.theory.deconvolution.errors import ReadingErrors
from eigenscape.theory.laws.discrete import Discrete

_GRID = 201
_REFINEMENTS = 4
_SPLIT = 8  # new points on each side of a kept one
_ROUNDING = 1e-14
_UNIT_MASS = 10.0  # weight of the total mass, against the largest entry


@dataclass(frozen=True)
class WhitenedReadings:
    """Readings in coordinates whose errors are independent, of variance 1.

    Attributes:
        points: ω.
        whitening: From real and imaginary parts of the values to the coordinates.
        target: The values in these coordinates, their mean errors taken off.
    """

    points: Complex[np.ndarray, " n"]
    whitening: Float[np.ndarray, "m m"]
    target: Float[np.ndarray, " m"]

    @classmethod
    def of(
        cls,
        points: Complex[np.ndarray, " n"],
        values: Complex[np.ndarray, " n"],
        errors: ReadingErrors,
    ) -> WhitenedReadings:
        """Whiten by the covariance, to which two lesser errors are added.

        The central limit theorem is the first order in the errors; its second order,
        variance over value, counts as an independent error of each reading, and so
        does rounding.

        Args:
            points: ω.
            values: g_A(ω) as read.
            errors: Their errors.

        Returns:
            The readings in the eigenvectors of the sum.
        """
        size = np.tile(np.abs(values), 2)
        lesser = np.diagonal(errors.covariance) / size + _ROUNDING * size
        variances, modes = np.linalg.eigh(errors.covariance + np.diag(lesser**2))
        # Rounding may leave a variance below its true bound.
        floor = float(np.min(lesser)) ** 2
        whitening = (modes / np.sqrt(np.maximum(variances, floor))).T
        target = whitening @ _parts(values - errors.mean)
        return cls(points, np.ascontiguousarray(whitening), target)

    def columns(self, places: Float[np.ndarray, " a"]) -> Float[np.ndarray, "m a"]:
        """Give the coordinates of unit masses.

        Args:
            places: Where the masses lie.

        Returns:
            One column a place.
        """
        return self.whitening @ _parts(1 / (self.points[:, None] - places))


def fit_measure(
    readings: WhitenedReadings,
    lower: float,
    upper: float,
    target: Float[np.ndarray, " m"],
) -> tuple[Discrete, float]:
    """Minimise ‖∑ pₐ column(tₐ) − target‖² over probability measures on an interval.

    Nonnegative least squares on a grid, then on grids refined round the atoms found:
    each is a convex problem, and the misfit never grows.

    Args:
        readings: The coordinates.
        lower: Left end of the interval.
        upper: Right end.
        target: What to fit, in these coordinates.

    Returns:
        The measure, which has finitely many atoms, and the misfit.
    """
    places, step = np.linspace(lower, upper, _GRID, retstep=True)
    step = float(step)
    weights = _nonnegative(readings.columns(places), target)
    for _ in range(_REFINEMENTS):
        kept = places[weights > 0]
        offsets = np.arange(-_SPLIT, _SPLIT + 1) * (step / _SPLIT)
        places = np.unique(np.clip(kept[:, None] + offsets, lower, upper))
        weights = _nonnegative(readings.columns(places), target)
        step /= _SPLIT
    return _merged(places, weights, 2 * step), float(
        np.sum((readings.columns(places) @ weights - target) ** 2)
    )


def _nonnegative(
    columns: Float[np.ndarray, "m a"], target: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " a"]:
    heavy = _UNIT_MASS * np.abs(columns).max()
    rows = np.vstack([columns, np.full(columns.shape[1], heavy)])
    weights, _ = scipy.optimize.nnls(
        rows, np.append(target, heavy), maxiter=30 * rows.shape[1]
    )
    return np.asarray(weights / weights.sum())


def _merged(
    places: Float[np.ndarray, " a"], weights: Float[np.ndarray, " a"], reach: float
) -> Discrete:
    places, weights = places[weights > 0], weights[weights > 0]
    group = np.append(0, np.cumsum(np.diff(places) > reach))
    masses = np.bincount(group, weights=weights)
    return Discrete(np.bincount(group, weights=weights * places) / masses, masses)


def _parts(values: Complex[np.ndarray, "*shape"]) -> Float[np.ndarray, "*double"]:
    return np.concatenate([np.real(values), np.imag(values)])
