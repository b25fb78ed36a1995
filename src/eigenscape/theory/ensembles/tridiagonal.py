"""Symmetric tridiagonal matrices, whose spectra cost time size²."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.ensembles.ensemble import Ensemble


@dataclass(frozen=True)
class Tridiagonal:
    """A symmetric tridiagonal matrix.

    Attributes:
        diagonal: Its diagonal.
        off_diagonal: The diagonal next to it.
    """

    diagonal: Float[np.ndarray, " n"]
    off_diagonal: Float[np.ndarray, " n-1"]

    @classmethod
    def gram(
        cls, diagonal: Float[np.ndarray, " n"], off_diagonal: Float[np.ndarray, " n-1"]
    ) -> Tridiagonal:
        """Multiply a lower bidiagonal matrix B by its transpose.

        Args:
            diagonal: The diagonal of B.
            off_diagonal: The diagonal below it.

        Returns:
            BBᵀ.
        """
        squares = diagonal**2
        squares[1:] += off_diagonal**2
        return cls(squares, off_diagonal * diagonal[:-1])

    def dense(self) -> Float[np.ndarray, "n n"]:
        """Write the matrix out.

        Returns:
            The square array.
        """
        upper = np.diag(self.off_diagonal, 1)
        return np.diag(self.diagonal) + upper + upper.T

    def eigenvalues(self) -> Float[np.ndarray, " n"]:
        """Compute the spectrum by the Pal–Walker–Kahan QL iteration.

        Returns:
            The eigenvalues, ascending, to a few machine epsilons of the norm.
        """
        # LAPACK's sterf: the fastest driver at size 4000.
        return scipy.linalg.eigvalsh_tridiagonal(
            self.diagonal, self.off_diagonal, lapack_driver="sterf"
        )


class BetaEnsemble(Ensemble):
    """Eigenvalues that repel as |λᵢ − λⱼ|^β, by a tridiagonal model for any β > 0."""

    @abstractmethod
    def sample_tridiagonal(self, size: int, *, rng: np.random.Generator) -> Tridiagonal:
        """Draw the tridiagonal matrix.

        Args:
            size: Rows and columns of the matrix.
            rng: Source of randomness.

        Returns:
            The matrix.
        """

    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "{size} {size}"]:
        """Draw the tridiagonal matrix, written out.

        Args:
            size: Rows and columns of the matrix.
            rng: Source of randomness.

        Returns:
            The matrix, real whatever β; its eigenvectors are not random directions.
        """
        return self.sample_tridiagonal(size, rng=rng).dense()

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        """Draw the spectrum in time size².

        Args:
            size: Rows and columns of the matrix.
            rng: Source of randomness.

        Returns:
            The eigenvalues, ascending.
        """
        return self.sample_tridiagonal(size, rng=rng).eigenvalues()
