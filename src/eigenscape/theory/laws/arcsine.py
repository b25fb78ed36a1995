"""The arcsine law."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.parameters import require_interval
from eigenscape.theory.laws.quadratic import (
    arch,
    edge_root,
    ratio_on_support,
    semicircle_transform,
)


@dataclass(frozen=True)
class Arcsine(Law):
    """The arcsine law on [a, b]: the free sum of two independent random signs.

    ρ(x) = 1 / π√((x − a)(b − x)) and g = 1 / √(z − a) √(z − b). With m the middle
    and g_s the transform of the semicircle on [a, b], Σ(z) = m + (b − a)² g_s(z) / 8.

    Attributes:
        lower: a.
        upper: b, above a.

    References:
        Nica and Speicher (2006), Lectures on the Combinatorics of Free Probability,
        Lecture 12, the free convolution of two symmetric Bernoulli laws.
    """

    lower: float = -2.0
    upper: float = 2.0

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
        profile = arch(x, self.support[0])
        return ratio_on_support((profile > 0) / math.pi, profile)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        root = edge_root(z.astype(np.complex128), self.support[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 / root)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        z = z.astype(np.complex128)
        root = edge_root(z, self.support[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-(z - self._middle) / root**3)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        variance = (self.upper - self.lower) ** 2 / 8
        value, slope = semicircle_transform(z.astype(np.complex128), self.support[0])
        with np.errstate(invalid="ignore"):  # of the derivative, at an edge
            return np.asarray(self._middle + variance * value), np.asarray(
                variance * slope
            )

    @property
    def _middle(self) -> float:
        return self.lower + (self.upper - self.lower) / 2
