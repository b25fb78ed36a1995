"""What sampling noise assumes, each assumption tested on its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from eigenscape.core import ConfidenceInterval, ConvergenceError
from eigenscape.spectra.sampling_noise.population import PopulationCurvature

_STEPS = 100
_SETTLED = 1e-10
_LEVEL = 0.95


@dataclass(frozen=True)
class NoiseScaling:
    """How the noise of a batch falls with its size.

    Attributes:
        exponent: q in E‖(H_b − H)z‖² = c b^(−q) (n − b)/(n − 1); sampling has q = 1.
        p_value: Of q = 1.
    """

    exponent: ConfidenceInterval
    p_value: float


@dataclass(frozen=True)
class Dependence:
    """Rank correlations that independence would make vanish.

    Attributes:
        correlations: Spearman's, one a direction uⱼ.
        p_value: Of independence, by permutation of the examples; its statistic is the
            sum of squared correlations.
    """

    correlations: Float[np.ndarray, " k"]
    p_value: float


def noise_scaling(
    batch_sizes: Sequence[int],
    noise_variance: Sequence[Float[np.ndarray, " _"]],
    *,
    population: int | None = None,
) -> NoiseScaling:
    """Fit the exponent of the noise by quasi-likelihood, and test that it is 1.

    The mean is fitted with a logarithmic link and a variance proportional to its
    square, which needs no law for the draws; errors are of the robust kind.

    Args:
        batch_sizes: Batch sizes below n, at least two of them different.
        noise_variance: Draws of ‖(H_b − H)z‖² or its mean over z at each batch size.
        population: The n examples batches are drawn from without replacement; None
            for independent examples.

    Returns:
        The exponent with its 95 % interval.

    Raises:
        ValueError: There are too few sizes or draws, or a draw is not positive.

    References:
        McCullagh (1983), Quasi-likelihood functions, Annals of Statistics 11; White
        (1980), A heteroskedasticity-consistent covariance matrix estimator,
        Econometrica 48, with the correction n/(n − 2).
    """
    sizes = np.repeat(np.asarray(batch_sizes, float), [v.size for v in noise_variance])
    values = np.concatenate(list(noise_variance))
    if np.unique(sizes).size < 2 or sizes.size < 4 or not (values > 0).all():
        message = (
            "noise_variance: expected at least 4 positive draws at 2 batch sizes, got "
            f"{values.size} at {np.unique(sizes).size}"
        )
        raise ValueError(message)
    left = np.ones_like(sizes)
    if population is not None:
        left = (population - sizes) / max(population - 1, 1)
    if not (left > 0).all():
        message = (
            f"batch_sizes: expected sizes below n = {population}, got {batch_sizes}"
        )
        raise ValueError(message)
    logs = np.log(sizes) - np.log(sizes).mean()
    design = np.column_stack([np.ones_like(logs), logs])
    scaled = values / left
    found, bread = _quasi_likelihood(design, scaled)
    excess = scaled * np.exp(-design @ found) - 1
    score = design * excess[:, None]
    freedom = values.size - 2
    covariance = bread @ score.T @ score @ bread * values.size / freedom
    error = float(np.sqrt(covariance[1, 1]))
    exponent, half = -float(found[1]), error * float(stats.t.ppf(0.975, freedom))
    interval = ConfidenceInterval(
        "exponent", exponent, exponent - half, exponent + half, _LEVEL
    )
    p_value = 2 * float(stats.t.sf(abs(exponent - 1) / error, freedom))
    return NoiseScaling(interval, p_value)


def _quasi_likelihood(
    design: Float[np.ndarray, "n q"], values: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " q"], Float[np.ndarray, "q q"]]:
    """Solve ∑ x (v/μ − 1) = 0 with log μ = x·β by scoring."""
    found = np.linalg.lstsq(design, np.log(values), rcond=None)[0]
    bread = np.linalg.inv(design.T @ design)
    residual = math.inf
    for _ in range(_STEPS):
        step = bread @ design.T @ (values * np.exp(-design @ found) - 1)
        found += np.clip(step, -1, 1)
        residual = float(np.abs(step).max())
        if residual < _SETTLED:
            return found, bread
    what = "the quasi-likelihood fit of the noise exponent"
    raise ConvergenceError(
        what, iterations=_STEPS, residual=residual, remedy="give more draws"
    )


def weight_direction_dependence(
    population: PopulationCurvature,
    *,
    rng: np.random.Generator,
    permutations: int = 999,
) -> Dependence:
    """Test whether heavy examples point elsewhere than light ones.

    The share ∑ₖ eᵢₖ (uⱼ · vᵢₖ)² / ∑ₖ eᵢₖ of an example's curvature on each direction
    of A is set against its whole curvature.

    Args:
        population: The curvature on all the data, with projections.
        rng: Random numbers.
        permutations: How many; the least p-value is 1/(permutations + 1).

    Returns:
        The correlations of share and curvature, and the p-value.
    """
    total = population.example_eigenvalues.sum(1)
    used = total > 0
    squares = (_projections(population)[used] ** 2).sum(1)
    return _dependence(
        total[used, None], squares / total[used, None], rng, permutations, paired=False
    )


def rank_dependence(
    population: PopulationCurvature,
    *,
    rng: np.random.Generator,
    permutations: int = 999,
) -> Dependence:
    """Test whether the two heaviest ranks of an example share directions.

    Being orthogonal, they repel on directions that carry much of an example; where
    single directions carry little, independent ranks do not.

    Args:
        population: The curvature on all the data, with projections.
        rng: Random numbers.
        permutations: How many; the least p-value is 1/(permutations + 1).

    Returns:
        For each direction, the correlation of both ranks' squared cosines with it, and
        the p-value.

    Raises:
        ValueError: Fewer than three examples have a second rank.
    """
    values = population.example_eigenvalues
    used = (values[:, :2] > 0).all(1) if values.shape[1] > 1 else np.zeros(1, bool)
    if used.sum() < 3:
        message = (
            "population: expected at least 3 examples of rank 2 or more, got "
            f"{used.sum()}"
        )
        raise ValueError(message)
    cosines = _projections(population)[used, :2] ** 2 / values[used, :2, None]
    return _dependence(cosines[:, 0], cosines[:, 1], rng, permutations, paired=True)


def _projections(population: PopulationCurvature) -> Float[np.ndarray, "m c k"]:
    """Project every example on the eigenvectors of all the others, to first order.

    An example pulls the eigenvectors of A towards itself, the more so the heavier it
    is: uⱼ gains ∑ₗ uₗ (uₗᵀGᵢuⱼ)/(n(θⱼ − θₗ)), and Gᵢuⱼ/(nθⱼ) outside the known ones.

    Returns:
        The projections.

    Raises:
        ValueError: They were not measured.
    """
    rows, spikes = population.projections, population.spikes
    if rows is None:
        message = "population: expected projections, got none; measure them"
        raise ValueError(message)
    gaps = spikes - spikes[:, None]
    with np.errstate(divide="ignore"):
        turns = np.where(gaps == 0, 0.0, 1 / gaps)
    own = rows.transpose(0, 2, 1) @ rows
    outside = population.example_eigenvalues[:, :, None] * rows - rows @ own
    pulled = rows @ (own * turns) + outside / spikes
    return rows - pulled / population.examples


def _dependence(
    first: Float[np.ndarray, "n _"],
    second: Float[np.ndarray, "n k"],
    rng: np.random.Generator,
    permutations: int,
    *,
    paired: bool,
) -> Dependence:
    first, second = _ranks(first), _ranks(second)

    def correlations(order: np.ndarray) -> Float[np.ndarray, " k"]:
        if paired:
            return (first[order] * second).sum(0)
        return first[order, 0] @ second

    seen = correlations(np.arange(len(first)))
    null = np.stack([
        correlations(rng.permutation(len(first))) for _ in range(permutations)
    ])
    larger = ((null**2).sum(1) >= (seen**2).sum()).sum()
    return Dependence(seen, float((1 + larger) / (1 + permutations)))


def _ranks(values: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    ranks = np.asarray(stats.rankdata(values, axis=0), dtype=np.float64)
    ranks -= ranks.mean(0)
    return ranks / np.maximum(np.linalg.norm(ranks, axis=0), 1e-300)
