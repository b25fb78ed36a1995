"""What went in, from what came out: A from the spectrum of A + X or of √A X √A."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from jaxtyping import Complex

from eigenscape.core import Estimate
from eigenscape.theory.deconvolution.errors import (
    Maps,
    ReadingErrors,
    additive_maps,
    multiplicative_maps,
    reading_errors,
)
from eigenscape.theory.deconvolution.fit import WhitenedReadings, fit_measure
from eigenscape.theory.deconvolution.inversion import (
    invert_additive,
    invert_multiplicative,
    line_above,
)
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Law, require_positive
from eigenscape.theory.transforms import free_cumulants

Operation = Literal["additive", "multiplicative"]

_REPLICAS = 50
_REWEIGHTINGS = 2
_FIRST_ERROR = 1e-3
_EXACT = 10**12  # a size whose errors are far below rounding


@dataclass(frozen=True)
class Deconvolution:
    """The law of A as it was recovered.

    Its atoms are those of the best positive measure: they mean something one by one
    where A has few eigenvalues, and together where its spectrum is smooth.

    Attributes:
        law: The law of A.
        bandwidth: The height above the axis at which transforms were compared, in the
            units of the eigenvalue.
        misfit: Squared distance of the fit from the readings in their standard errors;
            of an exact spectrum, in units of rounding.
        modes: The number of readings. A misfit above it refuses the law of the noise
            or the size.
        replicas: The laws recovered from as many synthetic readings; none for an
            exact spectrum.
    """

    law: Discrete
    bandwidth: float
    misfit: float
    modes: int
    replicas: tuple[Discrete, ...] = field(repr=False)

    def estimate(self, functional: Callable[[Law], float]) -> Estimate:
        """Evaluate a number that the law of A determines, with its standard error.

        Args:
            functional: The number, such as a moment, or the mass below a gap. For the
                place of an edge, and whatever else positivity pins down, the standard
                error is only indicative.

        Returns:
            The number for the recovered law, and its spread over the replicas.

        Raises:
            ValueError: There are no replicas, since the spectrum was exact.
        """
        if not self.replicas:
            message = "replicas: expected some, got none; give the size of the matrix"
            raise ValueError(message)
        values = [functional(replica) for replica in self.replicas]
        spread = float(np.std(values, ddof=1))
        return Estimate(functional(self.law), spread, len(values))


def free_deconvolution(
    spectrum: Law,
    noise: Law,
    *,
    rng: np.random.Generator,
    operation: Operation = "additive",
    size: int | None = None,
    beta: int = 1,
    height: float | None = None,
    replicas: int = _REPLICAS,
) -> Deconvolution:
    """Recover the law of A from that of M = A + X, or of M = √A X √A.

    The subordination equations, read backwards on a line above the axis, give g_A at
    points there. A nonnegative measure is then fitted by least squares, twice
    reweighted by the covariance of their errors under the measure found before: what
    is blurred beyond the noise has no weight. Positivity and the height of the line
    are the only regularisation, and the height, far above what limits an answer from
    a finite matrix, hardly matters. The replicas are refits to synthetic readings.

    Args:
        spectrum: The law of M: `Discrete.empirical` of its eigenvalues, or exact.
        noise: The law of X. A Semicircle added, and a Marchenko–Pastur law multiplied,
            stand for Gaussian entries (M is then the sample covariance matrix of the
            population A); any other for a fixed spectrum turned by a Haar matrix.
        rng: Draws the replicas.
        operation: "additive" or "multiplicative". The latter needs positive A and X.
        size: N of the matrix that the spectrum was taken from; None for an exact law.
        beta: 1 for real, 2 for complex, 4 for quaternion matrices.
        height: Of the line, over z if additive and over the spectrum of M if
            multiplicative. By default 2√2 σ with σ the standard deviation of the
            noise if additive, where the solution is known to exist and be unique, and
            that of M if multiplicative (tuned on two-atom populations).
        replicas: How many synthetic readings to refit.

    Returns:
        The law of A, with the bandwidth and the replicas.

    Raises:
        ValueError: The operation is unknown, the size or the height is not positive,
            or a law to be multiplied is not.

    References:
        Arizmendi, Tarrago and Vargas (2020), Subordination methods for free
        deconvolution, Annales de l'Institut Henri Poincaré, Probabilités et
        Statistiques 56; El Karoui (2008), Spectrum estimation for large dimensional
        covariance matrices using random matrix theory, Annals of Statistics 36.
    """
    if operation not in get_args(Operation):
        message = f"operation: expected one of {get_args(Operation)}, got {operation!r}"
        raise ValueError(message)
    scale = _EXACT if size is None else size
    require_positive("size", float(scale))
    invert = _read_sum if operation == "additive" else _read_product
    read = invert(spectrum, noise, height)
    lower, upper = read.lower, read.upper
    readings = WhitenedReadings.of(read.points, read.values, _equal_errors(read.values))
    for _ in range(_REWEIGHTINGS):
        law, _ = fit_measure(readings, lower, upper, readings.target)
        maps = functools.partial(read.maps, law, noise)
        errors = reading_errors(maps, read.points, scale, beta)
        readings = WhitenedReadings.of(read.points, read.values, errors)
    law, misfit = fit_measure(readings, lower, upper, readings.target)
    fitted = readings.columns(law.locations) @ law.weights
    refitted: list[Discrete] = []
    for _ in range(replicas if size is not None else 0):
        draw = fitted + rng.standard_normal(fitted.size)
        refitted.append(fit_measure(readings, lower, upper, draw)[0])
    return Deconvolution(law, read.height, misfit, fitted.size, tuple(refitted))


@dataclass(frozen=True)
class _Read:
    """Values of g_A at points, the maps behind them, and an interval that holds A."""

    points: Complex[np.ndarray, " n"]
    values: Complex[np.ndarray, " n"]
    maps: Callable[[Law, Law, Complex[np.ndarray, " n"]], Maps]
    lower: float
    upper: float
    height: float


def _read_sum(spectrum: Law, noise: Law, height: float | None) -> _Read:
    mean, variance = free_cumulants(noise, 2).tolist()
    height = math.sqrt(8 * max(variance, 0.0)) if height is None else height
    require_positive("height", height)
    # Noise of mean 0 only widens the hull.
    lower, upper = spectrum.hull.lower - mean, spectrum.hull.upper - mean
    line = line_above(lower, upper, height)
    points, values = invert_additive(spectrum, noise, line)
    return _Read(points, values, additive_maps, lower, upper, height)


def _read_product(spectrum: Law, noise: Law, height: float | None) -> _Read:
    hull, mean = spectrum.hull, float(free_cumulants(noise, 1)[0])
    if not (noise.hull.lower >= 0 and hull.lower >= 0 and mean > 0):
        message = (
            f"noise: expected two positive laws to be multiplied, got lower ends "
            f"{noise.hull.lower} and {hull.lower}"
        )
        raise ValueError(message)
    spread = float(free_cumulants(spectrum, 2)[1])
    height = math.sqrt(max(spread, 0.0)) if height is None else height
    require_positive("height", height)
    line = line_above(hull.lower, hull.upper, height)
    points, values = invert_multiplicative(spectrum, noise, line)
    lower, upper = hull.lower / mean, hull.upper / mean
    return _Read(points, values, multiplicative_maps, lower, upper, height)


def _equal_errors(values: Complex[np.ndarray, " n"]) -> ReadingErrors:
    count = 2 * values.size
    scale = float(np.mean(np.abs(values) ** 2))
    return ReadingErrors(np.zeros_like(values), _FIRST_ERROR**2 * scale * np.eye(count))
