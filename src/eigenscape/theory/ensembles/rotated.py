"""Sums and products of two ensembles, one of them turned by a random rotation."""

# ruff: file-ignore[undocumented-public-method] (documented on Ensemble)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Inexact

from eigenscape.theory.ensembles.ensemble import Ensemble, hermitian_part
from eigenscape.theory.ensembles.entries import require_real_or_complex
from eigenscape.theory.ensembles.haar import haar_frame
from eigenscape.theory.laws.law import Law


@dataclass(frozen=True)
class RotatedSum(Ensemble):
    """A + QBQ* for Haar-distributed Q, in the eigenbasis of A.

    E tr (A + QBQ*) = tr A + tr B, and E tr (A + QBQ*)² = tr A² + tr B² + 2 tr A tr B/N,
    given the spectra of A and B.

    Attributes:
        first: The ensemble of A, of which only the spectrum matters.
        second: The ensemble of B, likewise.
        beta: 1 for orthogonal Q, 2 for unitary.

    References:
        Voiculescu (1991), Limit laws for random matrices and free products,
        Inventiones Mathematicae 104.
    """

    first: Ensemble
    second: Ensemble
    beta: int = 1

    def __post_init__(self) -> None:
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Law:
        """The free sum of the two laws."""
        from eigenscape.theory.convolution.additive import (
            free_additive_convolution,
        )

        return free_additive_convolution(self.first.law, self.second.law)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        first = self.first.sample_eigenvalues(size, rng=rng)
        second = self.second.sample_eigenvalues(size, rng=rng)
        return np.diag(first) + _rotated(second, self.beta, rng)


@dataclass(frozen=True)
class RotatedProduct(Ensemble):
    """A^½ QBQ* A^½ for positive A and Haar-distributed Q, in the eigenbasis of A.

    Its eigenvalues are those of AQBQ*. Given the spectra, E tr (AQBQ*) = tr A tr B/N.

    Attributes:
        first: The ensemble of A, of which only the spectrum matters; no eigenvalue
            may be negative.
        second: The ensemble of B, likewise, of any sign.
        beta: 1 for orthogonal Q, 2 for unitary.
    """

    first: Ensemble
    second: Ensemble
    beta: int = 1

    def __post_init__(self) -> None:
        require_real_or_complex(self.beta)

    @property
    def law(self) -> Law:
        """The free product of the two laws."""
        from eigenscape.theory.convolution.multiplicative import (
            free_multiplicative_convolution,
        )

        return free_multiplicative_convolution(self.first.law, self.second.law)

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        first = _nonnegative(self.first.sample_eigenvalues(size, rng=rng))
        second = self.second.sample_eigenvalues(size, rng=rng)
        root = np.sqrt(first)
        return np.outer(root, root) * _rotated(second, self.beta, rng)


def _rotated(
    eigenvalues: Float[np.ndarray, " n"], beta: int, rng: np.random.Generator
) -> Inexact[np.ndarray, "n n"]:
    rotation = haar_frame(eigenvalues.size, eigenvalues.size, beta=beta, rng=rng)
    return hermitian_part((rotation * eigenvalues) @ rotation.conj().T)


def _nonnegative(eigenvalues: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # A numerical spectrum of a positive matrix is below 0 by rounding at most.
    rounding = eigenvalues.size * np.finfo(float).eps * np.abs(eigenvalues).max()
    lowest = float(eigenvalues.min())
    if lowest < -rounding:
        message = f"first: expected no negative eigenvalue, got {lowest}"
        raise ValueError(message)
    return np.maximum(eigenvalues, 0)
