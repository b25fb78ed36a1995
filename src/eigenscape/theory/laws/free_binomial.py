"""The free binomial law: the sum of free projections."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.law import Atom, Interval, Law


@dataclass(frozen=True)
class FreeBinomial(Law):
    """The law of the sum of n free projections of trace p: a Jacobi law times n.

    The n-th free convolution power of (1 − p) δ(0) + p δ(1) is n times its free
    compression by 1/n, hence n times the Jacobi law of ratios 1/np and 1/n(1 − p).
    In particular n need not be an integer.

    Attributes:
        count: n, at least 1.
        probability: p, strictly between 0 and 1.

    References:
        Nica and Speicher (1996), On the multiplication of free N-tuples of
        noncommutative random variables, American Journal of Mathematics 118, for
        convolution powers as compressions.
    """

    count: float
    probability: float

    def __post_init__(self) -> None:
        if not 1 <= self.count < math.inf:
            message = f"count: expected a finite number of at least 1, got {self.count}"
            raise ValueError(message)
        if not 0 < self.probability < 1:
            message = (
                "probability: expected a number strictly between 0 and 1, got "
                f"{self.probability}"
            )
            raise ValueError(message)

    @property
    def as_affine(self) -> Affine:
        """The same law as a scaled Jacobi law."""
        ones, zeros = self.count * self.probability, self.count * (1 - self.probability)
        return Affine(Jacobi(1 / ones, 1 / zeros), self.count)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval np + (1 − 2p) ± 2√(p(1 − p)(n − 1)); none when n = 1."""
        return self.as_affine.support

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms 1 − np at 0 and 1 − n(1 − p) at n, where positive."""
        return self.as_affine.atoms

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.as_affine.density(x)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self.as_affine.stieltjes(z)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self.as_affine.stieltjes_derivative(z)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        return self.as_affine.self_energy(z)
