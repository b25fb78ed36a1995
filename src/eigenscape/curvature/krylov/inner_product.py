"""Inner products of long vectors, to the precision of their type."""

from __future__ import annotations

from itertools import starmap

import torch
from jaxtyping import Float

CHUNK = 2**18
"""Entries summed at once. A float32 sum on a processor loses digits with its length:
at 10⁷ entries `torch.dot` errs by 10⁻⁵ and `torch.linalg.vector_norm` by 3·10⁻⁴, at
2¹⁸ the former by less than 10⁻⁷."""


def dot(
    first: Float[torch.Tensor, " P"], second: Float[torch.Tensor, " P"]
) -> Float[torch.Tensor, ""]:
    """Sum products, chunk by chunk in the type of the vectors, then in float64.

    Args:
        first: One vector.
        second: The other.

    Returns:
        The inner product, in float64 on the vectors' device.
    """
    chunks = zip(first.split(CHUNK), second.split(CHUNK), strict=True)
    return torch.stack(list(starmap(torch.dot, chunks))).sum(dtype=torch.float64)


def norm(vector: Float[torch.Tensor, " P"]) -> float:
    """Compute the Euclidean norm.

    Args:
        vector: The vector.

    Returns:
        Its norm.
    """
    return float(dot(vector, vector)) ** 0.5
