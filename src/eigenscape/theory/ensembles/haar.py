"""Uniformly distributed orthogonal and unitary matrices."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.ensembles.ensemble import require_size
from eigenscape.theory.ensembles.entries import draw_entries, normal_entries


def haar_orthogonal(
    size: int, *, rng: np.random.Generator
) -> Float[np.ndarray, "{size} {size}"]:
    """Draw an orthogonal matrix from the Haar measure.

    The QR factorisation of a normal matrix, with the signs that make the diagonal
    of R positive: without them the distribution is not invariant.

    Args:
        size: Rows and columns.
        rng: Source of randomness.

    Returns:
        The matrix Q, with determinant ±1.

    References:
        Mezzadri (2007), How to generate random matrices from the classical compact
        groups, Notices of the AMS 54.
    """
    return haar_frame(size, size, beta=1, rng=rng)


def haar_unitary(
    size: int, *, rng: np.random.Generator
) -> Complex[np.ndarray, "{size} {size}"]:
    """Draw a unitary matrix from the Haar measure, as `haar_orthogonal` does.

    Args:
        size: Rows and columns.
        rng: Source of randomness.

    Returns:
        The matrix U.
    """
    return haar_frame(size, size, beta=2, rng=rng)


def haar_frame(
    size: int, count: int, *, beta: int, rng: np.random.Generator
) -> Inexact[np.ndarray, "{size} {count}"]:
    """Draw the first columns of a Haar matrix, in time size · count².

    Args:
        size: Rows.
        count: Columns, at most as many.
        beta: 1 for orthogonal, 2 for unitary.
        rng: Source of randomness.

    Returns:
        Orthonormal columns in random directions.

    Raises:
        ValueError: The frame has more columns than rows.
    """
    require_size(size)
    if not 0 <= count <= size:
        message = f"count: expected 0 to {size} columns, got {count}"
        raise ValueError(message)
    normal = draw_entries(normal_entries, (size, count), beta=beta, rng=rng)
    frame, triangle = np.linalg.qr(normal)
    diagonal = np.diagonal(triangle)
    return frame * (diagonal / np.abs(diagonal))
