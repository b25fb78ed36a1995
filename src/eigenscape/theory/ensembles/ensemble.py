"""The abstract ensemble: random matrices, and the law their spectrum tends to."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float, Inexact

from eigenscape.theory.laws.law import Law


class Ensemble(ABC):
    """Random Hermitian matrices of every size, scaled to have a limiting law."""

    @property
    @abstractmethod
    def law(self) -> Law:
        """The limit of the spectral distribution as the size grows."""

    @abstractmethod
    def sample(
        self, size: int, *, rng: np.random.Generator
    ) -> Inexact[np.ndarray, "{size} {size}"]:
        """Draw a matrix.

        Args:
            size: Rows and columns of the matrix.
            rng: Source of randomness.

        Returns:
            A real symmetric or complex Hermitian matrix.
        """

    def sample_eigenvalues(
        self, size: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, " {size}"]:
        """Draw the spectrum of a matrix, by a faster way where one is known.

        The distribution is that of the eigenvalues of `sample`, but the same
        generator need not give the same spectrum.

        Args:
            size: Rows and columns of the matrix.
            rng: Source of randomness.

        Returns:
            The eigenvalues, ascending.
        """
        return np.linalg.eigvalsh(self.sample(size, rng=rng))


def require_size(size: int, smallest: int = 1) -> None:
    """Refuse a matrix that is too small.

    Args:
        size: Rows and columns.
        smallest: The smallest size there is.

    Raises:
        ValueError: The size is smaller.
    """
    if size < smallest:
        message = f"size: expected at least {smallest}, got {size}"
        raise ValueError(message)


def samples_for(size: int, ratio: float) -> int:
    """Choose the rows of a data matrix of a given number of columns and shape.

    Args:
        size: P, the columns.
        ratio: P/n, columns over rows.

    Returns:
        The integer n ≥ 1 nearest to P/ratio.
    """
    return max(1, round(size / ratio))


def hermitian_part(
    matrix: Inexact[np.ndarray, "n n"],
) -> Inexact[np.ndarray, "n n"]:
    """Take (M + M*)/2, which removes the rounding of a Hermitian product.

    Args:
        matrix: M.

    Returns:
        A matrix that equals its adjoint exactly.
    """
    return (matrix + matrix.conj().T) / 2
