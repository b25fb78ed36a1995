"""The uniform law."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.parameters import require_interval

_REACH = 0.5  # of t = r / (z − m): the series below ends at 0.5⁵⁶ ≈ 1e-17
_TERMS = 1 / np.arange(3, 58, 2)


@dataclass(frozen=True)
class Uniform(Law):
    """The uniform law on [a, b], with g = log((z − a) / (z − b)) / (b − a).

    With m the middle and r half the width, g = artanh(t) / r for t = r / (z − m).
    It diverges logarithmically at both edges.

    Attributes:
        lower: a.
        upper: b, above a.
    """

    lower: float = 0.0
    upper: float = 1.0

    def __post_init__(self) -> None:
        require_interval(self.lower, self.upper)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval [a, b]."""
        return (Interval(self.lower, self.upper),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        inside = (x > self.lower) & (x < self.upper)
        return inside / (self.upper - self.lower)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        z = z.astype(np.complex128)
        t, far = self._far(z)
        below, above = z - self.lower, z - self.upper
        with np.errstate(divide="ignore", invalid="ignore"):
            near = np.log(np.where(far, 1, below)) - np.log(np.where(far, 1, above))
            near /= self.upper - self.lower
        return np.asarray(np.where(far, t * (1 + t**2 * _tail(t)) / self._half, near))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        z = z.astype(np.complex128)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-1 / ((z - self.lower) * (z - self.upper)))

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        z = z.astype(np.complex128)
        t, far = self._far(z)
        # Of s = (artanh t − t) / t³, with u = t²:
        u, s = t**2, _tail(t)
        decay = 1 + u * s
        value = self._middle + self._half * t * s / decay
        slope = u * (2 * s - 1 + u * s * (s - 2) - (u * s) ** 2)
        slope /= decay**2 * (1 - u)
        direct, direct_slope = super().self_energy(z)
        return (
            np.asarray(np.where(far, value, direct)),
            np.asarray(np.where(far, slope, direct_slope)),
        )

    @property
    def _middle(self) -> float:
        return self.lower + self._half

    @property
    def _half(self) -> float:
        return (self.upper - self.lower) / 2

    def _far(
        self, z: Complex[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], np.ndarray]:
        distance = np.asarray(z - self._middle)
        far = np.asarray(np.abs(distance) * _REACH > self._half)
        return np.asarray(self._half / np.where(far, distance, np.inf)), far


def _tail(t: Complex[np.ndarray, "*shape"]) -> Complex[np.ndarray, "*shape"]:
    """Sum (artanh t − t) / t³, that is 1/3 + t²/5 + t⁴/7 and so on."""
    return np.asarray(np.polynomial.polynomial.polyval(t**2, _TERMS))
