"""The law of a matrix of two by two Gaussian blocks, with exact edges."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from itertools import starmap

import numpy as np
from jaxtyping import Complex, Float, Inexact
from numpy.polynomial import Polynomial

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.operator_valued.gaussian_blocks import (
    GaussianBlocks,
    block_spectrum,
)
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum

_NEWTON_STEPS = 60
_CLOSE = 1e-9  # a Newton step after which the error is its square
_NEARLY_REAL = 1e-3
# Edges that far apart in G leave a gap of its cube: below rounding.
_APART = 1e-6
_ROUNDING = 64 * np.finfo(float).eps
# A density in units of an inverse width: that of a band is of the order of its mass,
# and rounding in a gap of relative width 1e-12 makes 1e-8.
_RESOLVED = 1e-6
_PROBE = 0.382  # off the middle, where symmetry puts atoms


@dataclass(frozen=True)
class TwoBlocks(Law):
    """The law of two coupled Gaussian blocks, g = α₁G₁ + α₂G₂.

    1/Gᵢ = z − aᵢ − ∑ⱼ vᵢⱼ αⱼ Gⱼ. Off the support the Gᵢ are real, on the curve that
    remains when z is eliminated, inside the oval
    (1 − v₁₁α₁G₁²)(1 − v₂₂α₂G₂²) = v₁₂² α₁α₂ G₁²G₂², where the Jacobian is not
    singular. The edges are the crossings: real roots of a polynomial of degree 8.
    Where a block of zeros is exactly as large as the other block the density diverges
    at its shift, and the points nearest to it raise `ConvergenceError`.

    Attributes:
        blocks: Two blocks, with v₁₂ > 0.

    References:
        Ajanki, Erdős and Krüger (2019), Quadratic vector equations on complex upper
        half-plane, Memoirs of the American Mathematical Society 261.
    """

    blocks: GaussianBlocks

    def __post_init__(self) -> None:
        count = self.blocks.fractions.size
        if count != 2 or self.blocks.variances[0, 1] <= 0:
            message = (
                f"blocks: expected two that couple, got {self.blocks}; for more there "
                "is block_spectrum, and blocks that do not couple are a Mixture"
            )
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The intervals between the edges, confirmed by the density."""
        return self._support

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The kernel of a block of zeros larger than the other, at its shift."""
        return tuple(
            Atom(float(self.blocks.shifts[i]), float(share))
            for i, share in enumerate(2 * self.blocks.fractions - 1)
            if share > 0 and self.blocks.variances[i, i] == 0
        )

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        inside = np.zeros(x.shape, dtype=bool)
        for interval in self.support:
            inside |= (interval.lower < x) & (x < interval.upper)
        values = np.zeros_like(x)
        values[inside] = self._spectrum.density(x[inside])
        return values

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._spectrum.stieltjes(z)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._spectrum.stieltjes_derivative(z)

    @functools.cached_property
    def _spectrum(self) -> PencilSpectrum:
        return block_spectrum(self.blocks)

    @functools.cached_property
    def _support(self) -> tuple[Interval, ...]:
        edges = _edges(self.blocks)
        width = np.ptp(edges)
        probes = edges[:-1] + _PROBE * np.diff(edges)
        dense = width * self._spectrum.density(probes) > _RESOLVED
        wrong = int(np.count_nonzero(dense != (np.arange(dense.size) % 2 == 0)))
        if edges.size % 2 or wrong:
            what = f"the support of {self.blocks}, with edges {edges},"
            raise ConvergenceError(
                what,
                iterations=_NEWTON_STEPS,
                residual=wrong,
                remedy="two edges may have met; try slightly other shifts",
            )
        return tuple(starmap(Interval, edges.reshape(-1, 2).tolist()))


@dataclass(frozen=True)
class _Curve:
    # p, q, r, s = vᵢⱼ αⱼ by rows and δ = a₂ − a₁, in units where they are near 1.
    p: float
    q: float
    r: float
    s: float
    shift: float

    def crossings(self) -> Float[np.ndarray, "k 2"]:
        """Find (G₁, G₂) where the curve meets the oval."""
        u = Polynomial([0.0, 1.0])
        first = 1 - self.p * u**2
        second = self.s - (self.p * self.s - self.q * self.r) * u**2
        left = first * second * (1 - self.shift * u + (self.p - self.r) * u**2) ** 2
        right = u**2 * (second - (self.q - self.s) * first) ** 2
        roots = (left - right).trim(_ROUNDING).roots().astype(np.complex128)
        near = np.abs(np.imag(roots)) < _NEARLY_REAL * np.abs(roots)
        real = np.real(roots[near])
        real = real[(first(real) > -_NEARLY_REAL) & (second(real) > 0)]
        height = np.sqrt(np.maximum(first(real) / second(real), 0))
        starts = np.stack([np.tile(real, 2), np.append(height, -height)], axis=1)
        polished = [point for point in map(self._polished, starts) if point is not None]
        found: list[np.ndarray] = []
        for point in polished:
            if all(np.abs(point - other).max() > _APART for other in found):
                found.append(point)
        return np.array(found).reshape(-1, 2)

    def _polished(self, start: Float[np.ndarray, " 2"]) -> np.ndarray | None:
        point = start.copy()
        for _ in range(_NEWTON_STEPS):
            value, slope = self._system(point)
            if not np.linalg.det(slope):
                return None
            step = np.linalg.solve(slope, value)
            point -= step
            if np.abs(step).max() <= _CLOSE * np.abs(point).max():
                return point if self._on_oval(point) else None
        return None

    def _on_oval(self, point: Float[np.ndarray, " 2"]) -> bool:
        # The determinant vanishes beyond the oval too, where the radius is above 1.
        a, b = point**2
        return bool(self.p * a <= 1 and self.s * b <= 1 and a * b > 0)

    def _system(
        self, point: Float[np.ndarray, " 2"]
    ) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, "2 2"]]:
        u, v = point
        p, q, r, s, shift = self.p, self.q, self.r, self.s, self.shift
        one, other, both = 1 - p * u**2, 1 - s * v**2, q * r * u * v
        curve = v - u - shift * u * v + u * v * ((p - r) * u + (q - s) * v)
        gradient = [
            -1 - shift * v + 2 * (p - r) * u * v + (q - s) * v**2,
            1 - shift * u + (p - r) * u**2 + 2 * (q - s) * u * v,
        ]
        normal = [
            -2 * (p * u * other + both * v),
            -2 * (s * v * one + both * u),
        ]
        return np.array([curve, one * other - both * u * v]), np.array([
            gradient,
            normal,
        ])


def _edges(blocks: GaussianBlocks) -> Float[np.ndarray, " k"]:
    rows = blocks.variances * blocks.fractions
    totals = rows.sum(axis=1)
    origin, other = blocks.shifts.tolist()
    if origin == other and abs(totals[0] - totals[1]) <= _ROUNDING * totals.max():
        # Constant row sums: G₁ = G₂, a semicircle.
        reach = 2 * math.sqrt(totals.mean())
        return np.array([origin - reach, origin + reach])
    unit = math.sqrt(totals.max())
    p, q, r, s = (rows / unit**2).ravel().tolist()
    points = _Curve(p, q, r, s, (other - origin) / unit).crossings()
    places = 1 / points[:, 0] + p * points[:, 0] + q * points[:, 1]
    # A block of zeros as large as the other has a crossing at infinity, at its shift.
    square = abs(blocks.fractions[0] - blocks.fractions[1]) <= _ROUNDING
    hard = (np.diagonal(rows) == 0) & square & (origin != other)
    return np.sort(np.append(origin + unit * places, blocks.shifts[hard]))
