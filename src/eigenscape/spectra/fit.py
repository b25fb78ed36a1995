"""LawFit: a family of laws fitted to a measured spectrum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from eigenscape.core import ConvergenceError
from eigenscape.spectra.distance import mean_absolute_deviation, wasserstein
from eigenscape.spectra.measure import SpectralMeasure, measure_moments
from eigenscape.theory import Affine, FreeMeixner, Law, MarchenkoPastur, Semicircle

Distance = Callable[[SpectralMeasure, Law], float]


@dataclass(frozen=True)
class LawFamily:
    """A family of laws on an unbounded parameter space.

    Attributes:
        name: The family's name.
        law: Build the law of parameters (p,).
        start: First guess of the parameters from mean and variance.
    """

    name: str
    law: Callable[[Float[np.ndarray, " p"]], Law]
    start: Callable[[float, float], Float[np.ndarray, " p"]]


@dataclass(frozen=True)
class LawFit:
    """The nearest law of a family.

    Attributes:
        family: Name of the family.
        law: The law.
        distance: Its distance to the measure, in the units of the distance used.
        explained: 1 − distance / (distance of the best single atom): 1 for a
            perfect fit, 0 for no better than one atom.
    """

    family: str
    law: Law
    distance: float
    explained: float


def _positive(x: float) -> float:
    return float(np.exp(np.clip(x, -80.0, 80.0)))


SEMICIRCLE = LawFamily(
    "semicircle",
    lambda p: Affine(Semicircle(variance=_positive(p[1])), 1.0, float(p[0])),
    lambda mean, variance: np.array([mean, np.log(variance)]),
)
MARCHENKO_PASTUR = LawFamily(
    "Marchenko–Pastur",
    lambda p: MarchenkoPastur(ratio=_positive(p[0]), scale=_positive(p[1])),
    lambda mean, variance: np.log([
        variance / max(mean**2, 1e-12 * variance),
        max(abs(mean), 1e-6 * np.sqrt(variance)),
    ]),
)
FREE_MEIXNER = LawFamily(
    "free Meixner",
    lambda p: Affine(
        FreeMeixner(variance=_positive(p[1]), a=float(p[2]), b=_positive(p[3]) - 0.999),
        1.0,
        float(p[0]),
    ),
    lambda mean, variance: np.array([mean, np.log(variance), 0.0, 0.0]),
)
FAMILIES = (SEMICIRCLE, MARCHENKO_PASTUR, FREE_MEIXNER)


def fit_law(
    measure: SpectralMeasure,
    family: LawFamily,
    *,
    distance: Distance = wasserstein,
) -> LawFit:
    """Find the law of a family nearest to a measure.

    Nelder–Mead from the law of equal mean and variance; the distance is smooth
    almost everywhere but has no cheap gradient.

    Args:
        measure: The measure.
        family: The family.
        distance: What to minimise; the Wasserstein distance by default, because it
            is finite for laws of disjoint support.

    Returns:
        The fit.

    Raises:
        ValueError: The measure is a single atom, which no family with a scale
            parameter describes, or no law of the family comes near.
    """
    first, second = (m.value for m in measure_moments(measure, 2))
    variance = second - first**2
    width = mean_absolute_deviation(measure)
    if not variance > 0 or not width > 0:
        message = "measure: expected a spread of eigenvalues, got a single atom"
        raise ValueError(message)

    def objective(parameters: Float[np.ndarray, " p"]) -> float:
        try:
            return distance(measure, family.law(parameters)) / width
        except (ArithmeticError, ConvergenceError):  # a trial law beyond rounding
            return np.inf

    start = family.start(first, variance)
    simplex = np.vstack([start, start + np.diag(np.maximum(0.1 * np.abs(start), 0.3))])
    if not np.isfinite(objective(start)):
        message = f"{family.name}: expected a law near the measure, got none"
        raise ValueError(message)
    found = minimize(
        objective,
        start,
        method="Nelder-Mead",
        options={
            "initial_simplex": simplex,
            "xatol": 1e-3,
            "fatol": 1e-4,
            "maxiter": 400,
        },
    )
    nearest = float(found.fun) * width
    return LawFit(family.name, family.law(found.x), nearest, 1 - float(found.fun))
