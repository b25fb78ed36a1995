"""Self-energies: what each free part of a pencil adds to the inverse resolvent.

With G = E[(b − L)⁻¹] for L = A₀⊗1 + ∑ₖ Lₖ, the parts Lₖ free over the matrices,
G⁻¹ = b − A₀ − ∑ₖ Σₖ. A part holds Σₖ in coordinates on an orthonormal basis of the
matrices it can be, and computes it from a resolvent:

- Lₖ = A⊗X has Σₖ(w) = w − E[(w − A X)⁻¹]⁻¹ at its own w = b − A₀ − ∑ⱼ≠ₖ Σⱼ. Its boolean
  cumulants give ∑ₙ bₙ₊₁ A (w⁻¹A)ⁿ = U a S(U* w⁻¹ U a) U* with A = U a U* and S(t) =
  ∑ₙ bₙ₊₁ tⁿ = Σ_X(1/t), the scalar self-energy of the law. Nothing is integrated.
- Gaussian parts have Σ = η(G), η completely positive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Law
from eigenscape.theory.operator_valued.functional_calculus import matrix_function

_NODES = 64  # aliasing 2⁻⁶⁴ at half the radius of convergence
_ORDER = 20  # 10⁻²⁰ at a tenth of it
_RANK_TOLERANCE = 1e-13


class SelfEnergy(ABC):
    """A part's self-energy Σ = ∑ᵢ uᵢ Eᵢ, as a function of a resolvent."""

    @property
    @abstractmethod
    def basis(self) -> Complex[np.ndarray, "q m m"]:
        """The matrices Eᵢ, orthonormal for the product tr A*B."""

    @property
    @abstractmethod
    def excludes_itself(self) -> bool:
        """Whether its resolvent is w⁻¹, without Σ itself, or the full one."""

    @abstractmethod
    def coordinates(
        self,
        resolvent: Complex[np.ndarray, "n m m"],
        directions: Complex[np.ndarray, "k m m"],
    ) -> tuple[Complex[np.ndarray, "n q"], Complex[np.ndarray, "n q k"]]:
        """Compute u from the resolvent R.

        Args:
            resolvent: R, one matrix a point.
            directions: Matrices D: R moves by R D R when its inverse moves by −D.

        Returns:
            u and its derivative in each direction.
        """


@dataclass(frozen=True)
class FreeTerm(SelfEnergy):
    """The self-energy of A⊗X.

    Attributes:
        law: The law of X.
        vectors: U, orthonormal eigenvectors of A off its kernel.
        eigenvalues: a, the eigenvalues, not 0.
        cumulants: The boolean cumulants b₁, …, b₂₀ of X.
        reach: Where their series ends to be used, a tenth of its radius.
    """

    law: Law
    vectors: Complex[np.ndarray, "m r"]
    eigenvalues: Float[np.ndarray, " r"]
    cumulants: Float[np.ndarray, " k"]
    reach: float

    @classmethod
    def of(cls, coefficient: Inexact[np.ndarray, "m m"], law: Law) -> FreeTerm:
        """Build it from the Hermitian coefficient A and the law of X.

        Args:
            coefficient: A.
            law: The law of X, of bounded support, not the point mass at 0.

        Returns:
            The self-energy of A⊗X.
        """
        values, vectors = np.linalg.eigh(coefficient)
        kept = np.abs(values) > _RANK_TOLERANCE * np.abs(values).max()
        radius = max(abs(law.hull.lower), abs(law.hull.upper))
        t = np.exp(2j * np.pi * np.arange(_NODES) / _NODES) / (2 * radius)
        z = 1 / t
        series = np.fft.fft(z - 1 / law.stieltjes(z)).real / _NODES
        cumulants = series[:_ORDER] * (2 * radius) ** np.arange(_ORDER)
        return cls(
            law, vectors[:, kept].astype(complex), values[kept], cumulants, 0.1 / radius
        )

    @property
    def basis(self) -> Complex[np.ndarray, "q m m"]:
        """The matrices U_p U_q*."""
        columns = self.vectors
        products = np.einsum("ap,bq->pqab", columns, columns.conj())
        return products.reshape(-1, columns.shape[0], columns.shape[0])

    @property
    def excludes_itself(self) -> bool:
        """True."""
        return True

    def coordinates(
        self,
        resolvent: Complex[np.ndarray, "n m m"],
        directions: Complex[np.ndarray, "k m m"],
    ) -> tuple[Complex[np.ndarray, "n q"], Complex[np.ndarray, "n q k"]]:
        """Compute a S(U* w⁻¹ U a), rows first.

        Args:
            resolvent: w⁻¹.
            directions: Matrices D: w⁻¹ moves by w⁻¹ D w⁻¹.

        Returns:
            The entries and their derivative in each direction.
        """
        a = self.eigenvalues
        left = np.matmul(self.vectors.conj().T, resolvent)
        right = np.matmul(resolvent, self.vectors * a)
        values, slopes = matrix_function(
            self._boolean_transform, np.matmul(left, self.vectors * a)
        )
        turns = _sandwiched(left, directions, right)
        count, number = len(values), len(directions)
        scale = np.repeat(a, a.size)
        derivative = (slopes * scale[:, None]) @ turns.reshape(count, a.size**2, number)
        return values.reshape(count, a.size**2) * scale, derivative

    def _boolean_transform(
        self, t: Complex[np.ndarray, "n r"]
    ) -> tuple[Complex[np.ndarray, "n r"], Complex[np.ndarray, "n r"]]:
        near = np.abs(t) < self.reach
        value, slope = np.empty_like(t), np.empty_like(t)
        powers = np.arange(_ORDER)
        value[near] = np.polyval(self.cumulants[::-1], t[near])
        slope[near] = np.polyval((self.cumulants * powers)[:0:-1], t[near])
        z = 1 / t[~near]
        value[~near], rate = self.law.self_energy(z)
        slope[~near] = -(z**2) * rate
        return value, slope


