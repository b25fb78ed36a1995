"""The bulk of a batch of weighted examples: a free product with their noise.

With ν the law of A without its spikes, in dimension P, H_b = A^½ X A^½ where
X = (1/b) ∑ wᵢₖ gᵢₖ gᵢₖᵀ over bc independent rows is free from A. In the limit X is
compound free Poisson: bc/P rows a dimension with jumps Pw/b. The bulk of H_b is
ν ⊠ law(X); batches that are a fair share of all n examples have a narrower one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.convolution.multiplicative import free_multiplicative_convolution
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.law import Law
from eigenscape.theory.sampling_noise.deterministic import growth

_ATOMS = 64
_NEAREST = math.log(1e-9)  # of the bulk's edge, closer than which nothing is resolved


def sampling_noise_law(
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    dimension: int,
    *,
    atoms: int = _ATOMS,
) -> FreePoisson:
    """Compute the law of the noise X of mean 1 that multiplies A in a batch.

    Args:
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b.
        dimension: P, the size of A.
        atoms: Into how many atoms the positive weights are gathered, each the mean of
            weights of about the same size; they then keep their mean, and their second
            moment to about a thousandth for weights over four decades.

    Returns:
        The law of X.

    References:
        Marčenko and Pastur (1967), Distribution of eigenvalues for some sets of random
        matrices, Mathematics of the USSR-Sbornik 1, whose matrices these are.
    """
    positive = np.sort(weights[weights > 0])
    rate = batch_size * positive.size / (weights.shape[0] * dimension)
    places, shares = _gathered(positive, atoms)
    return FreePoisson(rate, Discrete(places * dimension / batch_size, shares))


def batch_bulk_law(
    weights: Float[np.ndarray, "m c"], batch_size: int, dimension: int, bulk: Law
) -> Law:
    """Compute the law of the bulk of H_b; its hull ends where outliers begin.

    Args:
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b, small against the number of examples.
        dimension: P.
        bulk: The law of A without its spikes, on [0, ∞).

    Returns:
        The law ν ⊠ law(X).
    """
    noise = sampling_noise_law(weights, batch_size, dimension)
    return free_multiplicative_convolution(bulk, noise)


@dataclass(frozen=True)
class BulkEdge:
    """Where noise drowns a spike, and where the bulk that drowns it ends.

    Attributes:
        threshold: θ₀: every spike above it makes an outlier.
        edge: The upper edge of the bulk of H_b, where the outlier of θ₀ would be.
    """

    threshold: float
    edge: float


def batch_bulk_edge(
    weights: Float[np.ndarray, "m c"],
    batch_size: int,
    dimension: int,
    bulk: Law,
    *,
    population: int | None = None,
) -> BulkEdge:
    """Find the spike that sampling noise drowns in the bulk of H_b.

    A spike t has the surroundings τ = P (t g_ν(t) − 1); it is absorbed where its
    overlap 1 + t τ′(t) d log f/dτ is not positive.

    Args:
        weights: Weights wᵢₖ of m examples, of mean row sum 1.
        batch_size: b.
        dimension: P.
        bulk: The law of A without its spikes, on [0, ∞).
        population: n, for batches drawn without replacement; None for independent
            examples.

    Returns:
        The threshold, and the edge of the bulk.

    Raises:
        ValueError: The bulk has mass below 0, or is 0.
    """
    hull = bulk.hull
    if hull.lower < 0 or hull.upper <= 0:
        message = f"bulk: expected a law on [0, ∞) other than δ(0), got {hull}"
        raise ValueError(message)

    def moved(distance: float) -> tuple[float, float]:
        t = hull.upper * (1 + math.exp(distance))
        g = float(np.real(bulk.stieltjes(np.array([t]))[0]))
        slope = float(np.real(bulk.stieltjes_derivative(np.array([t]))[0]))
        tau = dimension * (t * g - 1)
        found = growth(weights, batch_size, population, tau)
        return 1 + t * dimension * (g + t * slope) * found.slope, t * found.factor

    low, high = _NEAREST, 0.0
    while moved(high)[0] < 0:
        high += 2
    if moved(low)[0] > 0:
        return BulkEdge(hull.upper, moved(low)[1])

    def overlap(distance: float) -> float:
        return moved(distance)[0]

    place = float(scipy.optimize.brentq(overlap, low, high, xtol=1e-12))
    return BulkEdge(hull.upper * (1 + math.exp(place)), moved(place)[1])


def _gathered(
    positive: Float[np.ndarray, " q"], atoms: int
) -> tuple[Float[np.ndarray, " a"], Float[np.ndarray, " a"]]:
    if positive.size <= atoms:
        places, counts = np.unique(positive, return_counts=True)
        return places, counts / positive.size
    # steps of equal ratio over what carries mass, and one for all the lighter
    light = positive[-1] * 1e-4
    steps = np.geomspace(max(light, positive[0]), positive[-1], atoms)
    group = np.searchsorted(steps, positive)
    counts = np.bincount(group)
    sums = np.bincount(group, weights=positive)
    used = counts > 0
    return sums[used] / counts[used], counts[used] / positive.size
