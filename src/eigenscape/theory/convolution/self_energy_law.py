"""A law given by its self-energy above the axis."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.convolution.ladder import Points
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.law import Law

_ROUNDING = 4 * float(np.finfo(float).eps)


class SelfEnergyLaw(Law):
    """A law with g = 1/(z − Σ), where Σ is what its equation gives.

    Near an atom, where z − Σ vanishes, g has the accuracy of z itself.
    """

    @property
    @abstractmethod
    def spread(self) -> float:
        """From how far off the law looks like a point; bounds the width of its hull."""

    @abstractmethod
    def upper_self_energy(self, z: Points) -> tuple[Points, Points]:
        """Evaluate Σ and Σ′ in the closed upper half-plane.

        Args:
            z: Points above the axis, or on it with imaginary part +0.

        Returns:
            Σ(z), real where a real z lies outside the spectrum, and Σ′(z).
        """

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        g = self.stieltjes(x)
        return np.where(np.isfinite(g), np.abs(np.imag(g)) / math.pi, 0.0)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        require_finite_points(z)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 / (z - self.self_energy(z)[0]))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        require_finite_points(z)
        energy, slope = self.self_energy(z)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((slope - 1) / (z - energy) ** 2)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        flat = z.astype(np.complex128).ravel()
        below = np.signbit(np.imag(flat))
        energy, slope = self.upper_self_energy(np.where(below, flat.conj(), flat))
        energy = np.where(below, energy.conj(), energy)
        slope = np.where(below, slope.conj(), slope)
        return energy.reshape(z.shape), slope.reshape(z.shape)


def spread(law: Law) -> float:
    """Say from how far off a law looks like a point.

    Args:
        law: The law.

    Returns:
        The width of its hull, or a bound of it that needs no edges; |Σ(i)| where the
        width is infinite.
    """
    if isinstance(law, SelfEnergyLaw):
        return law.spread
    if isinstance(law, Affine):
        return abs(law.scale) * spread(law.law)
    width = law.hull.width
    if math.isfinite(width):
        return width
    return float(np.abs(law.self_energy(np.array([1j]))[0][0]))


def require_finite_points(z: Inexact[np.ndarray, "*shape"]) -> None:
    """Refuse points that no equation can be solved at.

    Args:
        z: Points of the plane.

    Raises:
        ValueError: One is infinite or NaN.
    """
    if not np.isfinite(z).all():
        message = f"z: expected finite points, got {z[~np.isfinite(z)][0]}"
        raise ValueError(message)


def is_point_mass(law: Law) -> bool:
    """Tell whether a law is a single atom.

    Args:
        law: The law.

    Returns:
        Whether one atom has all the mass, up to rounding.
    """
    return any(atom.weight >= 1 - _ROUNDING for atom in law.atoms)
