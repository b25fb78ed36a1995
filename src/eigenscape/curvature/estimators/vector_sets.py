"""Sets of long vectors: drawn, multiplied and orthonormalised in double precision."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.probes import gaussian

CHUNK = 2**16
"""Entries of each vector turned to float64 at once: with fifty vectors, 26 MB."""


def sphere(
    size: int,
    count: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: torch.device,
) -> Float[torch.Tensor, "P c"]:
    """Draw vectors uniform on the sphere of radius √P, of mean square one an entry.

    Args:
        size: Their length P.
        count: Their number c; more of them leave the first ones as they are.
        generator: Source of the numbers, on the processor.
        dtype: Type of the result.
        device: Device of the result.

    Returns:
        The vectors as columns.
    """
    vectors = gaussian(size, count, generator=generator, dtype=dtype, device=device)
    return scaled(vectors, float(size))


def scaled(
    vectors: Float[torch.Tensor, "P c"], square: float
) -> Float[torch.Tensor, "P c"]:
    """Give vectors one length.

    Args:
        vectors: The vectors as columns, none of them zero.
        square: The squared norm wanted.

    Returns:
        Multiples of them.
    """
    return vectors * (square / squares(vectors)).sqrt().to(vectors.dtype)


def squares(vectors: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, " c"]:
    """Sum the squares of each vector in float64.

    Args:
        vectors: The vectors as columns.

    Returns:
        Their squared norms.
    """
    return vectors.square().sum(0, dtype=torch.float64)


def gram(
    first: Float[torch.Tensor, "P a"], second: Float[torch.Tensor, "P b"]
) -> Float[np.ndarray, "a b"]:
    """Form all inner products of two sets of vectors, in float64.

    Args:
        first: Vectors as columns.
        second: Vectors as columns.

    Returns:
        XᵀY.
    """
    total = torch.zeros(
        first.shape[1], second.shape[1], dtype=torch.float64, device=first.device
    )
    for left, right in zip(first.split(CHUNK), second.split(CHUNK), strict=True):
        total += left.T.double() @ right.double()
    return total.cpu().numpy()


def orthonormalise(
    vectors: Float[torch.Tensor, "P k"],
) -> tuple[Float[torch.Tensor, "P k"], Float[torch.Tensor, "k k"]]:
    """Factor Y = QR by Householder reflections, part by part in float64.

    Q is orthonormal to the rounding of its type, whatever its length and also where Y
    is rank-deficient.

    Args:
        vectors: The k ≤ P columns of Y.

    Returns:
        Q, transposed in memory, and R in float64.

    References:
        Demmel, Grigori, Hoemmen and Langou (2012), SIAM J. Sci. Comput. 34: TSQR.
    """
    parts = vectors.split(CHUNK)
    factors = [torch.linalg.qr(part.double(), mode="r").R for part in parts]
    joint, factor = torch.linalg.qr(torch.cat(factors))
    rows = torch.empty_like(vectors.T, memory_format=torch.contiguous_format)
    mixtures = joint.split([len(part) for part in factors])
    places = rows.split(CHUNK, dim=1)
    for part, mixture, place in zip(parts, mixtures, places, strict=True):
        place.copy_((torch.linalg.qr(part.double()).Q @ mixture).T)
    return rows.T, factor


def require_finite(products: torch.Tensor) -> None:
    """Refuse products that are not numbers.

    Args:
        products: Any tensor.

    Raises:
        ValueError: If an entry is infinite or not a number.
    """
    if not bool(torch.isfinite(products).all()):
        message = "operator: expected finite products, got others"
        raise ValueError(message)
