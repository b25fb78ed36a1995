"""The Kesten–McKay law of random regular graphs."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.quadratic import (
    arch,
    decaying_root,
    edge_root,
    ratio_on_support,
    semicircle_energy,
    transform_slope,
)


@dataclass(frozen=True)
class KestenMcKay(Law):
    """The law of adjacency / √(d − 1) of a random d-regular graph.

    With y = x √(d − 1) the eigenvalue of the adjacency matrix itself,
    ρ(y) = d √(4(d − 1) − y²) / 2π(d² − y²) and
    g = ((d − 2) y − d √(y² − 4(d − 1))) / 2(d² − y²).

    Attributes:
        degree: d, at least 2. Two gives the arcsine law.

    References:
        McKay (1981), The expected eigenvalue distribution of a large regular graph,
        Linear Algebra and its Applications 40, Theorem 1.1.
    """

    degree: int

    def __post_init__(self) -> None:
        if self.degree < 2:
            message = f"degree: expected an integer of at least 2, got {self.degree}"
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval ±2, whatever the degree."""
        return (Interval(-2.0, 2.0),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        d, y = self.degree, x * math.sqrt(self.degree - 1)
        numerator = d * (d - 1) * arch(x, self.support[0])
        return ratio_on_support(numerator, 2 * math.pi * (d - y) * (d + y))

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        d, unit = self.degree, math.sqrt(self.degree - 1)
        z = z.astype(np.complex128)
        p = np.asarray((d - 2) * unit * z)
        q = np.asarray((d - unit * z) * (d + unit * z))
        root = np.asarray(d * unit * edge_root(z, self.support[0]))
        return np.asarray(unit * decaying_root(p, root, q, d - 1.0))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return transform_slope(self.stieltjes(z), self.self_energy(z)[1])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        variance = self.degree / (self.degree - 1)
        z = z.astype(np.complex128)
        return semicircle_energy(z, self.support[0], 0.0, variance)
