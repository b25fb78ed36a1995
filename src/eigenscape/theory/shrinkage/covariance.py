"""Nonlinear shrinkage of sample covariance eigenvalues.

Among estimates that keep the eigenvectors uᵢ of S = XᵀX/n, the best in Frobenius norm
has the eigenvalues uᵢᵀ Σ uᵢ; they tend to a function of the spectrum of S alone.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.theory.laws.law import Law, require_positive
from eigenscape.theory.shrinkage.kernel import KernelLaw

_FEWEST_SAMPLES = 12
_CIRCLE = np.exp(2j * math.pi * (np.arange(64) + 0.5) / 64)  # aliasing 2⁻⁶⁴


def covariance_oracle(
    eigenvalues: Float[np.ndarray, " k"], spectrum: Law, ratio: float
) -> Float[np.ndarray, " k"]:
    """Evaluate the limit of uᵢᵀ Σ uᵢ: ξ(λ) = λ / |1 − c + c λ g(λ + i0)|².

    At λ = 0 above ratio 1 it is 1 / ((c − 1) ∫ dF̲(λ)/λ), F̲ the law of XXᵀ/n. Outside
    the support the same formula holds for an outlier.

    Args:
        eigenvalues: Of the sample covariance matrix; 0 is allowed above ratio 1 only.
        spectrum: The limit law of the sample covariance matrix.
        ratio: c = P/n.

    Returns:
        ξ of each.

    Raises:
        ValueError: An eigenvalue is negative, or 0 at a ratio of at most 1.

    References:
        Ledoit and Péché (2011), Eigenvectors of some large sample covariance matrix
        ensembles, Probability Theory and Related Fields 151.
    """
    require_positive("ratio", ratio)
    null = eigenvalues == 0
    if not (eigenvalues >= 0).all() or (null.any() and ratio <= 1):
        message = (
            f"eigenvalues: expected positive ones, or 0 above ratio 1, got "
            f"{eigenvalues.min()} at ratio {ratio}"
        )
        raise ValueError(message)
    positive = eigenvalues[~null]
    companion = (1 - ratio) / positive + ratio * spectrum.stieltjes(positive)
    result = np.empty_like(eigenvalues)
    result[~null] = _from_companion(positive, companion)
    if null.any():
        result[null] = 1 / ((ratio - 1) * ratio * _inverse_moment(spectrum))
    return result


def covariance_shrinkage(
    eigenvalues: Float[np.ndarray, " p"], samples: int
) -> Float[np.ndarray, " p"]:
    """Estimate uᵢᵀ Σ uᵢ from the sample eigenvalues alone, by a kernel.

    The limit spectrum in `covariance_oracle` is replaced by the spectrum smoothed with
    the bandwidths λᵢ n^(−1/3); above P = n only the n largest enter, and the others
    count as 0.

    Args:
        eigenvalues: All P of them, in any order, as many as may be positive.
        samples: n, at least 12. One less when the mean was estimated.

    Returns:
        The shrunk eigenvalues, in the order of the eigenvalues.

    Raises:
        ValueError: Too few samples, or one of the min(P, n) largest eigenvalues is
            not positive.

    References:
        Ledoit and Wolf (2020), Analytical nonlinear shrinkage of large-dimensional
        covariance matrices, Annals of Statistics 48; the exponent −1/3 is theirs.
    """
    if samples < _FEWEST_SAMPLES:
        message = f"samples: expected at least {_FEWEST_SAMPLES}, got {samples}"
        raise ValueError(message)
    size = eigenvalues.size
    order = np.argsort(eigenvalues)
    null, kept = order[: max(0, size - samples)], order[max(0, size - samples) :]
    positive = eigenvalues[kept]
    if not (positive > 0).all():
        message = (
            f"eigenvalues: expected {kept.size} positive ones, got {positive.min()}; "
            "give the rank of the data as the number of samples"
        )
        raise ValueError(message)
    spectrum = KernelLaw(positive, positive * samples ** (-1 / 3))
    ratio = size / samples
    result = np.empty_like(eigenvalues)
    companion = spectrum.stieltjes(positive)
    if null.size == 0:
        companion = (1 - ratio) / positive + ratio * companion
    else:
        at_zero = -float(np.real(spectrum.stieltjes(np.zeros(1)))[0])
        result[null] = 1 / ((ratio - 1) * at_zero)
    result[kept] = _from_companion(positive, companion)
    return result


def _from_companion(
    eigenvalues: Float[np.ndarray, " k"], companion: Complex[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    return 1 / (eigenvalues * np.abs(companion) ** 2)


def _inverse_moment(spectrum: Law) -> float:
    # ∫ dF/λ over λ > 0: on a circle round 0 the atom there averages to nothing.
    places = [i.lower for i in spectrum.support]
    places += [a.location for a in spectrum.atoms if a.location > 0]
    return -float(np.mean(np.real(spectrum.stieltjes(min(places) / 2 * _CIRCLE))))
