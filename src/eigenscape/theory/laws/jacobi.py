"""The Jacobi law of MANOVA matrices, also named after Wachter."""

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
class Jacobi(Law):
    """The law of A (A + B)⁻¹, with A and B free white Wishart matrices of size P.

    With a = n₁/P and b = n₂/P examples of each a dimension and N = a + b,
    ρ(x) = N √((x − x₋)(x₊ − x)) / 2πx(1 − x), where
    x∓ = (√(a(N − 1)) ∓ √b)² / N², and
    g = ((N − 2) z + 1 − a − N √(z − x₋) √(z − x₊)) / 2z(1 − z). It is an affine free
    Meixner law (b < 0 there), hence Σ(z) = a/N + ab/N³ g_s(z) with g_s that of the
    semicircle of the same support. It is also the law of a projection of trace a/N
    cut to the range of a free one of trace 1/N.

    Attributes:
        first_ratio: 1/a = P/n₁; above 1 there is an atom 1 − a at 0.
        second_ratio: 1/b = P/n₂; above 1 there is an atom 1 − b at 1. A + B is
            invertible for a + b ≥ 1, and where that is 1 all the mass is at 0 and 1.

    References:
        Wachter (1980), The limiting empirical measure of multiple discriminant
        ratios, Annals of Statistics 8; Capitaine and Casalis (2004), Asymptotic
        freeness by generalized moments for Gaussian and Wishart matrices,
        application to beta random matrices, Indiana University Mathematics
        Journal 53.
    """

    first_ratio: float
    second_ratio: float

    def __post_init__(self) -> None:
        require_positive("first_ratio", self.first_ratio)
        require_positive("second_ratio", self.second_ratio)
        a, b = self._examples
        if not a + b >= 1 - 4 * np.finfo(float).eps:
            message = (
                f"second_ratio: expected P/n₂ with P/n₁ = {self.first_ratio} such "
                f"that P ≤ n₁ + n₂, got {self.second_ratio}; A + B is singular"
            )
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval [x₋, x₊]; none when a + b = 1."""
        return (self._cut,) if self._cut.width > 0 else ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms 1 − a at 0 and 1 − b at 1, where positive."""
        weights = (1 - n for n in self._examples)
        pairs = zip((0.0, 1.0), weights, strict=True)
        return tuple(Atom(x, weight) for x, weight in pairs if weight > 0)

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        if not self.support:
            return np.zeros_like(x)
        numerator = sum(self._examples) * arch(x, self._cut)
        return ratio_on_support(numerator, 2 * math.pi * x * (1 - x))

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        (a, b), z = self._examples, z.astype(np.complex128)
        p = np.asarray((a + b - 2) * z + (1 - a))
        root = np.asarray((a + b) * edge_root(z, self._cut))
        return decaying_root(p, root, np.asarray(z * (1 - z)), max(a + b - 1, 0.0))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return transform_slope(self.stieltjes(z), self.self_energy(z)[1])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        (a, b), cut = self._examples, self._cut
        variance = a * b / (a + b) ** 3
        return semicircle_energy(z.astype(np.complex128), cut, a / (a + b), variance)

    @property
    def _examples(self) -> tuple[float, float]:
        return 1 / self.first_ratio, 1 / self.second_ratio

    @property
    def _cut(self) -> Interval:
        a, b = self._examples
        return Interval(_lower_edge(a, b), 1 - _lower_edge(b, a))


def _lower_edge(a: float, b: float) -> float:
    # (√(a(N − 1)) − √b)² / N² without cancellation at a ≈ 1.
    spare = max(a + b - 1, 0.0)
    return ((a - 1) / (math.sqrt(a * spare) + math.sqrt(b))) ** 2
