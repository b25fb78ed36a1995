"""The Gaussian ensembles: orthogonal, unitary, symplectic, and any β."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.theory.ensembles.ensemble import Ensemble, require_size
from eigenscape.theory.ensembles.entries import draw_entries, normal_entries
from eigenscape.theory.ensembles.tridiagonal import BetaEnsemble, Tridiagonal
from eigenscape.theory.laws.law import require_positive
from eigenscape.theory.laws.semicircle import Semicircle


@dataclass(frozen=True)
class GaussianBeta(BetaEnsemble):
    """The Gaussian β-ensemble, of density ∏ |λᵢ − λⱼ|^β ∏ exp(−βNλᵢ²/4σ²).

    Scaled to a semicircle of variance σ²: E tr H²/N = σ² (1 + (2/β − 1)/N). The model
    has a normal diagonal of variance 2σ²/βN and χ(β(N − i)) σ/√(βN) beside it.

    Attributes:
        beta: β, positive; 1, 2 and 4 are the spectra of `GOE`, `GUE` and `GSE`.
        variance: σ².

    References:
        Dumitriu and Edelman (2002), Matrix models for beta ensembles, Journal of
        Mathematical Physics 43.
    """

    beta: float
    variance: float = 1.0

    def __post_init__(self) -> None:
        require_positive("beta", self.beta)
        require_positive("variance", self.variance)

    @property
    def law(self) -> Semicircle:
        """The semicircle of variance σ², whatever β."""
        return Semicircle(self.variance)

    def sample_tridiagonal(self, size: int, *, rng: np.random.Generator) -> Tridiagonal:
        require_size(size)
        unit = math.sqrt(self.variance / (self.beta * size))
        freedom = self.beta * np.arange(size - 1, 0, -1)
        diagonal = math.sqrt(2) * unit * rng.standard_normal(size)
        return Tridiagonal(diagonal, unit * np.sqrt(rng.chisquare(freedom)))


@dataclass(frozen=True)
class _Gaussian(Ensemble):
    beta: ClassVar[int]
    variance: float = 1.0

    def __post_init__(self) -> None:
        require_positive("variance", self.variance)

    @property
    def law(self) -> Semicircle:
        """The semicircle of variance σ²."""
        return Semicircle(self.variance)

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        model = GaussianBeta(float(self.beta), self.variance)
        return model.sample_eigenvalues(size, rng=rng)


@dataclass(frozen=True)
class GOE(_Gaussian):
    """The Gaussian orthogonal ensemble: real symmetric, invariant under rotations.

    The variance is σ²/N off the diagonal and 2σ²/N on it, for the semicircle ±2σ.

    Attributes:
        variance: σ².
    """

    beta: ClassVar[int] = 1

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "{size} {size}"]:
        require_size(size)
        normal = rng.standard_normal((size, size))
        return (normal + normal.T) * math.sqrt(self.variance / (2 * size))


@dataclass(frozen=True)
class GUE(_Gaussian):
    """The Gaussian unitary ensemble: complex Hermitian, invariant under U(N).

    E|Hᵢⱼ|² = σ²/N on and off the diagonal, for the semicircle ±2σ.

    Attributes:
        variance: σ².
    """

    beta: ClassVar[int] = 2

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Complex[np.ndarray, "{size} {size}"]:
        require_size(size)
        normal = draw_entries(normal_entries, (size, size), beta=2, rng=rng)
        return (normal + normal.conj().T) * math.sqrt(self.variance / (2 * size))


@dataclass(frozen=True)
class GSE(_Gaussian):
    """The Gaussian symplectic ensemble: quaternion self-dual matrices.

    E|q|² = σ²/N off the diagonal and σ²/2N on it, for the semicircle ±2σ. A quaternion
    matrix of N rows is sampled as a complex one of 2N, where every eigenvalue
    appears twice; `sample_eigenvalues` gives each of the N once.

    Attributes:
        variance: σ².
    """

    beta: ClassVar[int] = 4

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Complex[np.ndarray, "2*{size} 2*{size}"]:
        """Draw a matrix A + Bj as ((A, B), (−B̄, Ā)), with A = A* and B = −Bᵀ.

        Args:
            size: N, rows and columns of quaternions.
            rng: Source of randomness.

        Returns:
            A complex Hermitian matrix of 2N rows.
        """
        a = GUE(self.variance / 2).sample(size, rng=rng)
        normal = draw_entries(normal_entries, (size, size), beta=2, rng=rng)
        b = (normal - normal.T) * math.sqrt(self.variance / (4 * size))
        return np.block([[a, b], [-b.conj(), a.conj()]])
