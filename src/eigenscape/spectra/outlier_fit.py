"""OutlierFit: the published form of outliers over batch sizes, and its profile in υ."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float
from scipy import stats
from scipy.optimize import brentq

from eigenscape.core import ConfidenceInterval
from eigenscape.spectra.outlier_form import FormProblem, FormSolution
from eigenscape.spectra.outlier_observations import (
    OutlierObservations,
    outlier_spread,
)

EXPONENTS = np.linspace(0.05, 1.5, 30)
"""Where the profile is tabulated: the published grid 0.05 … 1, continued."""

INDEPENDENT = 0.5
"""υ of independent examples, by the central limit theorem: where the other parameters
are given when the batch sizes do not identify υ."""

MOST_WIDTH = 1 / 3
"""Widest interval of an identified υ: a wider one tells ½ from neither ⅓ nor ⅔."""

REJECTED = 0.01
"""A form of a smaller p-value is said not to fit."""

_LEVEL = 0.95
_CURVE_POINTS = 60
_END_TOLERANCE = 1e-3


@dataclass(frozen=True)
class OutlierFit:
    """The form θᵢ + α s² (1/θᵢ + β/θᵢ²), s = b^(−υ), fitted to mean outliers.

    Attributes:
        batch_sizes: Batch sizes, ascending.
        means: Mean of each outlier over the draws; NaN where no draw shows it.
        standard_errors: Of the means, from scatters pooled over batch sizes.
        exponent: υ with its profile interval; None where it is not identified.
        note: What the profile says of υ, and whether the form fits, in a sentence.
        fitted_exponent: The υ at which all below is given: the best, or the nearest
            to ½ that fits where υ is not identified.
        spikes: θ₁ > … > θ_k.
        amplitude: α, eigenvalue units squared.
        bulk_mean: β, eigenvalue units.
        chi_square: Squared deviations of the means, in their standard errors and
            correlations.
        degrees_of_freedom: Number of means less number of parameters.
        p_value: Probability of a worse fit were the form true; None when no degree of
            freedom is left.
        explained: 1 − (weighted squares left) / (those left by constant outliers).
        profile_exponents: Where the profile is tabulated.
        profile: The least χ² at each υ.
        profile_bound: χ² at the ends of the interval.
        curve_batch_sizes: Where the fitted form is tabulated.
        curve: The form there.
    """

    batch_sizes: Float[np.ndarray, " b"]
    means: Float[np.ndarray, "b k"]
    standard_errors: Float[np.ndarray, "b k"]
    exponent: ConfidenceInterval | None
    note: str
    fitted_exponent: float
    spikes: tuple[ConfidenceInterval, ...]
    amplitude: ConfidenceInterval
    bulk_mean: ConfidenceInterval
    chi_square: float
    degrees_of_freedom: int
    p_value: float | None
    explained: float
    profile_exponents: Float[np.ndarray, " u"]
    profile: Float[np.ndarray, " u"]
    profile_bound: float
    curve_batch_sizes: Float[np.ndarray, " g"]
    curve: Float[np.ndarray, "g k"]


def fit_outliers(
    batch_sizes: Sequence[int],
    values: Float[np.ndarray, "b d k"],
    *,
    population: int | None = None,
) -> OutlierFit:
    """Fit the published parametric form to outliers of batch Hessians.

    For each υ the amplitudes α, αβ ≥ 0 are the exact solution of a linear problem and
    the ordered spikes θ minimise what is left (variable projection). Means of draws
    are weighted by their standard errors and the correlation of the outliers of a
    draw. The interval of υ is where the profile lies below its least value by no more
    than the Student quantile squared, widened by χ²/dof where the form fits badly; the
    other intervals come from the curvature at the minimum, and hold under the form.

    With ten draws a size they cover 93 to 94 % (planted curves of 2 % noise): the
    scatters that weigh the means are estimates too.

    υ is not identified by fewer than three batch sizes, nor by an interval wider than
    a third or reaching the ends of the grid; the fit then says so, and the rest is
    given at the υ nearest to ½ in the interval.

    Args:
        batch_sizes: Strictly ascending batch sizes, at least two.
        values: The k largest eigenvalues of each of at least two draws, descending;
            NaN where a draw does not show them. Draws of different sizes are taken as
            independent.
        population: The n examples batches are drawn from without replacement, which
            multiplies s² by (n − b)/(n − 1); None for independent draws, as published.

    Returns:
        The fit.

    References:
        Baskerville et al. (2022), arXiv 2205.08601, the parametric fit of outliers;
        the weights, the intervals and the test are ours. Golub and Pereyra (1973),
        SIAM J. Numer. Anal. 10, Sec. 2, for variable projection.
    """
    obs = _observations(batch_sizes, values, population)
    spread = outlier_spread(obs)
    problem = FormProblem(obs, spread)
    quantile = float(stats.t.ppf((1 + _LEVEL) / 2, spread.degrees_of_freedom))
    table = _tabulate(problem)
    best = min(table, key=_chi_square)
    place = table.index(best)
    sides = EXPONENTS[max(place - 1, 0)], EXPONENTS[min(place + 1, len(table) - 1)]
    best = problem.refine(best, *map(float, sides))
    free = problem.data_count - best.spikes.size - 3
    bound = best.chi_square + _widening(best, free) * quantile**2
    lower, upper = _ends(problem, table, best, bound)
    exponent, note = _judge(obs, best, lower, upper)
    chosen = best
    if exponent is None:
        held = float(np.clip(INDEPENDENT, lower, upper))
        chosen, free = problem.solve(held, best.spikes), free + 1
    half = _half_widths(problem, chosen, free, quantile, exponent is not None)
    spikes, amplitude, bulk_mean = _intervals(problem, chosen, half)
    sizes = _curve_sizes(obs, population)
    n = population
    left = 1.0 if n is None else (n - sizes) / max(n - 1, 1)
    scale = sizes ** (-2 * chosen.exponent) * left
    constant = problem.constant_chi_square()
    p_value = _p_value(chosen.chi_square, free, spread.degrees_of_freedom)
    if p_value is not None and p_value < REJECTED:
        note += f"; the form itself does not fit (p = {p_value:.1g})"
    return OutlierFit(
        batch_sizes=obs.batch_sizes,
        means=obs.means,
        standard_errors=spread.deviations / np.sqrt(np.maximum(obs.seen, 1)),
        exponent=exponent,
        note=note,
        fitted_exponent=chosen.exponent,
        spikes=spikes,
        amplitude=amplitude,
        bulk_mean=bulk_mean,
        chi_square=chosen.chi_square,
        degrees_of_freedom=free,
        p_value=p_value,
        explained=1 - chosen.chi_square / constant if constant > 0 else 1.0,
        profile_exponents=EXPONENTS.copy(),
        profile=np.array([s.chi_square for s in table]),
        profile_bound=bound,
        curve_batch_sizes=sizes,
        curve=problem.predict(chosen, scale) * problem.unit,
    )


def _observations(
    batch_sizes: Sequence[int],
    values: Float[np.ndarray, "b d k"],
    population: int | None,
) -> OutlierObservations:
    sizes = np.asarray(batch_sizes, dtype=float)
    present = np.asarray(np.isfinite(values))
    kept = present.any(axis=(1, 2)) if values.ndim == 3 else np.zeros(0, dtype=bool)
    if kept.shape != sizes.shape or sizes.size < 2 or (np.diff(sizes) <= 0).any():
        message = (
            "batch_sizes: expected at least 2, strictly ascending, one table of values "
            f"each, got {sizes.tolist()} and values of shape {values.shape}"
        )
        raise ValueError(message)
    sizes, values, present = sizes[kept], values[kept], present[kept]
    drawn = present.any(axis=2)
    if sizes.size < 2 or drawn.sum(1).min() < 2:
        message = (
            "values: expected at least 2 draws at each of 2 batch sizes or more, for a "
            "spread; measure more"
        )
        raise ValueError(message)
    shown = values[-1][present[-1]]
    if not present[-1].any(axis=0).all() or shown.min() <= 0:
        message = (
            "values: expected positive outliers at the largest batch size, each shown "
            "by a draw; follow fewer outliers"
        )
        raise ValueError(message)
    n = population
    if n is not None and n < sizes[-1]:
        message = f"population: expected at least {sizes[-1]:g}, got {n}"
        raise ValueError(message)
    left = np.ones_like(sizes) if n is None else (n - sizes) / max(n - 1, 1)
    return OutlierObservations(sizes, left, values, np.where(drawn, 0.0, np.nan))


def _tabulate(problem: FormProblem) -> list[FormSolution]:
    """Solve along the grid, each exponent from the solution of the next larger."""
    table: list[FormSolution] = []
    start = None
    for exponent in EXPONENTS[::-1].tolist():
        table.append(problem.solve(exponent, start))
        start = table[-1].spikes
    return table[::-1]


def _chi_square(solution: FormSolution) -> float:
    return solution.chi_square


def _widening(solution: FormSolution, free: int) -> float:
    return max(1.0, solution.chi_square / free) if free > 0 else 1.0


def _ends(
    problem: FormProblem, table: list[FormSolution], best: FormSolution, bound: float
) -> tuple[float, float]:
    """Find where the profile crosses the bound on either side of the best."""
    lower = [s for s in table[::-1] if s.exponent < best.exponent]
    upper = [s for s in table if s.exponent > best.exponent]
    return (
        _crossing(problem, [best, *lower], bound),
        _crossing(problem, [best, *upper], bound),
    )


def _crossing(problem: FormProblem, side: list[FormSolution], bound: float) -> float:
    """Find where the profile crosses the bound, walking away from the best."""
    for inner, outer in itertools.pairwise(side):
        if outer.chi_square > bound:
            start = inner.spikes

            def above(exponent: float, start: np.ndarray = start) -> float:
                return problem.solve(exponent, start).chi_square - bound

            ends = sorted((inner.exponent, outer.exponent))
            return float(cast("float", brentq(above, *ends, xtol=_END_TOLERANCE)))
    return side[-1].exponent


def _judge(
    obs: OutlierObservations, best: FormSolution, lower: float, upper: float
) -> tuple[ConfidenceInterval | None, str]:
    count = obs.batch_sizes.size
    if count < 3:
        return (
            None,
            f"too few batch sizes to identify υ: expected at least 3, got {count}",
        )
    if not best.amplitudes.any():
        return None, "the outliers do not move outwards, so there is no υ to identify"
    at_end = lower <= EXPONENTS[0] or upper >= EXPONENTS[-1]
    if at_end or upper - lower > MOST_WIDTH:
        return None, (
            f"too few batch sizes to identify υ: from {lower:.2g} to {upper:.2g} all "
            f"fit {count} of them as well"
        )
    exponent = ConfidenceInterval("υ", best.exponent, lower, upper, _LEVEL)
    return exponent, f"υ = {exponent}"


def _half_widths(
    problem: FormProblem,
    solution: FormSolution,
    free: int,
    quantile: float,
    exponent_free: bool,
) -> tuple[Float[np.ndarray, " k"], float, float]:
    """Give half intervals of the spikes, α and β, in units of the problem."""
    k = solution.spikes.size
    covariance = problem.covariance(solution, exponent_free=exponent_free)
    covariance *= _widening(solution, free) * quantile**2
    first, second = solution.amplitudes.tolist()
    total = first + second or np.inf
    amplitudes = covariance[k : k + 2, k : k + 2]
    ones = np.ones(2)
    turn = problem.most_bulk_mean / total**2 * np.array([-second, first])
    return (
        np.sqrt(np.diag(covariance)[:k]),
        float(np.sqrt(ones @ amplitudes @ ones)),
        float(np.sqrt(turn @ amplitudes @ turn)),
    )


def _intervals(
    problem: FormProblem,
    solution: FormSolution,
    half: tuple[Float[np.ndarray, " k"], float, float],
) -> tuple[tuple[ConfidenceInterval, ...], ConfidenceInterval, ConfidenceInterval]:
    """Return to the units of the data; α on a logarithmic scale, β between 0 and B."""
    unit, most = problem.unit, problem.most_bulk_mean
    spikes = tuple(
        _interval(f"θ{i + 1}", theta, theta - h, theta + h, unit)
        for i, (theta, h) in enumerate(zip(solution.spikes, half[0], strict=True))
    )
    alpha = float(solution.amplitudes.sum())
    factor = np.exp(min(half[1] / alpha, 300.0)) if alpha else np.inf
    ends = (alpha / factor, alpha * factor) if alpha else (0.0, half[1])
    amplitude = _interval("α", alpha, *ends, unit**2)
    beta = most * float(solution.amplitudes[1]) / alpha if alpha else 0.0
    reach = half[2] if alpha else most
    lower, upper = max(beta - reach, 0.0), min(beta + reach, most)
    return spikes, amplitude, _interval("β", beta, lower, upper, unit)


def _interval(
    name: str, value: float, lower: float, upper: float, unit: float
) -> ConfidenceInterval:
    ends = (float(value * unit), float(lower * unit), float(upper * unit))
    return ConfidenceInterval(name, *ends, _LEVEL)


def _p_value(chi_square: float, free: int, spread_free: int) -> float | None:
    return float(stats.f.sf(chi_square / free, free, spread_free)) if free > 0 else None


def _curve_sizes(
    obs: OutlierObservations, population: int | None
) -> Float[np.ndarray, " g"]:
    first, last = obs.batch_sizes[[0, -1]]
    end = last if population is None else min(float(population), 8 * last)
    return np.geomspace(first, end, _CURVE_POINTS)
