"""BatchScaling: how outliers move with the batch size, and which noise explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.spectra.noise_fit import NoiseFit, fit_noise_model
from eigenscape.spectra.noise_models import (
    AdditiveNoise,
    MultiplicativeNoise,
    NoiseModel,
)
from eigenscape.spectra.outlier_observations import observe_outliers, outlier_spread
from eigenscape.spectra.split import SpectrumSplit

REJECTED = 0.01
DECISIVE = 6.0
_UNIDENTIFIED = 0.5
_DEEPER = 5.0  # standard errors


@dataclass(frozen=True)
class BatchScaling:
    """Outliers of batch Hessians over batch sizes, and the noise laws fitted to them.

    Attributes:
        batch_sizes: Batch sizes, ascending.
        population: The n examples batches were drawn from, or None.
        means: Mean of each outlier over the draws that show it; NaN where none does.
        deviations: Standard deviation of one draw, pooled over batch sizes.
        seen: In how many draws each outlier was seen.
        draws: Number of draws.
        fits: One fit a noise model.
        best: Name of the model of least information criterion.
        verdict: Which model explains the outliers, in a sentence.
    """

    batch_sizes: Int[np.ndarray, " b"]
    population: int | None
    means: Float[np.ndarray, "b k"]
    deviations: Float[np.ndarray, "b k"]
    seen: Int[np.ndarray, "b k"]
    draws: Int[np.ndarray, " b"]
    fits: tuple[NoiseFit, ...]
    best: str
    verdict: str

    def fit(self, model: str) -> NoiseFit:
        """Pick the fit of one model.

        Args:
            model: Its name, such as "additive".

        Returns:
            The fit.

        Raises:
            ValueError: No such model was fitted.
        """
        for fit in self.fits:
            if fit.model == model:
                return fit
        names = ", ".join(fit.model for fit in self.fits)
        message = f"model: expected one of {names}, got {model!r}"
        raise ValueError(message)


def fit_batch_scaling(
    batch_sizes: Sequence[int],
    splits: Sequence[Sequence[SpectrumSplit]],
    *,
    population: int | None = None,
    count: int | None = None,
    models: Sequence[NoiseModel] = (AdditiveNoise(), MultiplicativeNoise()),
) -> BatchScaling:
    """Fit population spikes, noise scale and exponent to outliers of batch Hessians.

    s(b) = b^(−υ), times √((n − b)/(n − 1)) when batches are drawn without
    replacement from n examples. Every model is fitted to the same outliers; an
    outlier hidden in the bulk at small b is a censored observation. A model is
    rejected when its p-value is below 1 %, or that of the way in which the scatter of
    outliers grows with their size. Of two models the one with the smaller information
    criterion is better; a difference below 6 decides nothing. Weights of examples do
    not show in a fit: multiplicative noise stands for weighted sampling too, and
    `compare_noise_models` tells the two apart by measured weights. Additive noise
    beside multiplicative does not show in outliers either; a bulk that noise carries
    below zero tells.

    Args:
        batch_sizes: At least 3 batch sizes, strictly ascending.
        splits: For each batch size, the splits of at least 2 independent draws
            (10 in the paper).
        population: The n examples batches are drawn from without replacement; None
            for independent draws, as of sampled matrices.
        count: The number k of outliers to follow; by default the median number
            seen at the largest batch size.
        models: The noise models to fit.

    Returns:
        The fits and the verdict.

    References:
        Baskerville et al. (2022), arXiv 2205.08601, the parametric fit of outliers;
        the likelihood, the intervals and the competitor are ours.
    """
    obs = observe_outliers(batch_sizes, splits, population=population, count=count)
    spread = outlier_spread(obs)
    fits = tuple(fit_noise_model(m, obs, spread, population=population) for m in models)
    return BatchScaling(
        batch_sizes=np.asarray(batch_sizes, dtype=np.int64),
        population=population,
        means=obs.means,
        deviations=spread.deviations,
        seen=obs.seen,
        draws=obs.draws,
        fits=fits,
        best=min(fits, key=lambda f: f.information).model,
        verdict=_judge(fits) + _below_zero(splits, fits),
    )


def _below_zero(
    splits: Sequence[Sequence[SpectrumSplit]],
    fits: tuple[NoiseFit, ...],
) -> str:
    # Noise A^½ W A^½ leaves no eigenvalue of a positive matrix below zero; additive
    # noise moves the end down by s(b) times that of its own law.
    rows = [np.array([split.bulk_edges[0] for split in each]) for each in splits]
    low = np.array([row.mean() for row in rows])
    error = np.hypot(*(rows[i].std(ddof=1) / np.sqrt(rows[i].size) for i in (0, -1)))
    fallen = low[0] < -_DEEPER * error and low[0] - low[-1] < -_DEEPER * error
    multiplicative = min(fits, key=lambda f: f.information).model == "multiplicative"
    if not multiplicative or not fallen or 2 * low[-1] < low[0]:
        return ""
    return (
        f"; additive noise acts too: the bulk ends at {low[0]:.3g} at the smallest "
        f"batch, at {low[-1]:.3g} at the largest, and multiplicative noise leaves no "
        "eigenvalue of a positive matrix below zero"
    )


def _judge(fits: tuple[NoiseFit, ...]) -> str:
    ranked = sorted(fits, key=lambda f: f.information)
    standing = [f for f in ranked if _stands(f)]
    best = ranked[0]
    if not standing:
        values = ", ".join(f"{f.model} {_p_values(f)}" for f in ranked)
        return (
            f"no noise model fits ({values}); the {best.model} one misses by least, "
            "and its parameters describe the curve, not the noise"
            f"{_by_spread(ranked)}"
        )
    if best.p_value is None:
        return "there are too few observations to test any noise model"
    first = standing[0]
    close = [f for f in standing[1:] if f.information - first.information < DECISIVE]
    if close:
        names = ", ".join(f"{f.model} ({_p_values(f)})" for f in (first, *close))
        sentence = f"these data cannot tell noise models apart: {names} fit"
    else:
        sentence = f"{first.model} noise fits ({_p_values(first)}, not below 1 %)"
    if standing[1:] and not close:
        lead = standing[1].information - first.information
        rest = ", ".join(f.model for f in standing[1:])
        sentence += f" and better than {rest} (information gap {lead:.0f})"
    refused = ", ".join(f"{f.model} ({_p_values(f)})" for f in ranked if not _stands(f))
    if refused:
        sentence += f"; refused: {refused}"
    if first.exponent.upper - first.exponent.lower > _UNIDENTIFIED:
        sentence += "; these batch sizes do not identify the exponent υ"
    return sentence


def _by_spread(fits: Sequence[NoiseFit]) -> str:
    tested = {f.model: f.spread_p_value for f in fits if f.spread_p_value is not None}
    kept = [model for model, p in tested.items() if p >= REJECTED]
    if len(kept) != 1 or len(tested) < 2:
        return ""
    weights = ", as examples of unequal weight make it"
    return (
        f"; the scatter over draws is that of {kept[0]} noise alone"
        f"{weights if kept[0] == 'multiplicative' else ''}"
    )


def _stands(fit: NoiseFit) -> bool:
    tested = (p for p in (fit.p_value, fit.spread_p_value) if p is not None)
    return min(tested, default=1.0) >= REJECTED


def _p_values(fit: NoiseFit) -> str:
    if fit.p_value is None:
        return "untested"
    text = f"p = {fit.p_value:.2g}"
    if fit.spread_p_value is None:
        return text
    return f"{text}, of its spread {fit.spread_p_value:.2g}"
