"""The Marchenko–Pastur law of sample covariance matrices."""

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
    ratio_on_support,
    semicircle_energy,
    transform_slope,
)


@dataclass(frozen=True)
class MarchenkoPastur(Law):
    """The law of XᵀX/n for an n × P matrix X of independent entries of variance s.

    With c the ratio and x in units of s, ρ(x) = √((x − a)(b − x)) / 2πcx and
    g = (z + c − 1 − √(z − a) √(z − b)) / 2cz, where a, b = (1 ∓ √c)².

    Attributes:
        ratio: c = P/n; above 1 there is an atom of weight 1 − 1/c at 0.
        scale: s, which is also the mean eigenvalue.

    References:
        Marchenko and Pastur (1967), Distribution of eigenvalues for some sets of
        random matrices, Mathematics of the USSR-Sbornik 1.
    """

    ratio: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        require_positive("ratio", self.ratio)
        require_positive("scale", self.scale)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval s (1 ± √c)²; the lower end without cancellation at c ≈ 1."""
        root = math.sqrt(self.ratio)
        lower = ((1 - self.ratio) / (1 + root)) ** 2
        return (Interval(self.scale * lower, self.scale * (1 + root) ** 2),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atom 1 − 1/c at 0 when c > 1."""
        return (Atom(0.0, 1 - 1 / self.ratio),) if self.ratio > 1 else ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        spread = 2 * math.pi * self.ratio * self.scale
        return ratio_on_support(arch(x, self.support[0]), spread * x)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        z = z.astype(np.complex128)
        p = np.asarray(z + (self.ratio - 1) * self.scale)
        q = np.asarray(self.ratio * self.scale * z)
        return decaying_root(p, edge_root(z, self.support[0]), q, 1.0)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return transform_slope(self.stieltjes(z), self.self_energy(z)[1])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        variance = self.ratio * self.scale**2
        z = z.astype(np.complex128)
        return semicircle_energy(z, self.support[0], self.scale, variance)