@dataclass(frozen=True)
class GaussianPart(SelfEnergy):
    """The self-energy η(G) of a jointly semicircular part, η(G) = ∑ₖ Aₖ G Aₖ*.

    Attributes:
        image: An orthonormal basis of the range of η.
        functionals: vec(G) ↦ u.
    """

    image: Complex[np.ndarray, "q m m"]
    functionals: Complex[np.ndarray, "q m2"]

    @classmethod
    def of(cls, operators: Inexact[np.ndarray, "k m m"]) -> GaussianPart:
        """Build it from the Kraus operators Aₖ.

        Args:
            operators: Aₖ: coefficients of free semicirculars of variance 1, or one
                matrix unit for every block of independent entries.

        Returns:
            The self-energy η(G).
        """
        size = operators.shape[-1]
        eta = np.einsum("kab,kcd->acbd", operators, operators.conj())
        left, scales, right = np.linalg.svd(eta.reshape(size**2, size**2))
        rank = int((scales > _RANK_TOLERANCE * scales[0]).sum())
        basis = left[:, :rank].T.reshape(rank, size, size).astype(complex)
        functionals = scales[:rank, None] * right[:rank]
        return cls(basis, functionals.astype(complex))

    @property
    def basis(self) -> Complex[np.ndarray, "q m m"]:
        """An orthonormal basis of the range of η."""
        return self.image

    @property
    def excludes_itself(self) -> bool:
        """False: η acts on the full resolvent."""
        return False

    def coordinates(
        self,
        resolvent: Complex[np.ndarray, "n m m"],
        directions: Complex[np.ndarray, "k m m"],
    ) -> tuple[Complex[np.ndarray, "n q"], Complex[np.ndarray, "n q k"]]:
        """Apply η to the resolvent and to its directions.

        Args:
            resolvent: G.
            directions: Matrices D: G moves by G D G.

        Returns:
            The coordinates of η(G) and their derivative in each direction.
        """
        count, number = len(resolvent), len(directions)
        square = self.functionals.shape[1]
        values = resolvent.reshape(count, square) @ self.functionals.T
        turns = _sandwiched(resolvent, directions, resolvent)
        return values, self.functionals @ turns.reshape(count, square, number)


def _sandwiched(
    left: Complex[np.ndarray, "n r m"],
    directions: Complex[np.ndarray, "k m m"],
    right: Complex[np.ndarray, "n m s"],
) -> Complex[np.ndarray, "n r s k"]:
    count, rows, size = left.shape
    number = len(directions)
    half = np.tensordot(left, directions, axes=([2], [1]))
    half = half.reshape(count, rows * number, size) @ right
    shape = (count, rows, number, right.shape[2])
    return half.reshape(shape).swapaxes(2, 3)
