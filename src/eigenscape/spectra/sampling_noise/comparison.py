"""PredictionComparison: measured outliers held against predicted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln

from eigenscape.spectra.sampling_noise.prediction import BatchPrediction

_TINY = 1e-9
_SINGULAR = 1e-10


@dataclass(frozen=True)
class PredictionComparison:
    """How far measured outliers lie from their prediction.

    Attributes:
        batch_sizes: Batch sizes.
        measured: Mean of the measured draws.
        predicted: Mean of the prediction.
        relative_errors: measured / predicted − 1; NaN where 0 is predicted.
        deviations: measured − predicted in standard errors of that difference, by the
            predicted spread; NaN where none is predicted.
        coverage: Share of the measured draws inside the predicted 95 % interval.
        p_values: One a batch size; 1 where the prediction has no spread.
        p_value: Of all batch sizes together.
        log_likelihood: Predictive log density of the logarithms of the draws, a
            multivariate Student law of the predicted samples; for comparing models.
    """

    batch_sizes: Int[np.ndarray, " m"]
    measured: Float[np.ndarray, "m k"]
    predicted: Float[np.ndarray, "m k"]
    relative_errors: Float[np.ndarray, "m k"]
    deviations: Float[np.ndarray, "m k"]
    coverage: Float[np.ndarray, "m k"]
    p_values: Float[np.ndarray, " m"]
    p_value: float
    log_likelihood: float


def compare_prediction(
    prediction: BatchPrediction,
    draws: Sequence[Float[np.ndarray, "_ k"]],
    *,
    rng: np.random.Generator,
    permutations: int = 999,
) -> PredictionComparison:
    """Test whether measured outliers are draws from the prediction.

    At each batch size, the mean and the mean square of the logarithms of the measured
    outliers are set against those of the predicted samples by Hotelling's T², and the
    sum of T² over batch sizes against its values when measured and predicted draws
    change places at random. Under the prediction they are exchangeable, so the p-value
    is exact; the error of a prediction by finitely many samples is in it.

    Args:
        prediction: The prediction; of its eigenvalues as many are compared as were
            measured.
        draws: For each batch size, the largest eigenvalues of independent batches.
        rng: Random numbers.
        permutations: How many exchanges; the least p-value is 1/(permutations + 1).

    Returns:
        The comparison.

    Raises:
        ValueError: There is not one array of draws a batch size, or no draw, or more
            eigenvalues than predicted.
    """
    sizes = prediction.batch_sizes
    if len(draws) != sizes.size or any(len(rows) == 0 for rows in draws):
        message = (
            f"draws: expected draws for each of {sizes.size} batch sizes, got "
            f"{[len(rows) for rows in draws]}"
        )
        raise ValueError(message)
    count = draws[0].shape[1]
    if count > prediction.samples.shape[2]:
        message = (
            f"draws: expected at most the {prediction.samples.shape[2]} eigenvalues "
            f"predicted, got {count}; predict more"
        )
        raise ValueError(message)
    samples = prediction.samples[:, :, :count]
    pairs = list(zip(draws, samples, strict=True))
    statistics = np.stack([
        _exchanges(rows, known, permutations, rng) for rows, known in pairs
    ])
    measured = np.stack([rows.mean(0) for rows in draws])
    predicted, spread = samples.mean(1), samples.std(1, ddof=1)
    numbers = np.array([[len(rows)] for rows in draws])
    error = spread * np.sqrt(1 / numbers + 1 / samples.shape[1])
    lower, upper = np.quantile(samples, (0.025, 0.975), axis=1)
    inside = [
        ((rows >= low) & (rows <= high)).mean(0)
        for rows, low, high in zip(draws, lower, upper, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(predicted > 0, measured / predicted - 1, np.nan)
        deviations = np.where(error > 0, (measured - predicted) / error, np.nan)
    return PredictionComparison(
        batch_sizes=sizes,
        measured=measured,
        predicted=predicted,
        relative_errors=relative,
        deviations=deviations,
        coverage=np.stack(inside),
        p_values=_rank(statistics),
        p_value=float(_rank(statistics.sum(0)[None])[0]),
        log_likelihood=sum(starmap(_log_density, pairs)),
    )


def _rank(statistics: Float[np.ndarray, "m r"]) -> Float[np.ndarray, " m"]:
    """Rank the first statistic, the observed one, among all."""
    least = statistics[:, :1] * (1 - _TINY)
    return (statistics >= least).mean(1)


def _exchanges(
    measured: Float[np.ndarray, "d k"],
    samples: Float[np.ndarray, "D k"],
    permutations: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " r"]:
    """Compute T² of the measured draws, then of as many drawn from both together."""
    logs = np.concatenate(_logarithms(measured, samples))
    centred = logs - logs.mean(0)
    features = np.hstack([centred, centred**2])
    features -= features.mean(0)
    size, total = len(measured), len(features)
    white = _whitened(features)
    if white.shape[1] == 0:
        return np.zeros(permutations + 1)
    chosen = np.argpartition(rng.random((permutations, total)), size - 1, axis=1)
    groups = np.vstack([np.arange(size), chosen[:, :size]])
    means = white[groups].mean(1)
    return (means**2).sum(1) * size * total / (total - size)


def _whitened(features: Float[np.ndarray, "n q"]) -> Float[np.ndarray, "n p"]:
    scale = features.std(0)
    used = scale > _SINGULAR
    features = features[:, used] / scale[used]
    left, singular, _ = np.linalg.svd(features, full_matrices=False)
    kept = singular > _SINGULAR * singular.max(initial=0.0)
    return left[:, kept] * np.sqrt(len(features))


def _logarithms(
    measured: Float[np.ndarray, "d k"], samples: Float[np.ndarray, "D k"]
) -> tuple[Float[np.ndarray, "d p"], Float[np.ndarray, "D p"]]:
    """Take logarithms, of 0 as that of a billionth of the largest eigenvalue."""
    floor = _TINY * max(float(measured.max()), float(samples.max()))
    return np.log(np.maximum(measured, floor)), np.log(np.maximum(samples, floor))


def _log_density(
    measured: Float[np.ndarray, "d k"], samples: Float[np.ndarray, "D k"]
) -> float:
    """Sum the predictive Student log densities of a normal law of unknown moments."""
    seen, known = _logarithms(measured, samples)
    size = len(known)
    used = known.std(0) > _SINGULAR
    seen, known = seen[:, used], known[:, used]
    k = known.shape[1]
    freedom = size - k
    if k == 0 or freedom < 1:
        return 0.0
    centred = known - known.mean(0)
    scale = centred.T @ centred * (1 + 1 / size) / freedom
    factor = np.linalg.cholesky(scale)
    distance = (np.linalg.solve(factor, (seen - known.mean(0)).T) ** 2).sum(0)
    constant = gammaln((freedom + k) / 2) - gammaln(freedom / 2)
    constant -= k / 2 * np.log(freedom * np.pi) + np.log(np.diag(factor)).sum()
    return float((constant - (freedom + k) / 2 * np.log1p(distance / freedom)).sum())
