"""The bands of both indices: the complexity of few negative directions by loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.landscape.gan.complexity import gan_complexity, lowest_losses
from eigenscape.landscape.gan.model import GanGlass

# Of the lowest losses of minima: where the bands are at three layers each.
_DISCRIMINATOR, _GENERATOR = (1.004, 0.982), (1.01, 0.9)


@dataclass(frozen=True)
class IndexBands:
    """The complexity at fixed indices, around the lowest losses of minima.

    Attributes:
        model: The two glasses.
        discriminator: Levels u_D.
        generator: Levels u_G.
        indices: k_D and k_G, one row a pair.
        complexity: Θ of each pair, u_D along rows.
    """

    model: GanGlass
    discriminator: Float[np.ndarray, " n"]
    generator: Float[np.ndarray, " n"]
    indices: Int[np.ndarray, "k 2"]
    complexity: Float[np.ndarray, "k n n"]

    def boundary(self, pair: int) -> Float[np.ndarray, " n"]:
        """Find where the complexity of a pair vanishes.

        Args:
            pair: Its row in `indices`.

        Returns:
            The lowest u_G at each u_D, between levels by a line; NaN where there is
            none among the levels.
        """
        found = np.full(len(self.discriminator), np.nan)
        for i, row in enumerate(self.complexity[pair]):
            if row[0] < 0 <= row[-1]:
                j = int((row >= 0).argmax())
                share = row[j] / (row[j] - row[j - 1])
                step = self.generator[j] - self.generator[j - 1]
                found[i] = self.generator[j] - share * step
        return found


def index_bands(model: GanGlass, points: int, *, directions: int = 2) -> IndexBands:
    """Evaluate the complexity of few negative directions over both losses.

    Args:
        model: The two glasses, of weak interaction: minima of both losses at once are
            exponentially rare otherwise.
        points: Levels, a side.
        directions: The most negative directions, of both players together.

    Returns:
        The bands, about three seconds a pair of indices. `lowest_losses` raises where
        minima of both losses are exponentially rare at all losses.
    """
    lowest = lowest_losses(model, index=(0, 0))
    own = lowest[0] * np.linspace(*_DISCRIMINATOR, points)
    other = lowest[1] * np.linspace(*_GENERATOR, points)
    grid = np.stack(np.meshgrid(own, other, indexing="ij"), axis=-1).reshape(-1, 2)
    counts = range(directions + 1)
    pairs = [(d, g) for g in counts for d in counts if d + g <= directions]
    maps = [gan_complexity(model, grid, index=pair) for pair in pairs]
    complexity = np.stack(maps).reshape(len(pairs), points, points)
    return IndexBands(model, own, other, np.array(pairs), complexity)
