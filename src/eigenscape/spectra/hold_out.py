"""hold_out: noise laws fitted at some batch sizes and asked for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from eigenscape.spectra.noise_fit import NoiseFit, fit_noise_model
from eigenscape.spectra.noise_models import (
    AdditiveNoise,
    MultiplicativeNoise,
    NoiseModel,
)
from eigenscape.spectra.outlier_observations import (
    OutlierObservations,
    observe_outliers,
    outlier_spread,
)
from eigenscape.spectra.split import SpectrumSplit

_LEVEL = 0.95


@dataclass(frozen=True)
class HeldOut:
    """What a noise law, fitted at the other batch sizes, says of those held out.

    Attributes:
        model: Name of the noise model.
        fit: Its fit at the other batch sizes.
        batch_sizes: The sizes held out, ascending.
        predicted: Outliers there, by the fit.
        lower: Lower ends of 95 % prediction intervals for the mean over the draws.
        upper: Upper ends.
        measured: Mean of each outlier over its draws; NaN where some draw hides it.
    """

    model: str
    fit: NoiseFit
    batch_sizes: Int[np.ndarray, " h"]
    predicted: Float[np.ndarray, "h k"]
    lower: Float[np.ndarray, "h k"]
    upper: Float[np.ndarray, "h k"]
    measured: Float[np.ndarray, "h k"]

    @property
    def inside(self) -> Bool[np.ndarray, "h k"]:
        """Say which measured means lie in their interval; False where one hides."""
        return (self.measured >= self.lower) & (self.measured <= self.upper)

    @property
    def cells(self) -> int:
        """The number of means that every draw contributes to."""
        return int(np.isfinite(self.measured).sum())

    @property
    def coverage(self) -> float:
        """The share of them inside their interval; NaN if there are none."""
        return int(self.inside.sum()) / self.cells if self.cells else float("nan")

    @property
    def relative_error(self) -> float:
        """The median of |predicted − measured| / measured; NaN without any."""
        seen = np.isfinite(self.measured)
        if not seen.any():
            return float("nan")
        error = self.predicted[seen] / self.measured[seen] - 1
        return float(np.median(np.abs(error)))


def hold_out(
    batch_sizes: Sequence[int],
    splits: Sequence[Sequence[SpectrumSplit]],
    held: Sequence[int],
    *,
    population: int | None = None,
    count: int | None = None,
    models: Sequence[NoiseModel] = (AdditiveNoise(), MultiplicativeNoise()),
) -> tuple[HeldOut, ...]:
    """Fit noise laws without some batch sizes, and predict these.

    A prediction interval has the variance of the fitted curve, by the delta method,
    and that of a mean of as many draws, and a Student quantile. It holds under the
    model: means outside of it speak against the model, beyond the sizes of the fit in
    particular.

    Args:
        batch_sizes: All batch sizes, strictly ascending.
        splits: For each, the splits of at least 2 independent draws.
        held: The sizes to hold out; 3 or more must remain.
        population: The n examples batches are drawn from without replacement, or
            None for independent draws.
        count: The number k of outliers to follow; by default the median number seen
            at the largest batch size.
        models: The noise models.

    Returns:
        One a model.

    Raises:
        ValueError: A size to hold out was not measured, none is, or fewer than 3
            remain.
    """
    obs = observe_outliers(batch_sizes, splits, population=population, count=count)
    out = np.isin(obs.batch_sizes, held)
    unknown = sorted(set(held) - set(batch_sizes))
    if unknown or not out.any() or (~out).sum() < 3:
        message = (
            f"held: expected some of the batch sizes {list(batch_sizes)}, leaving at "
            f"least 3 to fit, got {list(held)}"
        )
        raise ValueError(message)
    rest, asked = _part(obs, ~out), _part(obs, out)
    spread = outlier_spread(rest)
    deviations = outlier_spread(obs).deviations[out]
    noise = deviations / np.sqrt(asked.draws)[:, None]
    quantile = float(stats.t.ppf((1 + _LEVEL) / 2, spread.degrees_of_freedom))
    measured = np.where(asked.complete, asked.means, np.nan)
    found: list[HeldOut] = []
    for model in models:
        fit = fit_noise_model(
            model, rest, spread, population=population, tabulate=asked.batch_sizes
        )
        band = (fit.curve_upper - fit.curve_lower) / 2
        half = np.hypot(band, quantile * noise)
        found.append(
            HeldOut(
                model=model.name,
                fit=fit,
                batch_sizes=asked.batch_sizes.astype(np.int64),
                predicted=fit.curve,
                lower=fit.curve - half,
                upper=fit.curve + half,
                measured=measured,
            )
        )
    return tuple(found)


def _part(
    obs: OutlierObservations, rows: Bool[np.ndarray, " b"]
) -> OutlierObservations:
    return OutlierObservations(
        obs.batch_sizes[rows],
        obs.noise_scale_squared[rows],
        obs.values[rows],
        obs.bounds[rows],
    )
