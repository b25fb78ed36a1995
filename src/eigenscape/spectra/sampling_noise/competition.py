"""Noise laws side by side: which of them predicts measured batches, unfitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.sampling_noise.comparison import (
    PredictionComparison,
    compare_prediction,
)
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import (
    BatchPrediction,
    predict_batch_outliers,
)
from eigenscape.theory.sampling_noise.additive import sample_additive_outliers

REJECTED = 0.01
DECISIVE = 3.0

ADDITIVE = "additive"
UNWEIGHTED = "unweighted sampling"
WEIGHTED = "weighted sampling"
MEASURED = "weighted sampling, measured directions"
BOTH = "weighted sampling + additive"


@dataclass(frozen=True)
class Competitor:
    """One noise law, what it predicts and how it stands.

    Attributes:
        name: What it is called.
        prediction: Its prediction at the batch sizes measured.
        comparison: The measured draws against it.
    """

    name: str
    prediction: BatchPrediction
    comparison: PredictionComparison


@dataclass(frozen=True)
class NoiseCompetition:
    """Noise laws held against the same draws.

    Attributes:
        competitors: The laws, simplest first.
        best: Name of the simplest law within 3 of the largest log-likelihood, among
            those with a p-value of at least 1 % where there are any. Measured
            directions resample these very examples; they win only where no law stands.
        verdict: What the draws say, in a sentence.
    """

    competitors: tuple[Competitor, ...]
    best: str
    verdict: str

    def competitor(self, name: str) -> Competitor:
        """Pick one law.

        Args:
            name: Its name.

        Returns:
            The law.

        Raises:
            ValueError: There is no such law.
        """
        for competitor in self.competitors:
            if competitor.name == name:
                return competitor
        known = ", ".join(c.name for c in self.competitors)
        message = f"name: expected one of {known}, got {name!r}"
        raise ValueError(message)


def compare_noise_models(
    population: PopulationCurvature,
    batch_sizes: Sequence[int],
    draws: Sequence[Float[np.ndarray, "_ k"]],
    *,
    parameters: int,
    noise_variance: Sequence[Float[np.ndarray, " _"]] | None = None,
    samples: int = 200,
    rng: np.random.Generator,
) -> NoiseCompetition:
    """Hold every noise law against measured outliers, none of them fitted.

    Additive noise H_b = A + sX, X free from A, has s² = E‖(H_b − H)z‖² over unit z:
    measured, or that of sampled examples. Unweighted sampling is a Wishart matrix of b
    degrees of freedom. Weighted sampling has the measured weights, with elliptical or
    measured directions. Weighted sampling + additive gives free noise what a measured
    s² has in excess of sampling, where that is more than two standard errors.

    Args:
        population: The curvature on all the data and of every example.
        batch_sizes: Batch sizes.
        draws: For each, the largest eigenvalues of independent batches, descending.
        parameters: P, the size of A.
        noise_variance: Draws of ‖(H_b − H)z‖² at each batch size, at least two; None
            if it was not measured, and then additive noise has that of the examples.
        samples: Predicted batches at each size.
        rng: Random numbers.

    Returns:
        The laws, and the verdict.
    """
    count = draws[0].shape[1]
    sampled = np.array([
        sampling_variance(population, b, parameters) for b in batch_sizes
    ])
    variances, excess = sampled, np.zeros_like(sampled)
    if noise_variance is not None:
        variances = np.array([float(values.mean()) for values in noise_variance])
        sizes = np.array(batch_sizes, dtype=float)
        excess = _excess(noise_variance, sampled, sizes, population.examples)
    equal = replace(
        population,
        example_eigenvalues=np.full(
            (population.examples, 1), population.mean_curvature
        ),
        projections=None,
        population=None,
    )

    def elliptical(of: PopulationCurvature, several: int = count) -> BatchPrediction:
        return predict_batch_outliers(
            of, batch_sizes, count=several, draws=samples, rng=rng
        )

    def noisy(of: BatchPrediction, added: Float[np.ndarray, " m"]) -> BatchPrediction:
        rests = np.maximum(population.trace - of.samples.sum(2).mean(1), 0.0)
        moved = [
            sample_additive_outliers(
                rows, variance, parameters, remainder=rest, count=count, rng=rng
            )
            for rows, variance, rest in zip(
                of.samples, added.tolist(), rests.tolist(), strict=True
            )
        ]
        return replace(of, spikes=of.spikes[:count], samples=np.stack(moved))

    weighted = elliptical(population)
    exact = _exact(population, weighted, count)
    laws = {
        ADDITIVE: noisy(exact, variances),
        UNWEIGHTED: elliptical(equal),
        WEIGHTED: weighted,
    }
    if population.projections is not None:
        laws[MEASURED] = predict_batch_outliers(
            population,
            batch_sizes,
            count=count,
            draws=samples,
            rng=rng,
            directions="measured",
        )
    if excess.any():
        known = min(population.spikes.size, parameters)
        laws[BOTH] = noisy(elliptical(population, max(known, count)), excess)
    competitors = tuple(
        Competitor(name, law, compare_prediction(law, draws, rng=rng))
        for name, law in laws.items()
    )
    best = _simplest(competitors)
    return NoiseCompetition(competitors, best.name, _judge(competitors, best))


def sampling_variance(
    population: PopulationCurvature, batch_size: int, parameters: int
) -> float:
    """Compute E‖(H_b − H)z‖² over unit z for a batch of sampled examples.

    It is (E ∑ₖ eᵢₖ² − tr A²)/(bP) times (n − b)/(n − 1).

    Args:
        population: The curvature on all the data and of every example.
        batch_size: b.
        parameters: P.

    Returns:
        The variance s(b)², in units of the eigenvalue squared.
    """
    n = population.examples
    left = (n - batch_size) / max(n - 1, 1)
    own = float((population.example_eigenvalues**2).sum(1).mean())
    shared = float((population.spikes**2).sum())
    return left * max(own - shared, 0.0) / (batch_size * parameters)


def _excess(
    draws: Sequence[Float[np.ndarray, " _"]],
    sampled: Float[np.ndarray, " m"],
    sizes: Float[np.ndarray, " m"],
    examples: int,
) -> Float[np.ndarray, " m"]:
    # A multiple of 1/b, times (n − b)/(n − 1) if it comes with the examples, as what
    # lies beyond Gauss-Newton does: whichever the draws are nearer to. Or none.
    means = np.array([float(values.mean()) for values in draws])
    errors = np.array([float(row.std(ddof=1)) / np.sqrt(row.size) for row in draws])
    # a floor: ten draws underestimate a heavy-tailed spread at times
    errors = np.maximum(errors, 0.25 * np.median(errors * sizes) / sizes)
    errors = np.maximum(errors, np.finfo(float).tiny)
    best, found = np.inf, np.zeros_like(sampled)
    for left in ((examples - sizes) / max(examples - 1, 1), np.ones_like(sizes)):
        slope, over = left / sizes / errors, (means - sampled) / errors
        reach = float(slope @ slope)
        share = float(slope @ over) / reach if reach else 0.0
        misfit = float(((over - share * slope) ** 2).sum())
        if misfit < best:
            clear = share * np.sqrt(reach) > 2
            best, found = misfit, share * left / sizes if clear else 0 * sampled
    return found


def _exact(
    population: PopulationCurvature, prediction: BatchPrediction, count: int
) -> BatchPrediction:
    """Say that no batch differs from all the data."""
    spikes = population.spikes[population.spikes > 0][: 2 * count]
    shape = (*prediction.samples.shape[:2], spikes.size)
    samples = np.broadcast_to(spikes, shape).copy()
    return replace(prediction, spikes=spikes, samples=samples)


def _simplest(competitors: tuple[Competitor, ...]) -> Competitor:
    standing = [c for c in competitors if c.comparison.p_value >= REJECTED]
    laws = [c for c in standing if c.name != MEASURED]
    rivals = laws or standing or list(competitors)
    top = max(c.comparison.log_likelihood for c in rivals)
    near = [c for c in rivals if c.comparison.log_likelihood >= top - DECISIVE]
    return near[0]


def _judge(competitors: tuple[Competitor, ...], best: Competitor) -> str:
    comparison = best.comparison
    if comparison.p_value < REJECTED:
        error = 100 * float(np.nanmedian(np.abs(comparison.relative_errors)))
        return (
            f"no noise law predicts these batches; {best.name} misses by least, by "
            f"{error:.0f} % in the median"
        )
    sentence = f"{best.name} predicts these batches (p = {comparison.p_value:.2g})"
    others = [
        c.name
        for c in competitors
        if c is not best and c.comparison.p_value >= REJECTED
    ]
    refused = [c.name for c in competitors if c.comparison.p_value < REJECTED]
    if others:
        sentence += f"; so does {', '.join(others)}"
    if refused:
        sentence += f"; refused: {', '.join(refused)}"
    return sentence
