"""A density on a grid from a spectral measure, with its bandwidth and its error."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.measure import SpectralMeasure


def smooth(
    measure: SpectralMeasure, grid: Float[np.ndarray, " n"], bandwidth: float
) -> Float[np.ndarray, " n"]:
    """Convolve a measure with a Gaussian, φ_σ(x) = ∑ₖ wₖ N(x; xₖ, σ²), probes averaged.

    The bias is that of the kernel: features narrower than σ are washed out.

    Args:
        measure: The measure.
        grid: Where to evaluate, in eigenvalue units.
        bandwidth: The standard deviation σ of the Gaussian, in eigenvalue units.

    Returns:
        The density, per eigenvalue unit.
    """
    return _smooth_probes(measure, grid, bandwidth).mean(0)


def smooth_standard_error(
    measure: SpectralMeasure, grid: Float[np.ndarray, " n"], bandwidth: float
) -> Float[np.ndarray, " n"]:
    """Give the standard error of `smooth`, from the spread over probes.

    Args:
        measure: The measure, of at least two probes.
        grid: Where to evaluate, in eigenvalue units.
        bandwidth: The standard deviation of the Gaussian, in eigenvalue units.

    Returns:
        Standard errors, per eigenvalue unit.

    Raises:
        ValueError: The measure has a single probe.
    """
    if measure.probes < 2:
        message = "measure: expected at least 2 probes for a standard error, got 1"
        raise ValueError(message)
    rows = _smooth_probes(measure, grid, bandwidth)
    return rows.std(0, ddof=1) / np.sqrt(measure.probes)


def _smooth_probes(
    measure: SpectralMeasure, grid: Float[np.ndarray, " n"], bandwidth: float
) -> Float[np.ndarray, "r n"]:
    if not bandwidth > 0:
        message = f"bandwidth: expected a positive number, got {bandwidth}"
        raise ValueError(message)
    norm = bandwidth * np.sqrt(2 * np.pi)
    return np.stack([
        np.exp(-0.5 * ((grid[:, None] - nodes) / bandwidth) ** 2) @ weights / norm
        for nodes, weights in zip(measure.nodes, measure.weights, strict=True)
    ])
