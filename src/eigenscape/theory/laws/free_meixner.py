"""The free Meixner laws: two parameters for skewness and kurtosis of the noise."""

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
class FreeMeixner(Law):
    """The centred free Meixner law μ(a, b), scaled to a variance v.

    In units of √v, ρ(x) = √(4(1 + b) − (x − a)²) / 2π(bx² + ax + 1) and
    g = ((1 + 2b) z + a − √((z − a)² − 4(1 + b))) / 2(bz² + az + 1); the free
    cumulants are κ₂ = 1, κ₃ = a, κ₄ = a² + b. It holds the semicircle (a = b = 0),
    the centred Marchenko–Pastur law of ratio c (a = √c, b = 0) and the Kesten–McKay
    law of degree d (a = 0, b = −1/d).

    Attributes:
        variance: v.
        a: Third free cumulant in units of v^(3/2).
        b: At least −1, where the law is a pair of atoms.

    References:
        Saitoh and Yoshida (2001), The infinite divisibility and orthogonal
        polynomials with a constant recursion formula in free probability theory,
        Probability and Mathematical Statistics 21; Bożejko and Bryc (2006), On a
        class of free Lévy laws related to a regression problem, Journal of
        Functional Analysis 236.
    """

    variance: float
    a: float
    b: float

    def __post_init__(self) -> None:
        require_positive("variance", self.variance)
        if not math.isfinite(self.a):
            message = f"a: expected a finite number, got {self.a}"
            raise ValueError(message)
        if not -1 <= self.b < math.inf:
            message = f"b: expected a finite number of at least −1, got {self.b}"
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval √v (a ± 2√(1 + b)); none when b = −1."""
        return (self._cut,) if self.b > -1 else ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The poles of g: roots of bx² + ax + 1 where the residue is positive."""
        unit = math.sqrt(self.variance)
        found: list[Atom] = []
        for x in self._roots():
            residue = ((1 + 2 * self.b) * x + self.a) / (2 * self.b * x + self.a)
            on_sheet = ((1 + 2 * self.b) * x + self.a) * (x - self.a) < 0
            if on_sheet and residue > 4 * np.finfo(float).eps:
                found.append(Atom(unit * x, residue))
        return tuple(found)

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        y = x / math.sqrt(self.variance)
        quadratic = (self.b * y + self.a) * y + 1
        spread = 2 * math.pi * self.variance
        return ratio_on_support(arch(x, self._cut), spread * quadratic)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        unit = math.sqrt(self.variance)
        z = z.astype(np.complex128)
        # The root before the scaling, which may lose the sign of a zero.
        root = np.asarray(edge_root(z, self._cut) / unit)
        y = np.asarray(z / unit)
        p = np.asarray((1 + 2 * self.b) * y + self.a)
        q = np.asarray((self.b * y + self.a) * y + 1)
        return np.asarray(decaying_root(p, root, q, 1 + self.b) / unit)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return transform_slope(self.stieltjes(z), self.self_energy(z)[1])

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        z = z.astype(np.complex128)
        return semicircle_energy(z, self._cut, 0.0, self.variance)

    @property
    def _cut(self) -> Interval:
        unit, reach = math.sqrt(self.variance), 2 * math.sqrt(1 + self.b)
        return Interval(unit * (self.a - reach), unit * (self.a + reach))

    def _roots(self) -> list[float]:
        discriminant = self.a**2 - 4 * self.b
        if discriminant <= 0:
            return []
        first = -(self.a + math.copysign(math.sqrt(discriminant), self.a)) / 2
        # Solved for y = 1/x, where small b cancels nothing.
        return sorted(1 / y for y in (first, self.b / first) if y != 0)
