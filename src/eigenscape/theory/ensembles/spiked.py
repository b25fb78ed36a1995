"""Any ensemble with a few eigenvalues added in random directions."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact

from eigenscape.theory.ensembles.ensemble import Ensemble, hermitian_part, require_size
from eigenscape.theory.ensembles.haar import haar_frame
from eigenscape.theory.laws.law import Law


@dataclass(frozen=True)
class Spiked(Ensemble):
    """X + ∑ᵢ θᵢ uᵢuᵢ*, with X of an ensemble and uᵢ orthonormal random directions.

    The directions are uniform, real or complex as X is. The limiting law is that of X;
    where the spikes come out is said by `outlier_location`, with X the noise.

    Attributes:
        base: The ensemble of X.
        spikes: θᵢ, at least one, in the units of the eigenvalue.
    """

    base: Ensemble
    spikes: Float[np.ndarray, " k"]

    def __post_init__(self) -> None:
        if self.spikes.size == 0 or not np.isfinite(self.spikes).all():
            message = f"spikes: expected finite numbers, got {self.spikes}"
            raise ValueError(message)

    @property
    def law(self) -> Law:
        """The law of X: a finite number of spikes has no mass."""
        return self.base.law

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        require_size(size, self.spikes.size)
        matrix = self.base.sample(size, rng=rng)
        if len(matrix) != size:
            message = (
                f"base: expected matrices of {size} rows, got {len(matrix)}; spike a "
                "real or a complex ensemble"
            )
            raise ValueError(message)
        beta = 2 if np.iscomplexobj(matrix) else 1
        frame = haar_frame(size, self.spikes.size, beta=beta, rng=rng)
        return matrix + hermitian_part((frame * self.spikes) @ frame.conj().T)
