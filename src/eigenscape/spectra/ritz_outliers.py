"""The largest eigenvalues that a Lanczos run has found, each once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

COPY = 1e-4
"""Ritz values closer than this, relative to their size, are copies of one eigenvalue.
In float32 without reorthogonalisation, copies of the largest eigenvalue of a network
of 300,000 parameters lay within 7e-5 of the next."""

GHOST = 1e-8
"""Share of its expected weight 1/P below which a Ritz value is a copy on its way to its
eigenvalue. In the same runs those had less than 1e-13; a genuine eigenvalue has less
than 1e-8 with probability 8e-5, as its weight is a squared normal number over P."""


def ritz_outliers(
    values: Float[np.ndarray, " m"],
    residuals: Float[np.ndarray, " m"],
    weights: Float[np.ndarray, " m"],
    *,
    dimension: int,
    count: int,
    tolerance: float,
    rounding: float,
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Pick the largest eigenvalues that a Lanczos run from a random vector has found.

    From the largest down, until one has not converged: what lies below may not be next.
    Of several copies, that of the largest weight is kept.

    Args:
        values: Ritz values.
        residuals: Their residual bounds.
        weights: Squared first components.
        dimension: The dimension P of the operator.
        count: Eigenvalues wanted.
        tolerance: Largest residual of a value that has converged, relative to it.
        rounding: Spacing of the type of the products, relative to the largest |value|;
            it adds to the residual bounds, which do not see it.

    Returns:
        Eigenvalues, descending, and bounds of their errors; NaN for those not found.

    References:
        Cullum and Willoughby (1981), J. Comput. Phys. 44, on copies in Lanczos runs
        without reorthogonalisation.
    """
    errors = residuals + rounding * float(np.abs(values).max())
    order = np.argsort(-values)
    order = order[weights[order] * dimension > GHOST]
    found: list[tuple[float, float]] = []
    last, best = np.inf, 0.0
    for value, error, weight in zip(
        values[order].tolist(),
        errors[order].tolist(),
        weights[order].tolist(),
        strict=True,
    ):
        size = abs(value)
        if last - value <= COPY * size + min(error, tolerance * size):
            if weight > best and error <= tolerance * size:
                found[-1], best = (value, error), weight
        elif error > tolerance * size or len(found) == count:
            break
        else:
            found.append((value, error))
            best = weight
        last = value
    table = np.full((count, 2), np.nan)
    table[: len(found)] = np.array(found).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()
