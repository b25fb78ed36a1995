"""A diagonal matrix in random order: no rotation, hence no freeness."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.ensembles.ensemble import Ensemble
from eigenscape.theory.laws.law import Law


@dataclass(frozen=True)
class ShuffledDiagonal(Ensemble):
    """The quantiles of a law at (i − ½)/N on the diagonal, in uniformly random order.

    Its eigenvectors are the coordinate axes, as far from ergodic as there is: added to
    a diagonal matrix it gives the classical convolution of the laws, not the free one.

    Attributes:
        spectrum: The law.
    """

    spectrum: Law

    @property
    def law(self) -> Law:
        """The law given."""
        return self.spectrum

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "{size} {size}"]:
        values = Deterministic(self.spectrum).sample_eigenvalues(size, rng=rng)
        return np.diag(rng.permutation(values))
