"""Outliers of A + sX with X from the Gaussian orthogonal ensemble, at finite size."""

from __future__ import annotations

import numpy as np
import scipy
from jaxtyping import Float

_DEPTH = 10.0  # the top eigenvectors of the band decay over a few P^(1/3) sites


def sample_additive_outliers(
    spikes: Float[np.ndarray, "d K"],
    variance: float,
    dimension: int,
    *,
    remainder: float = 0.0,
    count: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "d k"]:
    """Draw the largest eigenvalues of A + sX, with E‖sXz‖² = s² for unit z.

    Householder reflections that leave the K spikes alone bring X to a band matrix of
    independent entries, normal but for the outermost, which are χ of one degree of
    freedom less each; its first 10 P^(1/3) rows hold the largest eigenvalues.

    Args:
        spikes: Eigenvalues of A outside its remainder, descending, one row a draw.
        variance: s².
        dimension: P, at least K.
        remainder: Trace of A outside the spikes, spread evenly over P − K directions.
        count: How many eigenvalues, at most P.
        rng: Random numbers.

    Returns:
        The eigenvalues, descending in each row.

    Raises:
        ValueError: The dimension is less than K or `count`, or s² is negative.

    References:
        Dumitriu and Edelman (2002), Matrix models for beta ensembles, Journal of
        Mathematical Physics 43, for K = 1; Bloemendal and Virág (2016), Limits of
        spiked random matrices II, Annals of Probability 44, for bands.
    """
    draws, known = spikes.shape
    if dimension < max(known, count):
        message = (
            f"dimension: expected at least the {known} spikes and {count} eigenvalues, "
            f"got {dimension}"
        )
        raise ValueError(message)
    if not variance >= 0:
        message = f"variance: expected s² ≥ 0, got {variance}"
        raise ValueError(message)
    size = min(dimension, known + count + round(_DEPTH * dimension ** (1 / 3)))
    size = max(size, min(dimension, 2 * known + 1))
    width = min(known, size - 1)
    band = rng.standard_normal((draws, width + 1, size))
    band[:, 0] *= np.sqrt(2)
    if width == known:
        freedom = np.maximum(dimension - known - np.arange(size), 0) / 2
        band[:, known] = np.sqrt(2 * rng.standard_gamma(freedom, (draws, size)))
    band *= np.sqrt(variance / dimension)
    band[:, 0, :known] += spikes
    band[:, 0, known:] += remainder / max(dimension - known, 1)
    last = (size - min(count, size), size - 1)
    values = [
        scipy.linalg.eigvals_banded(b, lower=True, select="i", select_range=last)
        for b in band
    ]
    return np.stack(values)[:, ::-1]
