"""Outliers over batch sizes and draws: ragged, censored, and how much they spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import digamma, polygamma

from eigenscape.core.records import Estimate
from eigenscape.spectra.split import SpectrumSplit
from eigenscape.spectra.spread_exponent import spread_exponent

_EXACT = 1e-4


@dataclass(frozen=True)
class OutlierObservations:
    """The leading k outliers of every draw, or the bound below which they hide.

    Attributes:
        batch_sizes: Batch sizes, ascending.
        noise_scale_squared: (n − b)/(n − 1) for draws without replacement from n
            examples, 1 for independent draws: what multiplies b^(−2υ).
        values: Outliers, descending in the last axis; NaN where none was seen or
            there was no such draw.
        bounds: What an unseen outlier lies below, the same for every draw of a size;
            NaN where there was no such draw.
    """

    batch_sizes: Float[np.ndarray, " b"]
    noise_scale_squared: Float[np.ndarray, " b"]
    values: Float[np.ndarray, "b d k"]
    bounds: Float[np.ndarray, "b d"]

    @property
    def seen(self) -> Int[np.ndarray, "b k"]:
        """Count the draws in which each outlier was seen.

        Returns:
            Counts.
        """
        return np.isfinite(self.values).sum(1)

    @property
    def draws(self) -> Int[np.ndarray, " b"]:
        """Count the draws at each batch size.

        Returns:
            Counts.
        """
        return np.isfinite(self.bounds).sum(1)

    @property
    def complete(self) -> Bool[np.ndarray, "b k"]:
        """Say which outliers were seen in every draw.

        Returns:
            True where none is censored.
        """
        return self.seen == self.draws[:, None]

    @property
    def means(self) -> Float[np.ndarray, "b k"]:
        """Average each outlier over the draws in which it was seen.

        Returns:
            Means; NaN where an outlier was never seen.
        """
        total = np.nansum(self.values, axis=1)
        return np.where(self.seen > 0, total / np.maximum(self.seen, 1), np.nan)


def observe_outliers(
    batch_sizes: Sequence[int],
    splits: Sequence[Sequence[SpectrumSplit]],
    *,
    population: int | None,
    count: int | None = None,
) -> OutlierObservations:
    """Gather the upper outliers of splits, at every batch size and draw.

    The bulk edge at a batch size is the median of its draws' edges, widened by the
    resolution of the splits. The i-th largest eigenvalue of a draw is its i-th outlier
    where it lies above that edge, and is bounded by it otherwise; so one draw that is
    split too coarsely or too finely among ten changes little.

    Args:
        batch_sizes: Batch sizes, strictly ascending.
        splits: For each batch size the splits of its draws.
        population: The n examples batches are drawn from without replacement, or
            None for independent draws.
        count: The number k of outliers to follow; by default the median number
            seen at the largest batch size.

    Returns:
        The observations.

    Raises:
        ValueError: The arguments do not fit each other, there are fewer than two
            draws at a batch size, or no outlier is seen at the largest one.
    """
    sizes = np.asarray(batch_sizes, dtype=float)
    _check(sizes, splits, population)
    if count is None:
        count = int(np.median([s.upper.size for s in splits[-1]]))
    if count < 1:
        message = (
            f"splits: expected an outlier above the bulk at b = {sizes[-1]:g}, the "
            "largest batch size; there is nothing to follow, try larger batches"
        )
        raise ValueError(message)
    if min(s.upper[:count].min(initial=np.inf) for s in splits[-1]) <= 0:
        message = "splits: expected positive outliers, which noise moves outwards"
        raise ValueError(message)
    most = max(len(row) for row in splits)
    values = np.full((sizes.size, most, count), np.nan)
    bounds = np.full((sizes.size, most), np.nan)
    for i, row in enumerate(splits):
        for d, split in enumerate(row):
            top = _largest(split)[:count]
            values[i, d, : top.size] = top
        bounds[i, : len(row)] = _bound(row)
    values[~(values > bounds[:, :, None])] = np.nan
    n = population
    left = np.ones_like(sizes) if n is None else (n - sizes) / max(n - 1, 1)
    return OutlierObservations(sizes, left, values, bounds)


def _bound(row: Sequence[SpectrumSplit]) -> float:
    edge = float(np.median([split.bulk_edges[1] for split in row]))
    gap = max(split.relative_gap for split in row)
    return edge + abs(edge) * gap / (1 - gap)


def _largest(split: SpectrumSplit) -> Float[np.ndarray, " m"]:
    """List the outliers, the edge, and the nodes of the bulk below it."""
    edge = split.bulk_edges[1]
    nodes = split.bulk.nodes[0, split.bulk.weights[0] > 0]
    inner = np.sort(nodes[nodes < edge - _EXACT * abs(edge)])[::-1]
    return np.concatenate([split.upper, [edge], inner])


def _check(
    sizes: Float[np.ndarray, " b"],
    splits: Sequence[Sequence[SpectrumSplit]],
    population: int | None,
) -> None:
    if sizes.size < 3 or (np.diff(sizes) <= 0).any() or sizes[0] < 1:
        message = (
            "batch_sizes: expected at least 3 strictly ascending positive sizes, to "
            f"tell spikes, noise and exponent apart, got {sizes.tolist()}"
        )
        raise ValueError(message)
    if len(splits) != sizes.size:
        message = (
            f"splits: expected one row a batch size, {sizes.size}, got {len(splits)}"
        )
        raise ValueError(message)
    if any(len(row) < 2 for row in splits):
        message = "splits: expected at least 2 draws at every batch size, for a spread"
        raise ValueError(message)
    if population is not None and population < sizes[-1]:
        message = (
            f"population: expected at least the largest batch size {sizes[-1]:g}, "
            f"got {population}"
        )
        raise ValueError(message)


@dataclass(frozen=True)
class OutlierSpread:
    """The scatter of outliers over draws, pooled over cells.

    Attributes:
        deviations: Standard deviation of one draw.
        correlation: Correlation of the k outliers of one draw, pooled over batch
            sizes and shrunk towards independence by k / draws.
        degrees_of_freedom: How many degrees of freedom the pooled scatter rests on.
        exponent: κ in a scatter that grows as λ^κ with the outlier; None where that
            cannot be told.
    """

    deviations: Float[np.ndarray, "b k"]
    correlation: Float[np.ndarray, "k k"]
    degrees_of_freedom: int
    exponent: Estimate | None = None


def outlier_spread(observations: OutlierObservations) -> OutlierSpread:
    """Estimate the scatter of outliers, sharing strength between batch sizes.

    Sample variances of ten draws are too rough to weight a fit by. They are moved
    towards a log-linear trend, log v = cᵢ + q log s², by the empirical-Bayes rule of
    Smyth: v = (d₀ v_trend + (n−1) v_sample) / (d₀ + n−1), with d₀ from the scatter of
    log-variances in excess of its sampling value ψ′((n−1)/2).

    Args:
        observations: The observations.

    Returns:
        The spread.

    References:
        Smyth (2004), Stat. Appl. Genet. Mol. Biol. 3(1), Sec. 6.2.
    """
    obs = observations
    b, _, k = obs.values.shape
    trend = np.log(obs.batch_sizes) - np.log(np.maximum(obs.noise_scale_squared, 1e-12))
    sample = _sample_variances(obs)
    floor = (_EXACT * np.nan_to_num(obs.means, nan=1.0)) ** 2
    usable = obs.complete & (obs.noise_scale_squared[:, None] > 0) & (sample > floor)
    half = np.maximum(obs.draws[:, None] - 1, 1) / 2 * np.ones((b, k))
    if usable.any():
        rows, columns = np.nonzero(usable)
        x = np.zeros((rows.size, k + 1))
        x[np.arange(rows.size), columns] = 1
        x[:, k] = trend[rows]
        halves = half[usable]
        y = np.log(sample[usable]) - digamma(halves) + np.log(halves)
        # a half observation ties the intercepts of outliers seldom seen together
        tie = np.hstack([(np.eye(k) - 1 / k) / 2, np.zeros((k, 1))])
        coefficients = np.linalg.lstsq(
            np.vstack([x, tie]), np.append(y, np.zeros(k)), rcond=None
        )[0]
        smooth = np.exp(coefficients[:k] + coefficients[k] * trend[:, None])
        scatter = float(((y - x @ coefficients) ** 2).sum() / max(y.size - k - 1, 1))
        excess = max(scatter - float(polygamma(1, halves).mean()), 1e-3)
        prior = 2 / excess + 1
        pooled = (prior * smooth + 2 * half * sample) / (prior + 2 * half)
        variances = np.where(usable, pooled, smooth)
    else:
        variances = np.maximum(np.nan_to_num(sample), floor)
    exact = obs.noise_scale_squared[:, None] <= 0
    deviations = np.sqrt(np.maximum(np.where(exact, floor, variances), floor))
    dof = int((obs.draws - 1).sum())
    return OutlierSpread(
        deviations,
        _correlation(obs, deviations),
        max(dof, 1),
        spread_exponent(obs.means, sample, 2 * half, usable & (obs.means > 0)),
    )


def _sample_variances(obs: OutlierObservations) -> Float[np.ndarray, "b k"]:
    deviations = np.nan_to_num(obs.values - obs.means[:, None, :])
    return (deviations**2).sum(1) / np.maximum(obs.seen - 1, 1)


def _correlation(
    obs: OutlierObservations, deviations: Float[np.ndarray, "b k"]
) -> Float[np.ndarray, "k k"]:
    k = obs.values.shape[2]
    standard = (obs.values - obs.means[:, None, :]) / deviations[:, None, :]
    standard[np.broadcast_to(~obs.complete[:, None, :], standard.shape)] = np.nan
    rows = standard[obs.noise_scale_squared > 0].reshape(-1, k)
    rows = rows[np.isfinite(rows).all(1)]
    if rows.shape[0] < 2:
        return np.eye(k)
    second = rows.T @ rows
    scale = np.sqrt(np.maximum(np.diag(second), 1e-300))
    share = min(1.0, k / rows.shape[0])
    return (1 - share) * second / np.outer(scale, scale) + share * np.eye(k)
