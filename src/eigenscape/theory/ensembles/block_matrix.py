"""Gaussian matrices of blocks, each with its own variance."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Inexact

from eigenscape.theory.ensembles.ensemble import Ensemble, require_size
from eigenscape.theory.ensembles.entries import (
    draw_entries,
    normal_entries,
    require_real_or_complex,
)
from eigenscape.theory.ensembles.two_blocks import TwoBlocks
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks


@dataclass(frozen=True)
class BlockMatrix(Ensemble):
    """Hermitian matrices of Gaussian blocks, such as Hessians of two coupled networks.

    Block (i, j) has entries with E|x|² = vᵢⱼ/N, real ones 2vᵢᵢ/N on the diagonal of the
    matrix, and aᵢ is added there. Block i has the rows from N∑ⱼ<ᵢ αⱼ to N∑ⱼ≤ᵢ αⱼ,
    rounded. With pᵢ the fractions so rounded, E tr H²/N = ∑ᵢⱼ pᵢpⱼvᵢⱼ + ∑ᵢ pᵢaᵢ², and
    real matrices have ∑ᵢ pᵢvᵢᵢ/N more.

    Attributes:
        blocks: The variances vᵢⱼ, fractions αᵢ and shifts aᵢ.
        beta: 1 for real matrices, 2 for complex ones.
    """

    blocks: GaussianBlocks
    beta: int = 1

    def __post_init__(self) -> None:
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Law:
        """Two blocks that couple, or any number that do not.

        Any other is refused: `block_spectrum` has its density, without the edges.
        """
        variances = self.blocks.variances
        if not np.array_equal(variances, np.diag(np.diagonal(variances))):
            return TwoBlocks(self.blocks)
        widths = np.diagonal(variances) * self.blocks.fractions
        parts = [
            Affine(Semicircle(width), 1.0, shift)
            if width
            else Discrete.point_mass(shift)
            for width, shift in zip(
                widths.tolist(), self.blocks.shifts.tolist(), strict=True
            )
        ]
        return Mixture(self.blocks.fractions, tuple(parts))

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        require_size(size)
        ends = np.rint(size * np.cumsum(self.blocks.fractions))
        block = np.searchsorted(ends[:-1], np.arange(size), side="right")
        normal = draw_entries(normal_entries, (size, size), beta=self.beta, rng=rng)
        scale = np.sqrt(self.blocks.variances / size)[np.ix_(block, block)]
        matrix = scale * (normal + normal.conj().T) / math.sqrt(2)
        return matrix + np.diag(self.blocks.shifts[block])
