"""BatchPrediction: outliers at every batch size, from one measurement on all data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.theory.sampling_noise.deterministic import sampling_shift
from eigenscape.theory.sampling_noise.finite_size import sample_batch_outliers
from eigenscape.theory.sampling_noise.resampling import resample_batch_outliers

Directions = Literal["elliptical", "measured"]


@dataclass(frozen=True)
class BatchPrediction:
    """The joint law of the largest eigenvalues of a batch, by draws from it.

    Attributes:
        batch_sizes: Batch sizes, in the order asked for.
        spikes: The eigenvalues θ on all the data that the outliers belong to; 0 where
            fewer are known.
        samples: Eigenvalues of independent predicted batches, descending.
    """

    batch_sizes: Int[np.ndarray, " m"]
    spikes: Float[np.ndarray, " k"]
    samples: Float[np.ndarray, "m d k"]

    @property
    def mean(self) -> Float[np.ndarray, "m k"]:
        """Mean over batches."""
        return self.samples.mean(1)

    @property
    def standard_deviation(self) -> Float[np.ndarray, "m k"]:
        """Standard deviation of one batch."""
        return self.samples.std(1, ddof=1)

    def interval(
        self, level: float = 0.95
    ) -> tuple[Float[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
        """Bound the outliers of one batch.

        Args:
            level: Probability with which each outlier lies inside.

        Returns:
            Lower and upper ends, the (1 ± level)/2 quantiles.
        """
        _require_probability("level", level)
        ends = (1 - level) / 2, (1 + level) / 2
        lower, upper = np.quantile(self.samples, ends, axis=1)
        return lower, upper

    def unstable_probability(
        self, learning_rate: float, *, momentum: float = 0.0
    ) -> Float[np.ndarray, " m"]:
        """Compute how often λ_max(b) exceeds 2 (1 + β)/η.

        Args:
            learning_rate: The rate η of the step.
            momentum: Heavy-ball momentum β.

        Returns:
            The share of batches on whose own loss the step overshoots, one a size.
        """
        bound = 2 * (1 + momentum) / learning_rate
        return (self.samples[:, :, 0] > bound).mean(1)

    def stable_learning_rate(
        self, *, probability: float = 0.95, momentum: float = 0.0
    ) -> Float[np.ndarray, " m"]:
        """Find the largest rate at which a step is stable with some probability.

        This is the law of a batch held fixed, and so is its factor 1 + β: on batches
        drawn anew at each step momentum can lower the rate (`mean_square_rate`).

        The rate is 2 (1 + β)/q with q the quantile of λ_max(b), but no larger than that
        of all the data: λ_max of a batch is at least θ₁ in the mean, and a quantile
        below it says only that few batches hold the curvature.

        Args:
            probability: With which a step is stable.
            momentum: Heavy-ball momentum β.

        Returns:
            One rate a batch size: proportional to b where the examples' own curvature
            outweighs θ₁, constant beyond `noise_batch_size`.

        References:
            Polyak (1964), Some methods of speeding up the convergence of iteration
            methods, for the factor 1 + β.
        """
        _require_probability("probability", probability)
        top = np.quantile(self.samples[:, :, 0], probability, axis=1)
        return 2 * (1 + momentum) / np.maximum(top, self.spikes[0])


def predict_batch_outliers(
    population: PopulationCurvature,
    batch_sizes: Sequence[int],
    *,
    count: int = 5,
    draws: int = 200,
    rng: np.random.Generator,
    directions: Directions = "elliptical",
) -> BatchPrediction:
    """Predict the largest eigenvalues of batches, with nothing fitted.

    "elliptical" directions are normal with the covariance of all the data, independent
    of the weights and of each other; "measured" ones are the examples' own. Measured
    weights hold the length of a normal direction too, which overstates the shifts of
    elliptical examples by at most the share 2 ∑ θⱼ²/t².

    The residual part of a Hessian is laid over the eigenvalues x of the sampled
    Gauss–Newton matrices: with s = (n − b)/((n − 1) b) and its `residual_noise`, they
    become the largest eigenvalues of the matrix of blocks diag(x) + W, √v and 0. W is
    symmetric normal of variances s · within · τ, between the j-th and the k-th
    eigenvalue as between these eigenvectors, and v = s · across · τ couples the j-th to
    a direction of little curvature; τ = χ²/ν of ν degrees of freedom is the batch's.

    Args:
        population: The curvature on all the data and of every example.
        batch_sizes: Batch sizes from 1 to n.
        count: How many eigenvalues to predict.
        draws: Batches drawn at each size; the standard error of a mean is
            `standard_deviation` / √draws.
        rng: Random numbers.
        directions: Where the examples' curvature points.

    Returns:
        The prediction.

    Raises:
        ValueError: A size is not between 1 and n, or the directions are not known.
    """
    sizes = np.asarray(batch_sizes, dtype=np.int64)
    n = population.examples
    if sizes.size == 0 or not ((sizes >= 1) & (sizes <= n)).all():
        message = f"batch_sizes: expected sizes from 1 to n = {n}, got {sizes.tolist()}"
        raise ValueError(message)
    if directions not in get_args(Directions):
        message = (
            f"directions: expected one of {get_args(Directions)}, got {directions!r}"
        )
        raise ValueError(message)
    draw = _elliptical if directions == "elliptical" else _measured
    noise = population.residual_noise
    several = count if noise is None else max(count, noise.across.size)
    found = [
        _stirred(draw(population, b, several, draws, rng), population, b, rng)
        for b in sizes.tolist()
    ]
    spikes = np.zeros(count)
    spikes[: population.spikes.size] = population.spikes[:count]
    return BatchPrediction(sizes, spikes, np.stack(found)[:, :, :count])


def noise_batch_size(population: PopulationCurvature) -> float:
    """Compute E[∑ₖ wₖ²] T₁/θ₁, the batch size that doubles the largest eigenvalue.

    Well below it λ_max(b) falls as 1/b; well above it λ_max(b) is nearly θ₁.

    Args:
        population: The curvature on all the data and of every example.

    Returns:
        The batch size at which the first-order shift of θ₁ equals θ₁.
    """
    spikes = population.spikes[population.spikes > 0]
    shift = sampling_shift(spikes, remainder=population.remainder)[0]
    second = float((population.weights**2).sum(1).mean())
    return second * float(shift / spikes[0])


def _elliptical(
    population: PopulationCurvature,
    batch_size: int,
    count: int,
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    return sample_batch_outliers(
        population.spikes[population.spikes > 0],
        population.weights,
        batch_size,
        remainder=population.remainder,
        population=population.examples,
        count=count,
        draws=draws,
        rng=rng,
    )


def _measured(
    population: PopulationCurvature,
    batch_size: int,
    count: int,
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    projections = population.projections
    if projections is None:
        message = (
            "population: expected projections for measured directions, got none; "
            "measure them or predict with elliptical directions"
        )
        raise ValueError(message)
    return resample_batch_outliers(
        population.spikes,
        population.example_eigenvalues,
        projections,
        batch_size,
        population=population.examples,
        count=count,
        draws=draws,
        rng=rng,
    )


def _stirred(
    values: Float[np.ndarray, "d k"],
    population: PopulationCurvature,
    batch_size: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    noise, n = population.residual_noise, population.examples
    if noise is None or batch_size == n:
        return values
    share = (n - batch_size) / (n - 1) / batch_size
    draws, count = values.shape
    known = noise.across.size
    deviations = np.zeros((count, count))
    deviations[:known, :known] = np.sqrt(share * np.maximum(noise.within, 0.0))
    normal = np.tril(rng.standard_normal((draws, count, count)) * deviations)
    across = np.maximum(noise.across[np.minimum(np.arange(count), known - 1)], 0.0)
    spread = np.ones((draws, 1))
    if math.isfinite(noise.freedom):
        spread = rng.chisquare(noise.freedom, (draws, 1)) / noise.freedom
    coupling = np.sqrt(share * across * spread)
    lower = normal * np.sqrt(spread)[:, :, None]
    place = np.arange(count)
    matrices = np.zeros((draws, 2 * count, 2 * count))
    matrices[:, :count, :count] = lower + np.tril(lower, -1).swapaxes(1, 2)
    matrices[:, place, place] += values
    matrices[:, place, count + place] = coupling
    matrices[:, count + place, place] = coupling
    return np.linalg.eigvalsh(matrices)[:, : -count - 1 : -1]


def _require_probability(name: str, value: float) -> None:
    if not 0 < value < 1:
        message = f"{name}: expected a probability between 0 and 1, got {value}"
        raise ValueError(message)
