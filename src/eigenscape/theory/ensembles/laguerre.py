"""The Laguerre β-ensemble: the spectrum of a Wishart matrix, for any β."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.ensembles.ensemble import require_size, samples_for
from eigenscape.theory.ensembles.tridiagonal import BetaEnsemble, Tridiagonal
from eigenscape.theory.laws.law import require_positive
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur


@dataclass(frozen=True)
class LaguerreBeta(BetaEnsemble):
    """The Laguerre β-ensemble of n samples in dimension P.

    Its density is ∏ |λᵢ − λⱼ|^β ∏ λᵢ^(β(n − P + 1)/2 − 1) exp(−βnλᵢ/2s) for P ≤ n, the
    integer nearest to P/c. Scaled to the Marchenko–Pastur law of ratio c and mean s:
    E tr W/P = s and E tr W²/P = s² (1 + (P − 1 + 2/β)/n). The model is sBBᵀ/βn of a
    bidiagonal B with χ(βn), χ(β(n − 1)), … on its diagonal and χ(β(P − 1)), …, χ(β)
    below it. Above ratio 1 the n nonzero eigenvalues are those with n and P exchanged.

    Attributes:
        beta: β, positive; 1 and 2 are the spectra of real and complex `Wishart`.
        ratio: c = P/n.
        scale: s.

    References:
        Dumitriu and Edelman (2002), Matrix models for beta ensembles, Journal of
        Mathematical Physics 43.
    """

    beta: float
    ratio: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        require_positive("beta", self.beta)
        require_positive("ratio", self.ratio)
        require_positive("scale", self.scale)

    @property
    def law(self) -> MarchenkoPastur:
        """The Marchenko–Pastur law, whatever β."""
        return MarchenkoPastur(self.ratio, self.scale)

    def sample_tridiagonal(self, size: int, *, rng: np.random.Generator) -> Tridiagonal:
        require_size(size)
        samples = samples_for(size, self.ratio)
        rank = min(size, samples)
        steps = np.arange(rank)
        unit = self.scale / (self.beta * samples)
        diagonal, below = np.zeros(size), np.zeros(size - 1)
        freedom = self.beta * (max(size, samples) - steps)
        diagonal[:rank] = np.sqrt(unit * rng.chisquare(freedom))
        freedom = self.beta * (rank - steps[1:])
        below[: rank - 1] = np.sqrt(unit * rng.chisquare(freedom))
        return Tridiagonal.gram(diagonal, below)

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        # Rounding may put a vanishing eigenvalue below 0.
        return np.maximum(super().sample_eigenvalues(size, rng=rng), 0)
