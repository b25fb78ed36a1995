"""NoiseFit: a noise model fitted to outliers over batch sizes, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy import stats
from scipy.optimize import OptimizeResult, least_squares
from scipy.special import log_ndtr

from eigenscape.core import ConfidenceInterval
from eigenscape.spectra.noise_models import NoiseModel
from eigenscape.spectra.outlier_observations import OutlierObservations, OutlierSpread

_LEVEL = 0.95
_EXPONENT_BOUNDS = (0.02, 2.0)
_EXPONENT_STARTS = (0.5, 0.3, 0.8)
_SPIKE_DEVIATION = 0.25
_CURVE_POINTS = 80


@dataclass(frozen=True)
class NoiseFit:
    """A noise model fitted to outliers of batch Hessians.

    Attributes:
        model: Name of the noise model.
        spikes: The population spikes θ₁ > … > θ_k.
        amplitude: The noise amplitude at b = 1: the variance α = s(1)² κ₂ of
            additive noise (eigenvalue units squared), the shift T/m of
            multiplicative noise (eigenvalue units).
        exponent: υ in s(b) = b^(−υ), sought between 0.02 and 2; an interval that
            reaches an end is cut there.
        shape: The remaining noise parameters, on their fitted scale.
        chi_square: Squared standardised residuals of the outliers that every draw
            of their batch size shows.
        degrees_of_freedom: Their number less the effective parameters.
        p_value: Probability of a worse fit were the model true; None when no degree
            of freedom is left to test it.
        spread_p_value: Probability of a scatter that grows with the outlier as
            differently from the model; None where that cannot be told.
        information: −2 log likelihood of means and of the growth of the scatter,
            censored outliers included, + 2 × effective parameters (Akaike); smaller is
            better, the zero is arbitrary.
        curve_batch_sizes: Where the fitted law is tabulated.
        curve: Fitted outliers there.
        curve_lower: Lower end of the pointwise 95 % band of the mean.
        curve_upper: Upper end.
    """

    model: str
    spikes: tuple[ConfidenceInterval, ...]
    amplitude: ConfidenceInterval
    exponent: ConfidenceInterval
    shape: tuple[ConfidenceInterval, ...]
    chi_square: float
    degrees_of_freedom: float
    p_value: float | None
    spread_p_value: float | None
    information: float
    curve_batch_sizes: Float[np.ndarray, " g"]
    curve: Float[np.ndarray, "g k"]
    curve_lower: Float[np.ndarray, "g k"]
    curve_upper: Float[np.ndarray, "g k"]


def fit_noise_model(
    model: NoiseModel,
    observations: OutlierObservations,
    spread: OutlierSpread,
    *,
    population: int | None,
    tabulate: Float[np.ndarray, " g"] | None = None,
) -> NoiseFit:
    """Fit spikes, noise and exponent by penalised maximum likelihood.

    Cell means are Gaussian with the pooled scatter and the correlation of the
    outliers of a draw; an outlier that was not seen contributes the probability
    that it lies below its bound (Tobit). Spikes carry a weak penalty, of deviation a
    quarter around the outliers at the largest batch, which decides only where noise
    mixes two of them beyond telling apart. Intervals are Student intervals from the
    inverse of the penalised information; when the fit is worse than its noise
    (χ² > degrees of freedom) they are widened by √(χ²/dof), as the Particle Data
    Group does. They hold under the model: read them together with `p_value`.

    Args:
        model: The noise model.
        observations: The outliers seen and not seen.
        spread: Their scatter.
        population: The n examples that batches are drawn from, or None.
        tabulate: Batch sizes to tabulate the fitted law at; by default from the
            smallest to eight times the largest one, or to n.

    Returns:
        The fit.
    """
    # fitted in units of the largest outlier: bounds and steps then mean the same
    # for losses of every scale
    unit = float(np.nanmax(observations.means))
    problem = _Problem(
        model,
        replace(
            observations,
            values=observations.values / unit,
            bounds=observations.bounds / unit,
        ),
        replace(spread, deviations=spread.deviations / unit),
    )
    solutions: list[OptimizeResult] = []
    for exponent in _EXPONENT_STARTS:
        solutions.append(problem.solve(exponent))
        if solutions[-1].cost < problem.cells:
            break
    fit = problem.report(min(solutions, key=_cost), population, tabulate)
    return _in_units(fit, unit, model.amplitude_power)


class _Problem:
    """Residuals of a noise model on observations, in least-squares form."""

    def __init__(
        self, model: NoiseModel, obs: OutlierObservations, spread: OutlierSpread
    ):
        self.model, self.obs, self.spread = model, obs, spread
        self.k = obs.values.shape[2]
        self.guess = _first_spikes(obs)
        self.noise = model.parameters(self.guess, _first_shift(obs, self.guess))
        self.seen, self.complete = obs.seen, obs.complete
        self.means = np.nan_to_num(obs.means)
        self.cells = int((self.seen > 0).sum())
        hidden = np.isnan(obs.values) & np.isfinite(obs.bounds)[:, :, None]
        self.hidden = np.nonzero(hidden)

    def solve(self, exponent: float) -> OptimizeResult:
        noise = self.noise
        start = np.array([*self.guess, exponent, *(p.start for p in noise)])
        lower = [*[1e-12] * self.k, _EXPONENT_BOUNDS[0], *(p.lower for p in noise)]
        upper = [*[np.inf] * self.k, _EXPONENT_BOUNDS[1], *(p.upper for p in noise)]
        return least_squares(
            self.residuals,
            start,
            bounds=(lower, upper),
            x_scale="jac",
            ftol=1e-6,
            xtol=1e-6,
            max_nfev=100,
        )

    def residuals(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " n"]:
        return np.concatenate([self.data_residuals(x), self.penalties(x)])

    def penalties(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " q"]:
        spikes = (np.sort(x[: self.k])[::-1] / self.guess - 1) / _SPIKE_DEVIATION
        noise = [
            (value - p.prior_mean) / p.prior_deviation
            for value, p in zip(x[self.k + 1 :], self.noise, strict=True)
        ]
        return np.concatenate([spikes, noise])

    def data_residuals(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " n"]:
        left = self.obs.noise_scale_squared
        predicted = self.predict(x, self.obs.batch_sizes, left)
        error = (self.means - predicted) / self.spread.deviations
        error *= np.sqrt(self.seen)
        parts: list[Float[np.ndarray, " m"]] = []
        for row, whole in zip(error, self.complete, strict=True):
            factor = np.linalg.cholesky(self.spread.correlation[np.ix_(whole, whole)])
            parts.append(np.linalg.solve(factor, row[whole]))
        parts.append(error[(self.seen > 0) & ~self.complete])
        i, d, j = self.hidden
        room = (self.obs.bounds[i, d] - predicted[i, j]) / self.spread.deviations[i, j]
        parts.append(np.sqrt(np.maximum(-2 * log_ndtr(room), 0.0)))
        return np.concatenate(parts)

    def predict(
        self,
        x: Float[np.ndarray, " p"],
        batch_sizes: Float[np.ndarray, " g"],
        left: Float[np.ndarray, " g"],
    ) -> Float[np.ndarray, "g k"]:
        """Place the outliers; unordered trial spikes are put in order first."""
        spikes, noise = np.sort(x[: self.k])[::-1], x[self.k + 1 :]
        scales = batch_sizes ** -x[self.k] * np.sqrt(np.maximum(left, 0.0))
        return np.stack([
            spikes if s == 0 else self.model.locations(spikes, noise, float(s))
            for s in scales
        ])

    def report(
        self,
        solution: OptimizeResult,
        population: int | None,
        tabulate: Float[np.ndarray, " g"] | None,
    ) -> NoiseFit:
        x = solution.x
        data = self.data_residuals(x)
        jacobian: Float[np.ndarray, "n p"] = solution.jac
        covariance = _inverse_information(jacobian)
        seen_part = jacobian[: data.size]
        effective = float(np.trace(seen_part.T @ seen_part @ covariance))
        complete = data[: int(self.complete.sum())]
        chi_square = float(complete @ complete)
        dof = complete.size - effective
        p_value = None
        if dof >= 1:
            f = chi_square / dof
            p_value = float(stats.f.sf(f, dof, self.spread.degrees_of_freedom))
        off = self._spread_deviation()
        widen = max(1.0, chi_square / max(dof, 1.0))
        quantile = stats.t.ppf((1 + _LEVEL) / 2, self.spread.degrees_of_freedom)
        half = (quantile * np.sqrt(widen * np.diag(covariance))).tolist()
        sizes = self._range(population) if tabulate is None else tabulate
        curve, band = self._curve(x, widen * covariance, sizes, population)
        return NoiseFit(
            model=self.model.name,
            spikes=tuple(
                _interval(f"θ{i + 1}", x[i], half[i])
                for i in np.argsort(-x[: self.k], kind="stable")
            ),
            amplitude=_interval("amplitude", x[self.k + 1], half[self.k + 1], log=True),
            exponent=_interval("υ", x[self.k], half[self.k], _EXPONENT_BOUNDS),
            shape=tuple(
                _interval(p.name, x[i], half[i])
                for i, p in enumerate(self.noise[1:], start=self.k + 2)
            ),
            chi_square=chi_square,
            degrees_of_freedom=float(dof),
            p_value=p_value,
            spread_p_value=None if off is None else float(2 * stats.norm.sf(abs(off))),
            information=float(data @ data) + (off or 0.0) ** 2 + 2 * effective,
            curve_batch_sizes=sizes,
            curve=curve,
            curve_lower=curve - quantile * band,
            curve_upper=curve + quantile * band,
        )

    def _spread_deviation(self) -> float | None:
        """Measure how far κ lies from the model's, in standard errors."""
        seen, expected = self.spread.exponent, self.model.spread_power
        if seen is None or expected is None:
            return None
        return (seen.value - expected) / seen.standard_error

    def _range(self, population: int | None) -> Float[np.ndarray, " g"]:
        first, last = self.obs.batch_sizes[[0, -1]]
        end = 8 * last if population is None else min(float(population), 8 * last)
        return np.geomspace(first, max(end, last), _CURVE_POINTS)

    def _curve(
        self,
        x: Float[np.ndarray, " p"],
        covariance: Float[np.ndarray, "p p"],
        sizes: Float[np.ndarray, " g"],
        population: int | None,
    ) -> tuple[Float[np.ndarray, "g k"], Float[np.ndarray, "g k"]]:
        """Tabulate the law and the standard error of its mean (delta method)."""
        n = population
        left = np.ones_like(sizes) if n is None else (n - sizes) / max(n - 1, 1)
        curve = self.predict(x, sizes, left)
        step = np.sqrt(np.finfo(float).eps) * np.maximum(np.abs(x), 1.0)
        slopes = np.stack([
            (self.predict(x + step * e, sizes, left) - curve) / h
            for e, h in zip(np.eye(x.size), step, strict=True)
        ])
        variance = np.einsum("pgk,pq,qgk->gk", slopes, covariance, slopes)
        return curve, np.sqrt(np.maximum(variance, 0.0))


