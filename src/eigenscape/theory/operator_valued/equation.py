"""The equation that self-energies solve together, as a map of a half-plane.

T sends the coordinates u of all parts, −Im ∑ uᵢ Eᵢ ≥ 0, to those that their resolvents
give. It maps this half-plane into itself for every b with Im b ≥ 0, so that a fixed
point at which the spectral radius of DT is below one is the only one.

References:
    Helton, Rashidi Far and Speicher (2007), Operator-valued semicircular elements:
    solving a quadratic matrix equation with positivity constraints, International
    Mathematics Research Notices; Belinschi, Mai and Speicher (2017), Analytic
    subordination theory of operator-valued free additive convolution and the solution
    of a general random matrix problem, Journal für die reine und angewandte Mathematik
    732.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.theory.operator_valued.self_energies import SelfEnergy


@dataclass(frozen=True)
class DysonEquation:
    """G⁻¹ = z P − A₀ − ∑ uᵢ Eᵢ with u = T(u), read as g(z) = tr(Q G).

    Attributes:
        constant: A₀, Hermitian.
        spectral: P ≥ 0, what the spectral parameter multiplies.
        readout: Q ≥ 0, with g(z) ~ 1/z.
        parts: The self-energies.
        radius: A bound on the norm of the pencil.
    """

    constant: Complex[np.ndarray, "m m"]
    spectral: Float[np.ndarray, "m m"]
    readout: Float[np.ndarray, "m m"]
    parts: tuple[SelfEnergy, ...]
    radius: float

    @cached_property
    def basis(self) -> Complex[np.ndarray, "q m m"]:
        """The matrices Eᵢ of all parts."""
        return np.concatenate([part.basis for part in self.parts])

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where the coordinates of each part lie in u."""
        ends = np.cumsum([0, *(len(part.basis) for part in self.parts)])
        return tuple(map(slice, ends[:-1].tolist(), ends[1:].tolist()))

    def energy(self, u: Complex[np.ndarray, "n q"]) -> Complex[np.ndarray, "n m m"]:
        """Sum the self-energies.

        Args:
            u: Coordinates, one row a point.

        Returns:
            ∑ uᵢ Eᵢ.
        """
        return np.tensordot(u, self.basis, axes=1)

    def placed(self, z: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, "n m m"]:
        """Place the spectral parameter.

        Args:
            z: Points of the plane.

        Returns:
            b = z P − A₀.
        """
        return np.multiply.outer(z, self.spectral) - self.constant

    def step(
        self, b: Complex[np.ndarray, "n m m"], u: Complex[np.ndarray, "n q"]
    ) -> tuple[Complex[np.ndarray, "n q"], Complex[np.ndarray, "n q q"]]:
        """Evaluate T and its derivative.

        Args:
            b: z P − A₀, or any matrix of the upper half-plane.
            u: Coordinates, one row a point.

        Returns:
            T(u) and DT(u).
        """
        values, derivative = np.empty_like(u), np.empty((*u.shape, u.shape[1]), complex)
        for part, own in zip(self.parts, self.slices, strict=True):
            inverse = self._seen_by(part, own, b, u)
            values[:, own], derivative[:, own] = part.coordinates(inverse, self.basis)
            if part.excludes_itself:
                derivative[:, own, own] = 0
        return values, derivative

    def drift(
        self, b: Complex[np.ndarray, "n m m"], u: Complex[np.ndarray, "n q"]
    ) -> Complex[np.ndarray, "n q"]:
        """Differentiate T with respect to z at fixed u.

        Args:
            b: z P − A₀.
            u: Coordinates, one row a point.

        Returns:
            ∂T/∂z.
        """
        direction = -self.spectral[None].astype(complex)
        moved = np.empty_like(u)
        for part, own in zip(self.parts, self.slices, strict=True):
            inverse = self._seen_by(part, own, b, u)
            moved[:, own] = part.coordinates(inverse, direction)[1][:, :, 0]
        return moved

    def depth(self, u: Complex[np.ndarray, "n q"]) -> Float[np.ndarray, " n"]:
        """Measure how far inside the half-plane u is.

        Args:
            u: Coordinates, one row a point.

        Returns:
            The least eigenvalue of −Im Σₖ over all parts; below 0 outside.
        """
        lowest = np.full(len(u), np.inf)
        for part, own in zip(self.parts, self.slices, strict=True):
            energy = np.tensordot(u[:, own], part.basis, axes=1)
            lowest = np.fmin(lowest, np.linalg.eigvalsh(-_imaginary(energy))[:, 0])
        return lowest

    def hermitian(self, u: Complex[np.ndarray, "n q"]) -> Complex[np.ndarray, "n q"]:
        """Project every self-energy on the Hermitian matrices.

        Args:
            u: Coordinates, one row a point.

        Returns:
            Coordinates of the real parts (Σₖ + Σₖ*)/2.
        """
        projected = np.empty_like(u)
        for part, own in zip(self.parts, self.slices, strict=True):
            energy = np.tensordot(u[:, own], part.basis, axes=1)
            real = energy - 1j * _imaginary(energy)
            projected[:, own] = np.tensordot(
                real, part.basis.conj(), axes=([1, 2], [1, 2])
            )
        return projected

    def _seen_by(
        self,
        part: SelfEnergy,
        own: slice,
        b: Complex[np.ndarray, "n m m"],
        u: Complex[np.ndarray, "n q"],
    ) -> Complex[np.ndarray, "n m m"]:
        # Left out of the sum, not taken off again: near a pole it is all of it.
        others = u
        if part.excludes_itself:
            others = u.copy()
            others[:, own] = 0
        return inverse_or_nan(b - self.energy(others))


def inverse_or_nan(
    matrices: Complex[np.ndarray, "*batch m m"],
) -> Complex[np.ndarray, "*batch m m"]:
    """Invert each matrix, with NaN for those that have no inverse.

    Args:
        matrices: Square matrices.

    Returns:
        Their inverses.
    """
    try:
        return np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        singular = ~(np.abs(np.linalg.det(matrices)) > 0)
        safe = np.where(singular[..., None, None], np.eye(matrices.shape[-1]), matrices)
        return np.where(singular[..., None, None], np.nan, np.linalg.inv(safe))


def _imaginary(
    matrices: Complex[np.ndarray, "n m m"],
) -> Complex[np.ndarray, "n m m"]:
    return (matrices - matrices.conj().swapaxes(1, 2)) / 2j
