"""The Jacobi ensemble: how two sample covariances, or two subspaces, compare."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float, Inexact

from eigenscape.theory.ensembles.ensemble import (
    Ensemble,
    hermitian_part,
    require_size,
    samples_for,
)
from eigenscape.theory.ensembles.entries import (
    draw_entries,
    normal_entries,
    require_real_or_complex,
)
from eigenscape.theory.ensembles.tridiagonal import BetaEnsemble, Tridiagonal
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.law import require_positive


@dataclass(frozen=True)
class JacobiBeta(BetaEnsemble):
    """The Jacobi β-ensemble on [0, 1].

    For P ≤ n₁, n₂, the integers nearest to P/c₁ and P/c₂, its density is
    ∏ |λᵢ − λⱼ|^β ∏ λᵢ^(β(n₁ − P + 1)/2 − 1) (1 − λᵢ)^(β(n₂ − P + 1)/2 − 1), and
    E tr J/P = n₁/(n₁ + n₂). The model is BBᵀ of a bidiagonal B made of independent
    beta variables. Where P exceeds n₁ there are P − n₁ zeros, and where it exceeds n₂
    there are P − n₂ ones.

    Attributes:
        beta: β, positive; 1 and 2 are the spectra of real and complex `Manova`.
        first_ratio: c₁ = P/n₁.
        second_ratio: c₂ = P/n₂; P may not exceed n₁ + n₂.

    References:
        Edelman and Sutton (2008), The beta-Jacobi matrix model, the CS decomposition,
        and generalized singular value problems, Foundations of Computational
        Mathematics 8.
    """

    beta: float
    first_ratio: float
    second_ratio: float

    def __post_init__(self) -> None:
        require_positive("beta", self.beta)
        Jacobi(self.first_ratio, self.second_ratio)

    @property
    def law(self) -> Jacobi:
        """The Jacobi law, whatever β."""
        return Jacobi(self.first_ratio, self.second_ratio)

    def sample_tridiagonal(self, size: int, *, rng: np.random.Generator) -> Tridiagonal:
        first, second = _samples(size, self.first_ratio, self.second_ratio)
        zeros, ones = max(size - first, 0), max(size - second, 0)
        rank = size - zeros - ones
        a, b = abs(first - size), abs(second - size)
        k = np.arange(rank, 0, -1)
        half = self.beta / 2
        cosines = rng.beta(half * (a + k), half * (b + k))
        others = rng.beta(half * k[1:], half * (a + b + 1 + k[1:]))
        diagonal, below = np.zeros(size), np.zeros(size - 1)
        diagonal[:rank] = np.sqrt(cosines * np.append(1.0, 1 - others)[:rank])
        below[: others.size] = np.sqrt((1 - cosines[:-1]) * others)
        diagonal[rank : rank + ones] = 1
        return Tridiagonal.gram(diagonal, below)

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        # Rounding may put an eigenvalue beyond the ends.
        return np.clip(super().sample_eigenvalues(size, rng=rng), 0, 1)


@dataclass(frozen=True)
class Manova(Ensemble):
    """J = (A + B)^−½ A (A + B)^−½, with A = X*X and B = Y*Y of n₁ and n₂ normal rows.

    Sampled as the block of the first n₁ rows of an orthonormal frame, times its
    adjoint, which has the same distribution and inverts nothing. n₁ and n₂ are the
    integers nearest to P/c₁ and P/c₂; E tr J/P = n₁/(n₁ + n₂).

    Attributes:
        first_ratio: c₁ = P/n₁.
        second_ratio: c₂ = P/n₂; P may not exceed n₁ + n₂.
        beta: 1 for real data, 2 for complex.

    References:
        Wachter (1980), The limiting empirical measure of multiple discriminant ratios,
        Annals of Statistics 8; Collins (2005), Product of random projections, Jacobi
        ensembles and universality problems arising from free probability, Probability
        Theory and Related Fields 133.
    """

    first_ratio: float
    second_ratio: float
    beta: int = 1

    def __post_init__(self) -> None:
        Jacobi(self.first_ratio, self.second_ratio)
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Jacobi:
        """The Jacobi law of the same ratios."""
        return Jacobi(self.first_ratio, self.second_ratio)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        first, second = _samples(size, self.first_ratio, self.second_ratio)
        shape = (first + second, size)
        data = draw_entries(normal_entries, shape, beta=self.beta, rng=rng)
        frame = scipy.linalg.polar(data)[0][:first]
        return hermitian_part(frame.conj().T @ frame)

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        model = JacobiBeta(float(self.beta), self.first_ratio, self.second_ratio)
        return model.sample_eigenvalues(size, rng=rng)


def _samples(size: int, first_ratio: float, second_ratio: float) -> tuple[int, int]:
    require_size(size)
    first = samples_for(size, first_ratio)
    # Where P = n₁ + n₂, rounding both down would leave too few.
    return first, max(samples_for(size, second_ratio), size - first)
