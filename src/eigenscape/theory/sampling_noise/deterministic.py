"""Where the spikes of A appear in a batch of weighted examples, in the limit.

Examples are rows √wᵢₖ yᵢₖ with y of covariance A and weights of mean ∑ₖ wᵢₖ = 1, so
that H_b = (1/b) ∑ₖ wᵢₖ yᵢₖ yᵢₖᵀ over the batch has mean A. With τᵢ = ∑ⱼ≠ᵢ θⱼ/(θᵢ − θⱼ)
and γ the root of b E[∑ₖ wₖγ/(1 − wₖγ)] = τᵢ, the spike θᵢ goes to

    z = θᵢ f,   f = τᵢ/(bγ)                      for independent examples,
                f = (n/b) τᵢ/(τᵢ + (n − b) γ)    for a batch of n without replacement.

The first is z = θᵢ E[w/(1 − wT/(bz))] with T = θᵢτᵢ. The second follows from the rows
conditioned on A being exactly the mean over all n: H_b is then (n/b) A^½ M A^½ with
M = S^(−½) S_B S^(−½), S_B and S the sums of w g gᵀ over batch and population, and
(m − M)^(−1) has its trace from the sum of rows with weights mw and (m − 1)w. Equal
weights give the free Jacobi law, f = (1 + τ/b)/(1 + τ/n). Both agree to first order:
z ≈ θᵢ + (1 − b/n) E[∑ₖ wₖ²] T/b.

References:
    The separable deterministic equivalent: Couillet and Hachem (2014), Analysis of the
    limiting spectral measure of large random matrices of the separable covariance type,
    Random Matrices: Theory and Applications 3; equal weights: Bai and Yao (2008),
    Central limit theorems for eigenvalues in a spiked population model, Annales de
    l'Institut Henri Poincaré 44. Sampling without replacement is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

LEAST_EXAMPLES = 8.0


@dataclass(frozen=True)
class SampledOutliers:
    """Outliers of a batch in the limit of many examples and directions.

    Attributes:
        locations: z, one a spike, in the units of the eigenvalue; NaN where the limit
            does not hold.
        overlaps: Squared cosine between the outlier's eigenvector and the spike's.
        covariance: Gaussian fluctuation of the locations from batch to batch.
        effective_examples: How many examples of a batch carry each shift.
        reasons: Why a location is NaN; empty where it is not.
    """

    locations: Float[np.ndarray, " k"]
    overlaps: Float[np.ndarray, " k"]
    covariance: Float[np.ndarray, "k k"]
    effective_examples: Float[np.ndarray, " k"]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Spike:
    """One spike at its root γ, and what its place and spread need."""

    place: float
    overlap: float
    direction_variance: float
    response: Float[np.ndarray, " m"]
    effective: float


def sampled_outliers(
    spikes: Float[np.ndarray, " K"],
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    *,
    remainder: float = 0.0,
    population: int | None = None,
    count: int | None = None,
) -> SampledOutliers:
    """Place the outliers of a batch of b weighted examples, with their spread.

    The limit averages over many examples. A shift that rests on fewer than 8 of a batch
    (participation ratio; below it simulated batches leave it by more than their spread)
    is refused: then single examples make outliers of their own, near wt/b, and
    `sample_batch_outliers` still holds. So does a spike whose overlap is not positive:
    noise mixes it with its neighbours or the bulk.

    Args:
        spikes: Eigenvalues θ of A outside its remainder, positive, descending.
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b.
        remainder: Trace of A outside the spikes, spread over many small eigenvalues.
        population: n, for batches drawn without replacement; None for independent
            examples.
        count: How many of the spikes to follow; all by default.

    Returns:
        The outliers, one a spike.
    """
    check_noise(spikes, weights, batch_size, remainder, population)
    count = spikes.size if count is None else count
    if batch_size == population:
        return _exact(spikes[:count], batch_size)
    found = [
        _follow(spikes, i, weights, batch_size, population, remainder)
        for i in range(count)
    ]
    reasons = tuple(_reason(spike) for spike in found)
    share = _left(batch_size, population)
    places = np.array([s.place for s in found])
    response = np.stack([s.response for s in found]) * places[:, None]
    covariance = np.cov(response, bias=True).reshape(count, count) * share / batch_size
    covariance += np.diag([s.direction_variance for s in found])
    lost = np.array([bool(reason) for reason in reasons])
    covariance[lost] = covariance[:, lost] = np.nan
    return SampledOutliers(
        locations=np.where(lost, np.nan, places),
        overlaps=np.where(lost, np.nan, [s.overlap for s in found]),
        covariance=covariance,
        effective_examples=np.array([s.effective for s in found]),
        reasons=reasons,
    )


def sampling_shift(
    spikes: Float[np.ndarray, " K"], *, remainder: float = 0.0
) -> Float[np.ndarray, " K"]:
    """Compute Tᵢ = ∑ⱼ≠ᵢ θⱼθᵢ/(θᵢ − θⱼ): a batch shifts θᵢ by E[w²] Tᵢ/b at first.

    Args:
        spikes: Distinct eigenvalues θ, positive, descending.
        remainder: Trace of A outside the spikes.

    Returns:
        One T a spike; negative where a larger spike is near.
    """
    gaps = spikes[:, None] - spikes
    np.fill_diagonal(gaps, np.inf)
    with np.errstate(divide="ignore"):
        return spikes * (spikes / gaps).sum(1) + remainder


def check_noise(
    spikes: Float[np.ndarray, " K"],
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    remainder: float,
    population: int | None,
) -> None:
    """Refuse a model that is not one.

    Args:
        spikes: Eigenvalues θ.
        weights: Weights wᵢₖ.
        batch_size: b.
        remainder: Trace of A outside the spikes.
        population: n or None.

    Raises:
        ValueError: A number is out of its range.
    """
    if spikes.size == 0 or not (spikes > 0).all() or (np.diff(spikes) > 0).any():
        message = f"spikes: expected positive numbers, descending, got {spikes}"
        raise ValueError(message)
    mean = float(weights.sum(1).mean()) if weights.size else math.nan
    if not (weights >= 0).all() or not abs(mean - 1) <= 1e-6:
        message = (
            f"weights: expected numbers ≥ 0 of mean row sum 1, got a mean of {mean}; "
            "divide by it"
        )
        raise ValueError(message)
    if not 0 <= remainder < math.inf:
        message = f"remainder: expected a finite trace ≥ 0, got {remainder}"
        raise ValueError(message)
    most = math.inf if population is None else population
    if not 1 <= batch_size <= most:
        message = f"batch_size: expected 1 to {most}, got {batch_size}"
        raise ValueError(message)


def _left(batch_size: int, population: int | None) -> float:
    if population is None:
        return 1.0
    return (population - batch_size) / max(population - 1, 1)


@dataclass(frozen=True)
class Growth:
    """By how much a batch moves a spike of given surroundings τ.

    Attributes:
        factor: f = z/θ.
        slope: d log f/dτ.
        square: E[∑ₖ (wₖ/(1 − wₖγ))²].
        response: By how much log z answers to each example's share of the batch.
    """

    factor: float
    slope: float
    square: float
    response: Float[np.ndarray, " m"]


def growth(
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    population: int | None,
    surroundings: float,
) -> Growth:
    """Solve for γ, and compute f and what follows from it.

    Args:
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b.
        population: n; None for independent examples.
        surroundings: τ = ∑ⱼ≠ᵢ θⱼ/(θᵢ − θⱼ).

    Returns:
        The growth of the spike.
    """
    b = batch_size
    gamma = _root(weights, surroundings / b)
    ratio = weights / (1 - weights * gamma)
    first, square = float(ratio.sum(1).mean()), float((ratio**2).sum(1).mean())
    steep = first + gamma * square  # E[∑ w/(1 − wγ)²], so γ′ = 1/(b · steep)
    factor, kept, spared = first, 1.0, 0.0
    if population is not None:
        rest = population - b
        factor = population * first / (b * first + rest)
        kept, spared = rest / (b * first + rest), b / (b * first + rest)
    load = ratio.sum(1)
    response = kept * load / steep + spared * weights.sum(1)
    return Growth(factor, kept * square / (b * first * steep), square, response)


def _follow(
    spikes: Float[np.ndarray, " K"],
    which: int,
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    population: int | None,
    remainder: float,
) -> _Spike:
    theta, b = float(spikes[which]), batch_size
    others = np.delete(spikes, which)
    gaps = theta - others
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = float((others / gaps).sum()) + remainder / theta
    if not gaps.all() or tau <= -b * float((weights > 0).sum(1).mean()):
        nan = math.nan
        return _Spike(nan, nan, nan, np.zeros(weights.shape[0]), nan)
    tau_slope = -float((others / gaps**2).sum()) - remainder / theta**2
    moved = growth(weights, b, population, tau)
    place, overlap = theta * moved.factor, 1 + theta * tau_slope * moved.slope
    single = moved.square / place**2
    bend = float(((others * theta / gaps) ** 2).sum()) / b * single
    double = single / (1 - bend) if bend < 1 else math.nan
    speed = overlap * moved.factor  # dz/dθ
    variance = 2 / b * _left(b, population) * double * theta**4 * speed**2
    spread = float((moved.response**2).mean()) / float(moved.response.mean()) ** 2
    return _Spike(place, overlap, variance, moved.response, b / spread)


def _reason(spike: _Spike) -> str:
    if math.isnan(spike.place):
        return "a larger spike is too near"
    if not spike.overlap > 0 or math.isnan(spike.direction_variance):
        return "noise mixes the spike with its neighbours or the bulk"
    if spike.effective < LEAST_EXAMPLES:
        return f"the shift rests on {spike.effective:.1f} examples of a batch"
    return ""


def _root(weights: Float[np.ndarray, "m c"], load: float) -> float:
    """Solve E[∑ₖ wₖγ/(1 − wₖγ)] = load for the γ on the branch through 0."""
    if load == 0:
        return 0.0
    top = float(weights.max())

    def excess(gamma: float) -> float:
        return float((weights * gamma / (1 - weights * gamma)).sum(1).mean()) - load

    if load > 0:
        high = load  # E[∑ w γ/(1 − wγ)] ≥ γ
        low, high = 0.0, min(high, (1 - 1e-14) / top)
    else:
        low, high = -1.0 / top, 0.0
        while excess(low) > 0:
            low *= 2
    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-300, rtol=1e-14))


def _exact(spikes: Float[np.ndarray, " k"], batch_size: int) -> SampledOutliers:
    k = spikes.size
    return SampledOutliers(
        locations=spikes.copy(),
        overlaps=np.ones(k),
        covariance=np.zeros((k, k)),
        effective_examples=np.full(k, float(batch_size)),
        reasons=("",) * k,
    )
