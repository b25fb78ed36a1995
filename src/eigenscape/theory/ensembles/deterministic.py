"""A matrix without randomness whose spectrum follows a given law."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.ensembles.ensemble import Ensemble, require_size
from eigenscape.theory.laws.law import Law
from eigenscape.theory.transforms import quantile


@dataclass(frozen=True)
class Deterministic(Ensemble):
    """The diagonal matrix of the quantiles of a law at (i − ½)/N.

    Its spectral distribution is at a distance of at most 1/2N from that of the law,
    the least there is for a continuous one.

    Attributes:
        spectrum: The law; `Discrete.empirical` for given eigenvalues.
    """

    spectrum: Law

    @property
    def law(self) -> Law:
        """The law given."""
        return self.spectrum

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "{size} {size}"]:
        return np.diag(self.sample_eigenvalues(size, rng=rng))

    def sample_eigenvalues(
        self,
        size: int,
        *,
        rng: np.random.Generator,  # ruff: ignore[unused-method-argument] (nothing is random)
    ) -> Float[np.ndarray, " {size}"]:
        require_size(size)
        return quantile(self.spectrum, (np.arange(size) + 0.5) / size)
