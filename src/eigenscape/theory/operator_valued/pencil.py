"""Linear pencils of free matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Inexact

from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.equation import DysonEquation
from eigenscape.theory.operator_valued.self_energies import (
    FreeTerm,
    GaussianPart,
    SelfEnergy,
)
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum


@dataclass(frozen=True)
class Pencil:
    """The pencil L = A₀⊗1 + ∑ₖ Aₖ⊗Xₖ of free self-adjoint Xₖ.

    Attributes:
        constant: A₀, Hermitian m × m.
        terms: (Aₖ, law of Xₖ), Aₖ Hermitian and the laws of bounded support.
        corner: c: z stands on the first c coordinates only, and the law is read there,
            g(z) = (1/c) tr [(z P − L)⁻¹] P. The others linearise what the Schur
            complement on the corner is. None for all m.
    """

    constant: Inexact[np.ndarray, "m m"]
    terms: tuple[tuple[Inexact[np.ndarray, "_ _"], Law], ...]
    corner: int | None = None

    def __post_init__(self) -> None:
        size = len(self.constant)
        _require_hermitian("constant", self.constant, size)
        for coefficient, law in self.terms:
            _require_hermitian("terms", coefficient, size)
            if not np.isfinite([law.hull.lower, law.hull.upper]).all():
                message = (
                    f"terms: expected laws of bounded support, got {law}; cut its tails"
                )
                raise ValueError(message)
        if self.corner is not None and not 1 <= self.corner <= size:
            message = f"corner: expected 1 to {size} coordinates, got {self.corner}"
            raise ValueError(message)


def pencil_spectrum(pencil: Pencil) -> PencilSpectrum:
    """Find the spectral distribution of a pencil, or of what it linearises.

    Semicirculars are joined to one Gaussian part; any other law is a free term.

    Args:
        pencil: The pencil.

    Returns:
        Its law, as the transform and the density.

    Raises:
        ValueError: Every term is 0.
    """
    size = len(pencil.constant)
    corner = pencil.corner or size
    spectral = np.diag((np.arange(size) < corner).astype(float))
    constant = pencil.constant.astype(complex)
    parts: list[SelfEnergy] = []
    gaussian: list[np.ndarray] = []
    radius = float(np.linalg.norm(constant, 2))
    for coefficient, law in pencil.terms:
        reach = max(abs(law.hull.lower), abs(law.hull.upper))
        radius += reach * float(np.linalg.norm(coefficient, 2))
        if isinstance(law, Semicircle):
            gaussian.append(np.sqrt(law.variance) * coefficient)
        elif reach > 0 and coefficient.any():
            parts.append(FreeTerm.of(coefficient, law))
    if any(a.any() for a in gaussian):
        parts.append(GaussianPart.of(np.array(gaussian)))
    if not parts:
        message = (
            f"terms: expected one that is not 0, got {pencil.terms}; add a variable"
        )
        raise ValueError(message)
    equation = DysonEquation(
        constant, spectral, spectral / corner, tuple(parts), radius
    )
    return PencilSpectrum(equation)


def _require_hermitian(
    name: str, matrix: Inexact[np.ndarray, "r c"], size: int
) -> None:
    square = matrix.shape == (size, size) and np.isfinite(matrix).all()
    if not square or not np.array_equal(matrix, matrix.conj().T):
        message = (
            f"{name}: expected Hermitian {size} × {size} matrices, got {matrix}; "
            "symmetrise with (A + A*)/2"
        )
        raise ValueError(message)
