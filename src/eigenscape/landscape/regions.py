"""A measured network as its batches see it: where on the way minima prevail.

The theory takes the noise of the batch Hessian for free from the Hessian, and here for
a semicircle. Three spectra say how far that holds on a network: that of the free sum,
that of H + QXQᵀ with the measured noise X turned by a random rotation Q, whose only
assumption is freeness, and that of the batches themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.batch_landscape import (
    BatchLandscape,
    determinant_rate,
    isotropic_log_density,
    rough_radius,
)
from eigenscape.landscape.sampled_determinants import log_mean_determinant
from eigenscape.theory import Discrete, Semicircle, cdf
from eigenscape.theory.eigenvector_universality import (
    ergodicity_test,
    haar_overlaps,
    representative_indices,
)
from eigenscape.theory.ensembles import haar_orthogonal


@dataclass(frozen=True)
class BatchSpectrum:
    """What counts for critical points in the spectrum of a batch Hessian.

    Attributes:
        lowest: Least eigenvalue, or the lower edge of the limit.
        negative: Share of negative eigenvalues.
        determinant_rate: (1/N) log E|det|.
    """

    lowest: float
    negative: float
    determinant_rate: float


@dataclass(frozen=True)
class Region:
    """A network at one checkpoint, as batches of one size see it.

    Attributes:
        checkpoint: Its name.
        epoch: Epochs trained.
        batch_size: b.
        parameters: N.
        gradient_norm: Norm of the gradient on all the data, with weight decay.
        gradient_deviation: Standard deviation of a component of the batch gradient.
        noise_variance: s²κ₂, mean of ‖H_b − H‖²/N in the Frobenius norm.
        trace_variance: v, N times the variance of tr H_b/N.
        free: The free sum of H and a semicircle of that variance.
        rotated: H + Q(H_b − H)Qᵀ.
        sampled: The batches.
        ergodicity_p_value: Whether the eigenvectors of H_b − H are ergodic in those of
            H: the least p-value of the batches, times their number.
        free_complexity: Σ(w) by the free sum and v.
        free_minima_complexity: The same of the minima; None for −∞.
        complexity: Σ(w) by the determinants of the batches.
        rough_radius: Radius of the ball that holds one critical point in the mean,
            by `complexity`.
    """

    checkpoint: str
    epoch: float
    batch_size: int
    parameters: int
    gradient_norm: float
    gradient_deviation: float
    noise_variance: float
    trace_variance: float
    free: BatchSpectrum
    rotated: BatchSpectrum
    sampled: BatchSpectrum
    ergodicity_p_value: float
    free_complexity: float
    free_minima_complexity: float | None
    complexity: float
    rough_radius: float


def measured_region(
    checkpoint: str,
    epoch: float,
    batch_size: int,
    *,
    hessian: Float[np.ndarray, "n n"],
    batches: Float[np.ndarray, "d n n"],
    gradient_norm: float,
    gradient_deviation: float,
    rng: np.random.Generator,
) -> Region:
    """Judge a measured network at one batch size.

    Args:
        checkpoint: Its name.
        epoch: Epochs trained.
        batch_size: b.
        hessian: H on all the data, with weight decay.
        batches: Hessians H_b of independent batches, with weight decay; two or more.
        gradient_norm: Norm of the gradient on all the data.
        gradient_deviation: Standard deviation of a component of the batch gradient;
            the noise is taken for isotropic.
        rng: Source of the rotations and of the null hypothesis of ergodicity.

    Returns:
        The region.
    """
    size = len(hessian)
    values, vectors = np.linalg.eigh(hessian)
    noises = batches - hessian
    sampled = np.array([np.linalg.eigvalsh(batch) for batch in batches])
    turns = [haar_orthogonal(size, rng=rng) for _ in batches]
    rotated = np.array([
        np.linalg.eigvalsh(hessian + turn @ noise @ turn.T)
        for turn, noise in zip(turns, noises, strict=True)
    ])
    variance = float((noises**2).sum(axis=(1, 2)).mean()) / size
    density = isotropic_log_density(size, gradient_deviation, gradient_norm)
    landscape = BatchLandscape(
        size,
        Discrete.empirical(values),
        Semicircle(variance),
        density,
        size * float(sampled.mean(axis=1).var(ddof=1)),
    )
    minima = landscape.minima_complexity
    measured = _spectrum(sampled)
    complexity = measured.determinant_rate + density
    return Region(
        checkpoint,
        epoch,
        batch_size,
        size,
        gradient_norm,
        gradient_deviation,
        variance,
        landscape.trace_variance,
        _free_spectrum(landscape),
        _spectrum(rotated),
        measured,
        _ergodicity(vectors, noises, rng),
        landscape.complexity,
        minima if math.isfinite(minima) else None,
        complexity,
        rough_radius(complexity, size),
    )


def _spectrum(spectra: Float[np.ndarray, "d n"]) -> BatchSpectrum:
    return BatchSpectrum(
        float(spectra[:, 0].mean()),
        float((spectra < 0).mean()),
        log_mean_determinant(spectra).value,
    )


def _free_spectrum(landscape: BatchLandscape) -> BatchSpectrum:
    return BatchSpectrum(
        landscape.lower_edge,
        float(cdf(landscape.hessian, np.zeros(1))[0]),
        determinant_rate(landscape.hessian),
    )


def _ergodicity(
    vectors: Float[np.ndarray, "n n"],
    noises: Float[np.ndarray, "d n n"],
    rng: np.random.Generator,
) -> float:
    chosen = representative_indices(len(vectors))
    null = haar_overlaps(len(vectors), chosen.size, chosen.size, rng=rng)
    p_values = [
        ergodicity_test(
            vectors[:, chosen].T @ np.linalg.eigh(noise)[1][:, chosen], null
        ).p_value
        for noise in noises
    ]
    return min(1.0, len(noises) * min(p_values))
