"""Linear shrinkage: every eigenvalue pulled towards the mean by the same share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.law import require_positive


@dataclass(frozen=True)
class LinearShrinkage:
    """The estimate (1 − α) M + α μ I of the matrix behind a noisy M.

    Attributes:
        intensity: α, between 0 (nothing is shrunk) and 1 (only the mean is kept).
        target: μ, the mean eigenvalue.
    """

    intensity: float
    target: float

    def __call__(self, eigenvalues: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
        """Shrink eigenvalues; the eigenvectors stay.

        Args:
            eigenvalues: Those of M.

        Returns:
            (1 − α) λ + α μ.
        """
        return (1 - self.intensity) * eigenvalues + self.intensity * self.target


def linear_covariance_shrinkage(
    observations: Float[np.ndarray, "n p"],
) -> LinearShrinkage:
    """Estimate the best linear shrinkage of S = XᵀX/n from the observations alone.

    With ‖A‖² = tr AAᵀ/p, m = tr S/p, d² = ‖S − mI‖² and
    b² = min(d², ∑ₖ ‖xₖxₖᵀ − S‖² / n²), the intensity is b²/d². It needs no
    distribution, only finite eighth moments.

    Args:
        observations: One a row, of mean zero (subtract a known mean first).

    Returns:
        The shrinkage of the eigenvalues of S.

    Raises:
        ValueError: There are no observations, or they are not finite.

    References:
        Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional
        covariance matrices, Journal of Multivariate Analysis 88.
    """
    n, p = observations.shape
    if n == 0 or p == 0 or not np.isfinite(observations).all():
        message = f"observations: expected finite rows, got an array of shape {n, p}"
        raise ValueError(message)
    # ‖S‖² from whichever of the two Gram matrices is smaller.
    tall = observations if n >= p else observations.T
    square = float(np.sum((tall.T @ tall) ** 2)) / (n**2 * p)
    norms = np.einsum("ij,ij->i", observations, observations)
    mean = float(norms.sum()) / (n * p)
    spread = square - mean**2
    sampling = (float(norms @ norms) / (n * p) - square) / n
    if spread <= 0:
        return LinearShrinkage(1.0, mean)
    return LinearShrinkage(min(1.0, max(0.0, sampling) / spread), mean)


def linear_additive_shrinkage(
    eigenvalues: Float[np.ndarray, " p"], noise_variance: float
) -> LinearShrinkage:
    """Estimate the best linear shrinkage of M = A + X for centred noise X.

    The spectral variance of M is that of A plus the noise's, so that the best share,
    s²/(d_A² + s²), is s²/d_M² and needs only M.

    Args:
        eigenvalues: Those of M.
        noise_variance: s² = E tr X²/p, the second free cumulant of the noise.

    Returns:
        The shrinkage of the eigenvalues of M.

    References:
        Ledoit and Wolf (2004), Theorem 2.1, for whose b² the noise is known here.
    """
    require_positive("noise_variance", noise_variance)
    spread = float(np.var(eigenvalues))
    intensity = min(1.0, noise_variance / spread) if spread > 0 else 1.0
    return LinearShrinkage(intensity, float(np.mean(eigenvalues)))
