"""The Cauchy law, which no moment has and no interval holds."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law, require_positive
from eigenscape.theory.laws.parameters import require_finite


@dataclass(frozen=True)
class Cauchy(Law):
    """The Cauchy law, ρ(x) = γ / π((x − m)² + γ²).

    Above the axis g = 1 / (z − m + iγ), and Σ = m − iγ is constant: adding a free
    Cauchy variable shifts z by iγ. The only law here without compact support: the
    interval of `support` and `hull` is the whole line, and moments do not exist.

    Attributes:
        location: m, the median.
        scale: γ, half the distance between the quartiles.

    References:
        Bercovici and Voiculescu (1993), Free convolution of measures with unbounded
        support, Indiana University Mathematics Journal 42.
    """

    location: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        require_finite("location", self.location)
        require_positive("scale", self.scale)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The whole line."""
        return (Interval(-math.inf, math.inf),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        u = (x - self.location) / self.scale
        # Not u² + 1, which overflows.
        return 1 / (math.pi * self.scale * np.hypot(u, 1)) / np.hypot(u, 1)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return np.asarray(1 / (z - self.self_energy(z)[0]))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return np.asarray(-(self.stieltjes(z) ** 2))

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        z = z.astype(np.complex128)
        value = np.empty_like(z)
        value.real = self.location
        value.imag = -np.copysign(self.scale, np.imag(z))
        return value, np.zeros_like(z)
