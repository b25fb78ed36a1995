"""Mean determinants of sampled matrices, beside what the limit says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.batch_landscape import determinant_rate
from eigenscape.theory import free_additive_convolution
from eigenscape.theory.ensembles import Ensemble


@dataclass(frozen=True)
class DeterminantCheck:
    """One sum of ensembles whose mean determinant was sampled.

    Attributes:
        name: The sum.
        dimension: N.
        rate: ∫ log|λ| of the free sum.
        sampled: (1/N) log E|det|.
    """

    name: str
    dimension: int
    rate: float
    sampled: Estimate


def log_mean_determinant(spectra: Float[np.ndarray, "s n"]) -> Estimate:
    """Estimate (1/N) log E|det H|.

    Args:
        spectra: Independent spectra, one a row.

    Returns:
        The logarithm of the mean, over N; its standard error is that of the mean,
        relative to it. The estimate is biased low where few samples carry the mean.
    """
    samples, size = spectra.shape
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(spectra)).sum(axis=1)
    ratios = np.exp(logs - logs.max())
    spread = float(ratios.std(ddof=1) / ratios.mean()) if samples > 1 else 0.0
    value = (float(scipy.special.logsumexp(logs)) - math.log(samples)) / size
    return Estimate(value, spread / math.sqrt(samples) / size, samples)


def check_determinant(
    name: str,
    first: Ensemble,
    second: Ensemble,
    size: int,
    samples: int,
    *,
    rng: np.random.Generator,
) -> DeterminantCheck:
    """Sample (1/N) log E|det(A + X)| beside the free sum.

    Args:
        name: What to call the sum.
        first: The ensemble of A.
        second: The ensemble of X.
        size: N.
        samples: How many matrices.
        rng: Source of randomness.

    Returns:
        Both; they differ by O((log N)/N).
    """
    spectra = np.array([
        np.linalg.eigvalsh(first.sample(size, rng=rng) + second.sample(size, rng=rng))
        for _ in range(samples)
    ])
    law = free_additive_convolution(first.law, second.law)
    return DeterminantCheck(
        name, size, determinant_rate(law), log_mean_determinant(spectra)
    )
