"""Independent draws from a law."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.law import Law
from eigenscape.theory.transforms import quantile


def sample(law: Law, size: int, *, rng: np.random.Generator) -> Float[np.ndarray, " n"]:
    """Draw independent numbers from a law, as the quantiles of uniform ones.

    Unlike the eigenvalues of a matrix of this law they do not repel.

    Args:
        law: The law, as in `cdf`.
        size: How many, at least 0.
        rng: The source of randomness.

    Returns:
        The draws, in the units of the eigenvalue.

    Raises:
        ValueError: The size is negative.
    """
    if size < 0:
        message = f"size: expected at least 0, got {size}"
        raise ValueError(message)
    # In (0, 1], since the quantile of 0 is the lower end whatever its mass.
    return quantile(law, 1 - rng.random(size))
