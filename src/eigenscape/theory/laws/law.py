"""The abstract law: a probability measure on the line, as random matrices have it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.pointwise import pointwise

POLE = 1e75  # stands for a pole of Σ; large, with a finite fourth power


@dataclass(frozen=True)
class Interval:
    """A closed interval of the real line.

    Attributes:
        lower: Left end, in the units of the eigenvalue.
        upper: Right end.
    """

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """Length of the interval."""
        return self.upper - self.lower


@dataclass(frozen=True)
class Atom:
    """A point that carries mass.

    Attributes:
        location: Where it lies, in the units of the eigenvalue.
        weight: Its mass, between 0 and 1.
    """

    location: float
    weight: float


class Law(ABC):
    """A probability measure ρ = continuous part + atoms.

    All laws but Cauchy's have bounded support. Their functions take arrays of points,
    lists and single numbers.
    """

    def __init_subclass__(cls) -> None:
        """Let the functions that a law defines take lists and numbers."""
        super().__init_subclass__()
        for name in ("density", "stieltjes", "stieltjes_derivative", "self_energy"):
            if name in vars(cls):
                setattr(cls, name, pointwise(1)(vars(cls)[name]))

    @property
    @abstractmethod
    def support(self) -> tuple[Interval, ...]:
        """Intervals of the continuous part, disjoint, ascending."""

    @property
    @abstractmethod
    def atoms(self) -> tuple[Atom, ...]:
        """Atoms, distinct, ascending."""

    @abstractmethod
    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Evaluate the density of the continuous part.

        Args:
            x: Points of the real line.

        Returns:
            ρ(x) per unit of eigenvalue; 0 outside the open support.
        """

    @abstractmethod
    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        """Evaluate g(z) = ∫ ρ(dλ) / (z − λ).

        Args:
            z: Points of the plane. A real point of the support stands for its limit
                from above.

        Returns:
            g(z), with Im g < 0 above the axis and real values outside the support.
        """

    @abstractmethod
    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        """Evaluate g′(z) = −∫ ρ(dλ) / (z − λ)².

        Args:
            z: Points of the plane; real ones as in `stieltjes`.

        Returns:
            g′(z); not finite at an atom or where the density has an edge.
        """

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        """Evaluate Σ(z) = z − 1/g(z) and Σ′(z) = 1 + g′(z) / g(z)².

        Σ is the mean plus the variance times the Stieltjes transform of another
        probability measure, the law with its first Jacobi coefficients stripped. Laws
        that know this measure say Σ by it: z − 1/g cancels far out.

        Args:
            z: Points of the plane; real ones as in `stieltjes`.

        Returns:
            Σ(z), with Im Σ ≤ 0 above the axis, and Σ′(z); finite always, a pole being
            given as r/δ = `POLE`. At an atom of weight m they are z and 1 − 1/m.
        """
        return self._from_stieltjes(z, self.stieltjes(z), self.stieltjes_derivative(z))

    def _from_stieltjes(
        self,
        z: Inexact[np.ndarray, "*shape"],
        g: Complex[np.ndarray, "*shape"],
        g_slope: Complex[np.ndarray, "*shape"],
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        with np.errstate(divide="ignore", invalid="ignore"):
            value, slope = np.asarray(z - 1 / g), np.asarray(1 + g_slope / g**2)
        lost = ~np.isfinite(g)
        if lost.any():
            weights = {atom.location: atom.weight for atom in self.atoms}
            masses = np.array([weights.get(x, 0.0) for x in np.real(z[lost]).tolist()])
            value[lost], slope[lost] = z[lost], 1 - 1 / np.maximum(masses, POLE**-2)
        pole = g == 0
        value[pole], slope[pole] = POLE, POLE**2 * g_slope[pole]
        return value, slope

    @property
    def hull(self) -> Interval:
        """The smallest interval that holds all the mass."""
        ends = [atom.location for atom in self.atoms]
        for interval in self.support:
            ends += [interval.lower, interval.upper]
        return Interval(min(ends), max(ends))


def require_positive(name: str, value: float) -> None:
    """Refuse a parameter that is not a positive finite number.

    Args:
        name: The parameter.
        value: Its value.

    Raises:
        ValueError: The value is zero, negative, infinite or NaN.
    """
    if not 0 < value < math.inf:
        message = f"{name}: expected a positive finite number, got {value}"
        raise ValueError(message)
