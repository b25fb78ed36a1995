"""Wigner's semicircle law."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law, require_positive
from eigenscape.theory.laws.quadratic import (
    arch,
    decaying_root,
    edge_root,
    semicircle_energy,
    transform_slope,
)


@dataclass(frozen=True)
class Semicircle(Law):
    """The centred semicircle law.

    ρ(x) = √(4σ² − x²) / 2πσ² and g = (z − √(z² − 4σ²)) / 2σ².

    Attributes:
        variance: σ²; the support is ±2σ.

    References:
        Wigner (1958), On the distribution of the roots of certain symmetric
        matrices, Annals of Mathematics 67.
    """

    variance: float = 1.0

    def __post_init__(self) -> None:
        require_positive("variance", self.variance)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval ±2σ."""
        edge = 2 * math.sqrt(self.variance)
        return (Interval(-edge, edge),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return arch(x, self.support[0]) / (2 * math.pi * self.variance)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        z = z.astype(np.complex128)
        return decaying_root(z, edge_root(z, self.support[0]), self.variance, 1.0)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return transform_slope(self.stieltjes(z), self.self_energy(z)[1])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        z = z.astype(np.complex128)
        return semicircle_energy(z, self.support[0], 0.0, self.variance)
