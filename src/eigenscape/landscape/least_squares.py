"""The Hessian of a least-squares loss at a given energy, by random-matrix theory.

At a critical point of energy ε, half the mean square of a residual, the Hessian is
H₀ + H₁: the Gauss–Newton part, a Marchenko–Pastur law, and the part of the residuals,
free from it, whose size is √ε.
"""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Complex, Float, Inexact

from eigenscape.landscape.critical_energy import (
    IndexOnset,
    critical_energy,
    index_onset,
    require_residual,
)
from eigenscape.theory import (
    Atom,
    Discrete,
    FreePoisson,
    Interval,
    Law,
    MarchenkoPastur,
    Semicircle,
    free_additive_convolution,
)
from eigenscape.theory.laws.law import require_positive

_NEAR = 1e-5  # of ε_c, within which the closed form of the index cancels
_POLISH = 3


@dataclass(frozen=True)
class LeastSquaresHessian(Law):
    """The law of H₀ + H₁ at energy ε, with the number of negative eigenvalues.

    R(w) = σ/(1 − σφw) + R₁(w), where R₁ = 2εw for residuals without structure
    ("wigner") and R₁ = εφw/(2 − εφ²w²) for one hidden layer of ReLU units ("relu").
    The latter is a compound free Poisson law, of rate 1/φ and jumps ±φ√(ε/2), and so
    is the whole of it. In units of σ the energy enters as ε/σ².

    Attributes:
        ratio: φ = P/(number of targets): 2n/m for a square network of one hidden
            layer, n units and m examples (`Memorisation.parameter_ratio`), and not the
            n/m of its rank. Above 1 H₀ is singular.
        energy: ε, the loss per output; 0 leaves H₀.
        residual: "wigner" or "relu".
        scale: σ, the mean eigenvalue of H₀; its units decide those of ε_c.

    References:
        Pennington and Bahri (2017), ICML (PMLR 70), eqs. (16)–(18) and (28)–(30).
    """

    ratio: float
    energy: float
    residual: str = "wigner"
    scale: float = 1.0

    def __post_init__(self) -> None:
        require_positive("ratio", self.ratio)
        require_positive("scale", self.scale)
        require_residual(self.residual)
        if not 0 <= self.energy < math.inf:
            message = (
                f"energy: expected a finite number of at least 0, got {self.energy}; "
                "it is half a mean square"
            )
            raise ValueError(message)

    @property
    def gauss_newton(self) -> Law:
        """The law of H₀."""
        return MarchenkoPastur(self.ratio, self.scale)

    @property
    def residuals(self) -> Law:
        """The law of H₁; a point mass at energy 0."""
        if self.energy == 0:
            return Discrete.point_mass()
        if self.residual == "wigner":
            return Semicircle(2 * self.energy)
        pair = np.array([-self._jump, self._jump])
        return FreePoisson(1 / self.ratio, Discrete(pair, np.full(2, 0.5)))

    @property
    def support(self) -> tuple[Interval, ...]:
        """One interval, or two where a ratio above 1 leaves a gap."""
        return self._cubic_support if self._has_cubic else self._law.support

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """At 0: of weight 1 − 1/φ at energy 0, of 1 − 2/φ for "relu" where positive."""
        return self._law.atoms

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        if not self._has_cubic:
            return self._law.density(x)
        inside = np.zeros(x.shape, bool)
        for interval in self.support:
            inside |= (x > interval.lower) & (x < interval.upper)
        values = np.zeros_like(x)
        u = self._upper_root(x[inside] / self.scale)
        values[inside] = np.abs(np.imag(1 / u)) / (math.pi * self.scale)
        return values

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._law.stieltjes(z)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._law.stieltjes_derivative(z)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        return self._law.self_energy(z)

    @property
    def critical_energy(self) -> float:
        """ε_c, below which every critical point is a minimum; 0 from ratio 1 on."""
        return critical_energy(self.ratio, self.residual, self.scale)

    @property
    def onset(self) -> IndexOnset:
        """The index just above the critical energy; there is none from ratio 1 on."""
        return index_onset(self.ratio, self.residual)

    @property
    def index_amplitude(self) -> float:
        """α₀ of α = α₀ ((ε − ε_c)/ε_c)^(3/2); there is none from ratio 1 on."""
        return self.onset.amplitude

    @functools.cached_property
    def index(self) -> float:
        """α, the share of negative eigenvalues.

        With G the transform at the origin,
        α = 1 + (arg G − ∑ r arg(1 − xG) + v Im(G²)/2)/π over the jumps x of rates r
        and the variance v of a semicircle. It errs by 1e-15, and by 1e-7 of itself near
        ε_c. For "relu" above ratio 1 it ends at 1/2φ, by Sylvester's law of inertia the
        share of negative terms: at a finite energy, and from ratio 2 on at any.
        """
        if self.energy <= self.critical_energy:
            return 0.0
        if self.ratio < 1:
            excess = self.energy / self.critical_energy - 1
            if excess < _NEAR:
                return self.onset.index(excess)
        saturated = 0.5 / self.ratio
        if self.residual == "relu" and self.ratio >= 2:
            return saturated
        u = complex(self._upper_root(np.zeros(1))[0])
        if u.imag == 0:
            return saturated
        g = 1 / u
        jumps, variance = self._levy
        angle = np.angle(g) - sum(r * np.angle(1 - x * g) for r, x in jumps)
        angle += variance * (g * g).imag / 2
        return float(np.clip(1 + angle / math.pi, 0, 1))

    @functools.cached_property
    def _law(self) -> Law:
        if self.energy == 0:
            return self.gauss_newton
        if self.residual == "wigner":
            return free_additive_convolution(self.gauss_newton, self.residuals)
        jumps = np.array([self.scale * self.ratio, self._jump, -self._jump])
        weights = np.array([0.5, 0.25, 0.25])
        return FreePoisson(2 / self.ratio, Discrete(jumps, weights))

    @property
    def _jump(self) -> float:
        return self.ratio * math.sqrt(self.energy / 2)

    @property
    def _reduced(self) -> float:
        return self.energy / self.scale**2

    @property
    def _has_cubic(self) -> bool:
        return self.residual == "wigner" and self.energy > 0

    @property
    def _levy(self) -> tuple[tuple[tuple[float, float], ...], float]:
        """Rates and jumps, and the variance of the semicircle, in units of σ."""
        first = (1 / self.ratio, self.ratio)
        if self.residual == "wigner":
            return (first,), 2 * self._reduced
        jump = self._jump / self.scale
        return (first, (0.5 / self.ratio, jump), (0.5 / self.ratio, -jump)), 0.0

    def _upper_root(self, x: Float[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        # u = 1/g in units of σ, the root above the axis if there is one.
        phi, e = self.ratio, self._reduced
        if self.residual == "wigner":
            terms = (-x - phi + 1, 2 * e + x * phi, np.full_like(x, -2 * e * phi))
        else:
            terms = (
                np.full_like(x, 1 - phi),
                np.full_like(x, e * phi * (1 - phi) / 2),
                np.full_like(x, e * phi**2 * (phi - 2) / 2),
            )
        return _root_above(*terms)

    @functools.cached_property
    def _cubic_support(self) -> tuple[Interval, ...]:
        # Edges are images of the zeros of dz/du = 1 − φ/(u − φ)² − 2ε/u², one above φ,
        # one below 0 and two between, or none: there it is greatest at φt/(1 + t).
        phi, v = self.ratio, 2 * self._reduced
        root, reach = math.sqrt(phi), math.sqrt(v)

        def slope(u: float) -> float:
            return 1 - phi / (u - phi) ** 2 - v / u**2

        def edge(lower: float, upper: float) -> float:
            u = lower
            if slope(lower) * slope(upper) < 0:
                u = float(scipy.optimize.brentq(slope, lower, upper, xtol=1e-300))
            elif abs(slope(upper)) < abs(slope(lower)):
                u = upper
            return self.scale * (u + u / (u - phi) + v / u)

        far = phi + root
        ends = [edge(-reach - root, -max(reach, root - phi)), edge(far, far + reach)]
        t = (v / phi) ** (1 / 3)
        if (1 + t) ** 3 < phi:
            top = phi * t / (1 + t)
            ends[1:1] = [edge(min(reach, top), top), edge(top, max(phi - root, top))]
        return tuple(map(Interval, ends[::2], ends[1::2]))


def _root_above(
    b: Float[np.ndarray, " n"], c: Float[np.ndarray, " n"], d: Float[np.ndarray, " n"]
) -> Complex[np.ndarray, " n"]:
    """Find the root of u³ + bu² + cu + d in the upper half-plane, or a real one."""
    companion = np.zeros((b.size, 3, 3))
    companion[:, 0, :] = -np.stack([b, c, d], axis=1)
    companion[:, 1, 0] = companion[:, 2, 1] = 1
    roots = np.linalg.eigvals(companion) + 0j
    which = np.argmax(np.imag(roots), axis=1)
    u = np.take_along_axis(roots, which[:, None], axis=1)[:, 0]
    for _ in range(_POLISH):
        slope = (3 * u + 2 * b) * u + c
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (((u + b) * u + c) * u + d) / slope
        u = np.where(np.abs(step) < 1e-3 * np.abs(np.imag(u)), u - step, u)
    return u