def _in_units(fit: NoiseFit, unit: float, power: int) -> NoiseFit:
    return replace(
        fit,
        spikes=tuple(_scaled(spike, unit) for spike in fit.spikes),
        amplitude=_scaled(fit.amplitude, unit**power),
        curve=fit.curve * unit,
        curve_lower=fit.curve_lower * unit,
        curve_upper=fit.curve_upper * unit,
    )


def _scaled(interval: ConfidenceInterval, unit: float) -> ConfidenceInterval:
    value, lower, upper = interval.value, interval.lower, interval.upper
    return replace(interval, value=value * unit, lower=lower * unit, upper=upper * unit)


def _inverse_information(
    jacobian: Float[np.ndarray, "n p"],
) -> Float[np.ndarray, "p p"]:
    """Invert JᵀJ by singular values; null directions get no variance."""
    norms = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-300)
    _, singular, rows = np.linalg.svd(jacobian / norms, full_matrices=False)
    kept = singular > singular[0] * jacobian.shape[0] * np.finfo(float).eps
    inverse = (rows[kept].T / singular[kept]) / norms[:, None]
    return inverse @ inverse.T


def _cost(solution: OptimizeResult) -> float:
    return float(solution.cost)


def _first_spikes(obs: OutlierObservations) -> Float[np.ndarray, " k"]:
    """Start from the outliers at the largest batch, kept apart and positive."""
    last = np.nan_to_num(obs.means[-1], nan=float(np.nanmean(obs.bounds[-1])))
    top = max(float(last[0]), 1e-12)
    return np.maximum(last, 1e-3 * top * (1 + np.arange(last.size)[::-1]))


def _first_shift(obs: OutlierObservations, guess: Float[np.ndarray, " k"]) -> float:
    """Shift of the first outlier at the smallest batch, brought to s = 1."""
    first = float(np.nan_to_num(obs.means[0, 0], nan=guess[0]))
    moved = max(first - float(guess[0]), 1e-3 * float(guess[0]))
    return moved * float(obs.batch_sizes[0])


def _interval(
    name: str,
    value: float,
    half: float,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    *,
    log: bool = False,
) -> ConfidenceInterval:
    ends = np.clip([value, value - half, value + half], *bounds)
    if log:
        ends = np.exp(np.clip(ends, -700.0, 700.0))
    middle, lower, upper = (float(e) for e in ends)
    return ConfidenceInterval(name, middle, lower, upper, _LEVEL)
