"""How hard the last bit of loss is: best values against epochs, and laws for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import scipy
from jaxtyping import Float

Form = Literal["exponential", "power"]

EPOCHS: Final = np.array([
    14.0, 29, 44, 59, 80, 102, 129, 140, 152, 204, 210
])  # fmt: skip
"""Best epoch of eleven trainings of a ResNet-50 on ImageNet, with budgets of 15 to 300
epochs: stochastic gradient descent of rate 0.1 in steps, momentum 0.9, weight decay
10⁻⁴."""

BUDGETS: Final = np.array([15.0, 30, 45, 60, 90, 120, 150, 180, 210, 270, 300])
"""Their budgets of epochs."""

BEST_LOSSES: Final = np.array([
    1.351, 1.122, 1.052, 1.010, 0.9675, 0.9553, 0.9424, 0.9465, 0.9441, 0.9379, 0.9316
])  # fmt: skip
"""Their best validation losses."""

BEST_ERRORS: Final = np.array([
    0.3334, 0.2794, 0.2625, 0.2529, 0.2425, 0.2354, 0.2346, 0.2350, 0.2331, 0.2313,
    0.2281,
])  # fmt: skip
"""Their best top-1 errors. All from the notebook of the public code of Baskerville,
Granziol and Keating (2022), arXiv 2102.06740."""

PUBLISHED_FITS: Final = {
    "loss": (0.9432, 0.7613, -0.04585),
    "error": (0.23295, 0.16744, -0.04067),
}
"""Published a, b and c of a + b exp(c t), t the best epoch."""

_RATES = np.geomspace(1e-3, 1.0, 60)
_POWERS = np.geomspace(0.02, 5.0, 60)


@dataclass(frozen=True, eq=False)
class HardnessFit:
    """A law a + b f(t; c) of best values y against epochs t, by least squares.

    Attributes:
        name: What y is.
        form: f: "exponential", exp(c t), or "power", t^c; c < 0.
        epochs: t.
        values: y.
        floor: a, what infinite training would reach.
        amplitude: b.
        rate: c.
        standard_errors: Of a, b and c, from the curvature of the sum of squares.
        deviation: √(∑ (y − fit)²/(n − 3)).
    """

    name: str
    form: str
    epochs: Float[np.ndarray, " n"]
    values: Float[np.ndarray, " n"]
    floor: float
    amplitude: float
    rate: float
    standard_errors: Float[np.ndarray, " 3"]
    deviation: float

    def __call__(self, epochs: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Evaluate the law.

        Args:
            epochs: t.

        Returns:
            a + b f(t; c).
        """
        return self.floor + self.amplitude * _shape(epochs, self.rate, self.form)

    @property
    def information_criterion(self) -> float:
        """Akaike's, corrected for few points; lower is better, within the same y.

        References:
            Hurvich and Tsai (1989), Regression and time series model selection in
            small samples, Biometrika 76.
        """
        count, free = self.epochs.size, 4
        squares = self.deviation**2 * (count - 3) / count
        corrected = 2 * free * count / (count - free - 1)
        return count * math.log(squares) + corrected

    def epochs_to(self, gap: float) -> float:
        """Say how many epochs bring y within a gap of the floor.

        Args:
            gap: y − a, positive.

        Returns:
            t: it grows by log 2/|c| when the gap is halved, if the law is exponential.

        Raises:
            ValueError: The gap is not between 0 and b.
        """
        if not 0 < gap < abs(self.amplitude):
            message = (
                f"gap: expected between 0 and {abs(self.amplitude):.4g}, got {gap}"
            )
            raise ValueError(message)
        ratio = math.log(gap / abs(self.amplitude))
        if self.form == "exponential":
            return ratio / self.rate
        return math.exp(ratio / self.rate)


def fit_hardness(
    name: str,
    epochs: Float[np.ndarray, " n"],
    values: Float[np.ndarray, " n"],
    *,
    form: Form = "exponential",
) -> HardnessFit:
    """Fit the law; a and b are linear, c is searched.

    Args:
        name: What y is.
        epochs: t, positive.
        values: y.
        form: The shape f.

    Returns:
        The fit.

    Raises:
        ValueError: There are fewer than five points, or they are not finite.
    """
    if epochs.size < 5 or epochs.shape != values.shape:
        message = (
            f"epochs: expected at least five, and as many values, got {epochs.size} "
            f"and {values.size}"
        )
        raise ValueError(message)
    if not (
        np.isfinite(values).all() and np.isfinite(epochs).all() and (epochs > 0).all()
    ):
        message = "values: expected finite numbers at positive epochs"
        raise ValueError(message)

    def squares(rate: float) -> float:
        return float(_linear(epochs, values, rate, form)[1])

    grid = -(_RATES if form == "exponential" else _POWERS)
    best = int(np.argmin([squares(float(rate)) for rate in grid]))
    ends = grid[[min(best + 1, grid.size - 1), max(best - 1, 0)]]
    found = scipy.optimize.minimize_scalar(
        squares, bounds=tuple(ends), method="bounded", options={"xatol": 1e-12}
    )
    rate = float(found.x)
    (floor, amplitude), total = _linear(epochs, values, rate, form)
    variance = total / (epochs.size - 3)
    slopes = _slopes(epochs, amplitude, rate, form)
    covariance = variance * np.linalg.inv(slopes.T @ slopes)
    return HardnessFit(
        name,
        form,
        epochs,
        values,
        float(floor),
        float(amplitude),
        rate,
        np.sqrt(np.diag(covariance)),
        math.sqrt(variance),
    )


def _shape(epochs: np.ndarray, rate: float, form: str) -> np.ndarray:
    return np.exp(rate * epochs) if form == "exponential" else epochs**rate


def _linear(
    epochs: np.ndarray, values: np.ndarray, rate: float, form: str
) -> tuple[np.ndarray, float]:
    table = np.stack([np.ones_like(epochs), _shape(epochs, rate, form)], axis=1)
    found = np.linalg.lstsq(table, values)[0]
    return found, float(((values - table @ found) ** 2).sum())


def _slopes(epochs: np.ndarray, amplitude: float, rate: float, form: str) -> np.ndarray:
    shape = _shape(epochs, rate, form)
    inner = epochs if form == "exponential" else np.log(epochs)
    return np.stack([np.ones_like(epochs), shape, amplitude * inner * shape], axis=1)
