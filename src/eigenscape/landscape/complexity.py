"""The one verb: annealed complexity of any landscape of this floor."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.activation_glass import ActivationGlass
from eigenscape.landscape.annealed import cumulative_complexity
from eigenscape.landscape.gan.complexity import gan_complexity
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.spin_glass import SpinGlass

Landscape: TypeAlias = SpinGlass | ActivationGlass | GanGlass


def complexity(
    model: Landscape,
    energy: Float[np.ndarray, "n ..."],
    *,
    index: int | tuple[int | None, int | None] | None = None,
) -> Float[np.ndarray, " n"]:
    """Evaluate lim (1/N) log of the mean number of critical points up to a level.

    Args:
        model: A spin glass; that of an activation, whose leading order is that of its
            pure glass as long as Φ is of a lower order than √N; or a GAN.
        energy: u: critical values up to √N u. For a GAN one pair (u_D, u_G) a row.
        index: Number of negative eigenvalues, for a GAN one of each loss; None for any.

    Returns:
        The annealed complexity: an upper bound of what a typical instance has.

    Raises:
        ValueError: The energies or the index do not have the shape of the model.
    """
    if isinstance(model, GanGlass):
        both = (None, None) if index is None else index
        if isinstance(both, int) or energy.ndim != 2 or energy.shape[1] != 2:
            message = (
                f"energy: expected a pair of losses a row, and a pair as index, got "
                f"shape {energy.shape} and index {index}"
            )
            raise ValueError(message)
        return gan_complexity(model, energy, index=both)
    if isinstance(index, tuple) or energy.ndim != 1:
        message = (
            f"energy: expected a vector and one index, got shape {energy.shape} and "
            f"index {index}"
        )
        raise ValueError(message)
    glass = model if isinstance(model, SpinGlass) else model.glass
    return cumulative_complexity(glass, energy, index=index)
