"""The Fuss–Catalan laws of products of random matrices."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.half_plane import by_reflection
from eigenscape.theory.laws.law import POLE, Atom, Interval, Law, require_positive

_STEPS = 100
_REACH = 700.0  # of log(1/τ − 1), whose exponential is finite
_TOLERANCE = 1e-12
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class FussCatalan(Law):
    """The law of XXᵀ, X = X₁ ⋯ Xₛ a product of s square matrices of mean square 1/P.

    Its moments are the Fuss–Catalan numbers binom((s + 1) k, k) / (sk + 1), it is
    the s-th free multiplicative power of the Marchenko–Pastur law of ratio 1, and
    h = zg solves h = 1 + hˢ⁺¹ / z, so that Σ = hˢ. The density diverges at 0 as
    x^(−s/(s+1)).

    At z = |z| e^(iθ) in the closed upper half-plane the physical root is
    h = sin χ / sin(χ − φ) e^(−iφ) with χ = θ + (s + 1) φ and φ in
    [0, (π − θ)/(s + 1)], where |z| = sinˢ⁺¹ χ / (sin φ sinˢ(χ − φ)) decreases: a
    bracket of φ certifies the branch. On the cut this is the known parametrisation
    of the density.

    Attributes:
        order: s, positive; 1 is the Marchenko–Pastur law of ratio 1.

    References:
        Penson and Życzkowski (2011), Product of Ginibre matrices: Fuss–Catalan and
        Raney distributions, Physical Review E 83; Haagerup and Möller (2013), The
        law of large numbers for the free multiplicative convolution, in Operator
        Algebra and Dynamics, for the parametrisation on the cut.
    """

    order: float

    def __post_init__(self) -> None:
        require_positive("order", self.order)

    @property
    def support(self) -> tuple[Interval, ...]:
        """The interval [0, (s + 1)ˢ⁺¹ / sˢ]."""
        s = self.order
        return (Interval(0.0, (s + 1) * (1 + 1 / s) ** s),)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """None."""
        return ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        inside = (x > 0) & (x < self.support[0].upper)
        values = np.zeros_like(x)
        values[inside] = -np.imag(self.stieltjes(x[inside])) / math.pi
        return values

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(by_reflection(self._root, z) / z)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        h = by_reflection(self._root, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self._root_slope(h, z) - h / z) / z)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        h = by_reflection(self._root, z)
        value = np.asarray(h**self.order)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.asarray(self.order * value / h * self._root_slope(h, z))
        slope[h == 0] = -(POLE**2)
        return value, slope

    def _root_slope(self, h: np.ndarray, z: np.ndarray) -> np.ndarray:
        # (h − 1) z = hˢ⁺¹ differentiated, h − 1 replaced where it would cancel.
        power = h**self.order
        return np.asarray(-power * h / (z * (z - (self.order + 1) * power)))

    def _root(self, z: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        h = np.ones_like(z)
        beyond = (np.imag(z) == 0) & (np.real(z) >= self.support[0].upper)
        inner = ~beyond & (z != 0)
        h[z == 0] = 0
        h[inner] = self._polished(self._on_ray(z[inner]), z[inner])
        # Beyond the edge z (h − 1) − hˢ⁺¹ is concave and negative at 1: Newton's
        # steps ascend to the root, halving the distance at worst.
        steps = _STEPS if beyond.any() else 0
        for _ in range(steps):
            h[beyond] -= self._step(h[beyond], z[beyond])
        self._certify(h[z != 0], z[z != 0])
        return h

    def _on_ray(self, z: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        # τ = φ (s + 1)/(π − θ) = 1/(1 + eᵛ), where log|z| has slopes of order 1 in v.
        share = 1 / (self.order + 1)
        target = np.log(np.abs(z))
        low, high = np.full(z.shape, -_REACH), np.full(z.shape, _REACH)
        v = np.clip(np.where(target < 0, share * target, target), low, high)
        for _ in range(_STEPS):
            value, slope, _ = self._modulus(v, z)
            excess = value - target
            low, high = np.where(excess < 0, v, low), np.where(excess < 0, high, v)
            step = excess / np.maximum(slope, 1e-300)
            settled = np.abs(excess) <= _ROUNDING * (1 + self.order + np.abs(target))
            settled |= np.abs(step) <= 1e-9 * (1 + np.abs(v))
            if settled.all():
                break
            inside = (v - step > low) & (v - step < high)
            moved = np.where(inside, v - step, (low + high) / 2)
            v = np.where(settled, v, moved)
        return self._modulus(v, z)[2]

    def _modulus(
        self, v: Float[np.ndarray, " n"], z: Complex[np.ndarray, " n"]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # log|z|, its derivative in v and h; sines of angles near π by their supplement.
        s = self.order
        tau, rest = 1 / (1 + np.exp(v)), 1 / (1 + np.exp(-v))
        turn = np.arctan2(np.imag(z), np.real(z))
        opening = np.maximum(np.arctan2(np.imag(z), -np.real(z)), 1e-100)
        direct = (np.real(z) < 0) | (tau > 0.5)
        chi = np.where(direct, opening * rest, turn + opening * tau)
        other = opening * np.where(direct, rest + tau / (s + 1), s / (s + 1) * tau)
        other += np.where(direct, 0, turn)
        phi = opening * tau / (s + 1)
        sines = np.sin(chi), np.sin(phi), np.sin(other)
        value = s * np.log(sines[0] / sines[2]) + np.log(sines[0] / sines[1])
        sign = np.where(direct, -1.0, 1.0)
        slope = (s + 1) * sign * np.cos(chi) / sines[0]
        slope -= np.cos(phi) / sines[1] / (s + 1)
        slope -= s * sign * s / (s + 1) * np.cos(other) / sines[2]
        turned = np.where((np.real(z) < 0) & (np.imag(z) == 0), 0, phi)
        h = sines[0] / sines[2] * np.exp(-1j * turned)
        return value, -slope * opening * tau * rest, h

    def _step(
        self, h: Complex[np.ndarray, " n"], z: Complex[np.ndarray, " n"]
    ) -> Complex[np.ndarray, " n"]:
        power = h**self.order
        slope = z - (self.order + 1) * power
        return (z * (h - 1) - power * h) / np.where(slope == 0, np.inf, slope)

    def _polished(
        self, h: Complex[np.ndarray, " n"], z: Complex[np.ndarray, " n"]
    ) -> Complex[np.ndarray, " n"]:
        for _ in range(2):
            step = self._step(h, z)
            h = np.where(np.abs(step) < 1e-3 * np.abs(h), h - step, h)
        return h

    def _certify(
        self, h: Complex[np.ndarray, " n"], z: Complex[np.ndarray, " n"]
    ) -> None:
        power = h ** (self.order + 1)
        excess = np.abs(z * (h - 1) - power) / np.maximum(np.abs(z), np.abs(power))
        if excess.size and not excess.max() <= _TOLERANCE:
            worst = int(np.argmax(np.nan_to_num(excess, nan=np.inf)))
            what = f"the Fuss–Catalan root at z = {z[worst]}"
            raise ConvergenceError(
                what,
                iterations=_STEPS,
                residual=float(excess[worst]),
                remedy="evaluate away from 0, where g diverges",
            )
