"""The compound free Poisson laws: sums of projections of random heights."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from jaxtyping import Complex, Float, Inexact, Int

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.half_plane import by_reflection
from eigenscape.theory.laws.law import Atom, Interval, Law, require_positive

_BLOCK = 1 << 20  # complex numbers held at once: 16 MB
_EPS = float(np.finfo(float).eps)
_RUNGS = 12  # in Im z, from 10 widths down to 1e-11
_STEPS = 60
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class FreePoisson(Law):
    """The law with R(w) = λ ∫ x / (1 − xw) ν(dx), of rate λ and jump law ν.

    It is the law of ∑ₖ xₖ vₖ vₖᵀ with vₖ random vectors of mean square length 1, λ of
    them a dimension, and xₖ drawn from ν: ν = δ(s) gives the Marchenko–Pastur law of
    ratio 1/λ and scale λs. In u = 1/g(z) it reads
    z = φ(u) = u + λ ∫ xu / (u − x) ν(dx), and Im φ = (1 − ψ) Im u with
    ψ(u) = λ ∫ x² / |u − x|² ν(dx), which certifies the root: a solution with Im u > 0
    and Im z ≥ 0 is the physical one, and so is a real one with ψ ≤ 1.

    Attributes:
        rate: λ, positive.
        jumps: ν, of compact support and not δ(0). Its atoms are summed directly.

    References:
        Nica and Speicher (2006), Lectures on the Combinatorics of Free Probability,
        Proposition 12.15; Silverstein and Choi (1995), Analysis of the limiting
        spectral distribution of large dimensional random matrices, Journal of
        Multivariate Analysis 54, for the support from the critical points of φ.
    """

    rate: float
    jumps: Law

    def __post_init__(self) -> None:
        require_positive("rate", self.rate)
        hull = self.jumps.hull
        if not math.isfinite(hull.width) or hull == Interval(0.0, 0.0):
            message = (
                "jumps: expected a law of compact support other than a point mass at "
                f"0, got {hull}"
            )
            raise ValueError(message)

    @property
    def support(self) -> tuple[Interval, ...]:
        """What the images φ(u) of the real u with ψ(u) < 1 leave uncovered."""
        ends = self._edges[1:-1].reshape(-1, 2).tolist()
        return tuple(Interval(lower, upper) for lower, upper in ends if lower < upper)

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atom 1 − λ (1 − ν({0})) at 0, where positive."""
        return (Atom(0.0, self._idle),) if self._idle > 0 else ()

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        inside = np.zeros(x.shape, bool)
        for interval in self.support:
            inside |= (x > interval.lower) & (x < interval.upper)
        values = np.zeros_like(x)
        boundary = -np.imag(self.stieltjes(x[inside])) / math.pi
        values[inside] = np.where(np.isnan(boundary), math.inf, boundary)
        return values

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 / by_reflection(self._solve, z))

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        u = by_reflection(self._solve, z)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-1 / (u**2 * (1 + self._drift(u)[1])))

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        drift, slope = self._drift(by_reflection(self._solve, z))
        with np.errstate(divide="ignore", invalid="ignore"):
            return drift, np.asarray(slope / (1 + slope))

    def _drift(
        self, u: Complex[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        # λ ∫ xu / (u − x) ν(dx) and its derivative −λ ∫ x² / (u − x)² ν(dx).
        if self.jumps.support:
            # With g = 1/(u − Σ) the integral is uΣ / (u − Σ).
            energy, slope = self.jumps.self_energy(u)
            value = u * energy / (u - energy)
            change = (u**2 * slope - energy**2) / (u - energy) ** 2
            return np.asarray(self.rate * value), np.asarray(self.rate * change)
        places, weights = self._jump_atoms
        flat, rows = u.ravel(), max(1, _BLOCK // places.size)
        value, change = np.empty_like(flat), np.empty_like(flat)
        for i in range(0, flat.size, rows):
            part = flat[i : i + rows, None]
            share = places / (part - places)
            value[i : i + rows] = part[:, 0] * (share @ weights)
            change[i : i + rows] = -(share**2 @ weights)
        return value.reshape(u.shape), change.reshape(u.shape)

    def _map(self, u: float) -> float:
        """Evaluate φ on the real line; φ(0) = 0 even where ν has mass at 0."""
        return u + float(self._drift(np.array([u + 0j]))[0][0].real) if u else 0.0

    def _excess(self, u: float) -> float:
        """Evaluate ψ − 1 = −φ′ on the real line."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = -1 - float(self._drift(np.array([u + 0j]))[1][0].real)
        return value if math.isfinite(value) else math.inf

    @property
    def _height(self) -> float:
        hull = self.jumps.hull
        return max(abs(hull.lower), abs(hull.upper))

    @functools.cached_property
    def _idle(self) -> float:
        # φ′(0) = 1 − ψ(0): the mass at 0 if positive; if 0, g diverges there.
        still = sum(a.weight for a in self.jumps.atoms if a.location == 0)
        share = 1 - self.rate * (1 - still)
        return share if abs(share) > 4 * _EPS else 0.0

    @functools.cached_property
    def _jump_atoms(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        atoms = [a for a in self.jumps.atoms if a.location != 0]
        weights = np.array([self.rate * a.weight for a in atoms])
        return np.array([a.location for a in atoms]), weights

    @functools.cached_property
    def _free(self) -> Float[np.ndarray, "m 2"]:
        """The real intervals with ψ < 1, unbounded ones first and last."""
        blocks = [(a.location, a.location) for a in self.jumps.atoms if a.location != 0]
        blocks = sorted(blocks + [(i.lower, i.upper) for i in self.jumps.support])
        # ψ ≤ λ max x² / distance² ≤ 1 beyond the reach.
        reach = math.sqrt(self.rate) * self._height
        first = self._crossing(blocks[0][0], blocks[0][0] - reach)
        last = self._crossing(blocks[-1][1], blocks[-1][1] + reach)
        free = [(-math.inf, first)]
        end = blocks[0][1]
        for lower, upper in blocks[1:]:
            if lower > end:
                free += self._opening(end, lower)
            end = max(end, upper)
        return np.array([*free, (last, math.inf)])

    def _opening(self, lower: float, upper: float) -> list[tuple[float, float]]:
        # ψ is convex between two jumps, so at most one interval has ψ < 1.
        least = scipy.optimize.minimize_scalar(
            self._excess,
            bounds=(lower, upper),
            method="bounded",
            options={"xatol": 1e-9 * (upper - lower)},
        )
        if not least.fun < 0:
            return []
        valley = float(least.x)
        return [(self._crossing(lower, valley), self._crossing(upper, valley))]

    def _crossing(self, jump: float, free: float) -> float:
        # Where ψ = 1 between a jump and a point with ψ ≤ 1; the jump itself if ψ < 1.
        step = 4 * _EPS * max(abs(jump), abs(free - jump))
        if step >= abs(free - jump):
            return free
        near = jump + math.copysign(step, free - jump)
        if self._idle == 0 and min(near, free) < 0 < max(near, free):
            return 0.0
        if self._excess(near) <= 0:
            return jump
        if self._excess(free) >= 0:
            return free
        found = scipy.optimize.brentq(
            self._excess, near, free, xtol=1e-300, rtol=4 * _EPS
        )
        return float(found)

    @functools.cached_property
    def _edges(self) -> Float[np.ndarray, " k"]:
        """Ends of the gaps of the spectrum, ascending, −∞ and ∞ included."""
        ends = self._free.ravel()
        images = [self._map(u) if math.isfinite(u) else u for u in ends.tolist()]
        return np.array(images)

    def _solve(self, z: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        gap = np.searchsorted(self._edges, np.real(z), side="right") - 1
        inside = (gap % 2 == 0) | np.isin(np.real(z), self._edges)
        real = (np.imag(z) == 0) & inside
        u = np.empty_like(z)
        u[real] = self._solve_real(np.real(z[real]))
        pole = (z == 0) & (self._idle >= 0)
        u[pole] = 0
        u[~real & ~pole] = self._descend(z[~real & ~pole])
        self._certify(u, z)
        return u

    def _solve_real(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        gap = np.minimum(np.searchsorted(self._edges[1::2], x), self._free.shape[0] - 1)
        low, high = self._free[gap].T
        hull = self.jumps.hull
        # φ(u) − u is at least λ min x beyond the jumps, at most λ max x before them.
        low = np.where(gap == 0, np.minimum(x - self.rate * hull.upper, high), low)
        last = gap == self._free.shape[0] - 1
        high = np.where(last, np.maximum(x - self.rate * hull.lower, low), high)

        def balance(
            u: Float[np.ndarray, " k"], which: Int[np.ndarray, " k"]
        ) -> tuple[np.ndarray, np.ndarray]:
            drift, change = self._drift(u + 0j)
            value = np.where(u == 0, 0, u + np.real(drift)) - x[which]
            return value, 1 + np.real(change)

        return _ascending_root(balance, low, high)

    def _descend(self, z: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        scale = self._height * (1 + math.sqrt(self.rate)) ** 2
        u = z + 10j * scale
        for rung in range(1, _RUNGS + 1):
            height = 10 * scale * 0.1**rung
            u = self._newton(
                u, np.real(z) + 1j * np.maximum(np.imag(z), height), 1e-3, 8
            )
        return self._newton(u, z, 4 * _EPS, _STEPS)

    def _newton(
        self,
        u: Complex[np.ndarray, " n"],
        z: Complex[np.ndarray, " n"],
        tolerance: float,
        steps: int,
    ) -> Complex[np.ndarray, " n"]:
        u, going = u.copy(), np.arange(u.size)
        for _ in range(steps):
            if going.size == 0:
                break
            here, target = u[going], z[going]
            drift, slope = self._drift(here)
            moved = here - (here + drift - target) / (1 + slope)
            # The map u ↦ z − drift keeps the half-plane that Newton's step may leave.
            left = ~((np.imag(moved) > 0) & (np.imag(moved) >= np.imag(target)))
            moved = np.where(left, target - drift, moved)
            u[going] = moved
            going = going[np.abs(moved - here) > tolerance * np.abs(moved)]
        return u

    def _certify(self, u: np.ndarray, z: np.ndarray) -> None:
        drift, slope = self._drift(u)
        excess = np.abs(np.where(u == 0, 0, u + drift) - z)
        excess /= np.abs(z) + self._height + np.abs(u)
        physical = (np.imag(u) > 0) | (u == 0) | (np.real(slope) >= -1 - 1e-6)
        bad = ~(physical & (excess <= _TOLERANCE))
        if bad.any():
            what = f"the subordination of a free Poisson law at z = {z[bad][0]}"
            raise ConvergenceError(
                what,
                iterations=_STEPS,
                residual=float(excess[bad][0]),
                remedy="evaluate at a larger Im z, or away from edges",
            )


def _ascending_root(
    function: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Find the zeros of ascending functions by Newton's steps inside a bracket."""
    root, going = (low + high) / 2, np.arange(low.size)
    for _ in range(2 * _STEPS):
        if going.size == 0:
            break
        x = root[going]
        value, slope = function(x, going)
        low, high = np.where(value < 0, x, low), np.where(value > 0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = x - value / slope
        moved = np.where((moved >= low) & (moved <= high), moved, (low + high) / 2)
        root[going] = np.where(value == 0, x, moved)
        far = (value != 0) & (np.abs(moved - x) > 4 * _EPS * np.abs(x))
        going, low, high = going[far], low[far], high[far]
    return root
