"""The formula of Kac and Rice at finite dimension, by Monte Carlo.

The Hessian is a Gaussian orthogonal matrix plus a spike and a shift. In a basis that
begins with the spike it is tridiagonal with the spike in the corner, so a determinant
and an index cost time N. Overlap and radial derivative are integrated on grids with a
random offset, which keeps the estimate unbiased; matrices alone are left to chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy
from jaxtyping import Float, Int

from eigenscape.core import Estimate
from eigenscape.landscape.annealed import require_energy, require_index
from eigenscape.landscape.exact_counts import log_sphere, require_dimension
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass
from eigenscape.theory import Semicircle, log_potential

Grid: TypeAlias = Float[np.ndarray, "s k"]

_NEGLIGIBLE = 40.0
_STEP = 0.4  # in units of the deviation of the radial derivative
_FINE = 0.1  # where a level cuts the radial derivative off
_ANGLES = 48
_BLOCK = 1 << 18
_TINY = 1e-300


def critical_point_count(
    field: SpinGlass | SignalledGlass,
    *,
    dimension: int,
    samples: int,
    rng: np.random.Generator,
    energy: float = math.inf,
    index: int | None = None,
) -> Estimate:
    """Estimate the mean number of critical points at finite dimension.

    Args:
        field: On the unit sphere of ℝᴺ.
        dimension: N, at least 2.
        samples: How many random matrices, at least 2.
        rng: Source of randomness.
        energy: u: critical values up to √N u; ∞ for all.
        index: Number of negative eigenvalues of the Hessian; None for any.

    Returns:
        The mean number, unbiased, with its standard error. Where few matrices carry
        the mean, at N above 40 or so, both are likely to be too small; all points of
        a glass without a signal have `exact_count`.

    Raises:
        ValueError: Fewer than two samples are asked for.

    References:
        Adler and Taylor (2007), Random Fields and Geometry, Chapter 11.
    """
    require_dimension(dimension)
    require_energy(np.array([energy]))
    require_index(index)
    if samples < 2:
        message = f"samples: expected at least 2, got {samples}"
        raise ValueError(message)
    plain = isinstance(field, SpinGlass)
    model = SignalledGlass(field, (0.0,)) if plain else field
    sampler = _Sampler(model, dimension, energy, index, 1 if plain else _ANGLES)
    rows = max(1, _BLOCK // sampler.points)
    logs = np.concatenate([
        sampler.log_counts(min(rows, samples - i), rng) for i in range(0, samples, rows)
    ])
    top = logs.max()
    if top == -math.inf:
        return Estimate(0.0, 0.0, samples)
    ratios = np.exp(logs - top)
    unit = math.exp(top)
    error = float(ratios.std(ddof=1)) / math.sqrt(samples)
    return Estimate(unit * float(ratios.mean()), unit * error, samples)


@dataclass(frozen=True)
class _Sampler:
    model: SignalledGlass
    dimension: int
    energy: float
    index: int | None
    angles: int

    @property
    def radii(self) -> int:
        """How many radial derivatives."""
        return math.ceil(2 * self._reach / self._radial_step) + 1

    @property
    def points(self) -> int:
        """How many points of the grid a matrix has."""
        return self.angles * self.radii

    @property
    def _radial_step(self) -> float:
        cut = self.energy < math.inf and not self.model.glass.spread
        deviation = math.sqrt(self.model.glass.radial_variance)
        return (_FINE if cut else _STEP) * deviation

    @property
    def _reach(self) -> float:
        # Beyond it no radial derivative has more than exp(−40) of what is counted.
        glass, n = self.model.glass, self.dimension
        overlap = np.linspace(-1, 1, 201)
        shift = np.abs(overlap * self.model.polynomial.deriv()(overlap)).max()
        r = np.linspace(0, 20 * math.sqrt(glass.radial_variance), 4001)
        semicircle = Semicircle(glass.curvature)
        cost = n * r**2 / (2 * glass.radial_variance)
        own = n * log_potential(semicircle, r) - cost
        most = n * log_potential(semicircle, r + shift) - cost
        # Low levels, and indices near either end, lie beyond the edge of the spectrum.
        side = 1 if 2 * (self.index or 0) >= n else -1
        below = self._log_below(np.zeros((1, r.size)), side * math.sqrt(n) * r[None])[0]
        counted = r >= (0.0 if self.index is None else glass.marginal)
        least = (own + below)[counted].max()
        kept = r[most > least - _NEGLIGIBLE]
        return math.sqrt(n) * float(kept[-1])

    def log_counts(
        self, rows: int, rng: np.random.Generator
    ) -> Float[np.ndarray, " {rows}"]:
        """Integrate over the grid, one matrix a row."""
        n, glass = self.dimension, self.model.glass
        angle, log_angle = self._angles(rows, rng)
        step = self._radial_step
        offsets = rng.random((rows, 1))
        radial = -self._reach + step * (np.arange(self.radii) - offsets)
        log_radial = -(radial**2) / (2 * glass.radial_variance) + math.log(step)
        log_radial -= math.log(2 * math.pi * glass.radial_variance) / 2
        m, r = (
            a.reshape(rows, -1)
            for a in np.broadcast_arrays(angle[:, :, None], radial[:, None, :])
        )
        weights = (log_angle[:, :, None] + log_radial[:, None, :]).reshape(rows, -1)
        weights += self._log_below(m, r)
        root, signal = math.sqrt(n), self.model.polynomial
        unit = math.sqrt(2 * glass.curvature)
        spike = self.model.spike(m) * root
        shift = (r + root * m * signal.deriv()(m)) / unit
        logs, negative = _determinants(n - 1, shift, spike, rng)
        if self.index is not None:
            logs = np.where(negative == self.index, logs, -math.inf)
        scale = (n - 1) / 2 * math.log(glass.curvature / (math.pi * glass.slope))
        return scipy.special.logsumexp(weights + logs, axis=1) + scale

    def _angles(self, rows: int, rng: np.random.Generator) -> tuple[Grid, Grid]:
        # Overlaps m; log of the sphere's measure times the density of the gradient.
        n = self.dimension
        if self.angles == 1:
            return np.zeros((rows, 1)), np.full((rows, 1), log_sphere(n))
        step = math.pi / self.angles
        angle = step * (np.arange(self.angles) + rng.random((rows, 1)))
        m = np.cos(angle)
        sine = np.maximum(np.sin(angle), _TINY)
        mean = self.model.polynomial.deriv()(m) * sine
        log_measure = log_sphere(n - 1) + math.log(step) + (n - 2) * np.log(sine)
        return m, log_measure - n * mean**2 / (2 * self.model.glass.slope)

    def _log_below(self, m: Grid, r: Grid) -> Grid:
        # log P(value ≤ √N u | radial derivative of the noise).
        if self.energy == math.inf:
            return np.zeros_like(m)
        glass = self.model.glass
        level = math.sqrt(self.dimension) * (self.energy - self.model.polynomial(m))
        if not glass.spread:
            below = r * glass.variance <= level * glass.slope
            return np.where(below, 0.0, -math.inf)
        rest = glass.variance - glass.slope**2 / glass.radial_variance
        mean = glass.slope * r / glass.radial_variance
        return np.asarray(scipy.special.log_ndtr((level - mean) / math.sqrt(rest)))


def _determinants(
    size: int, shift: Grid, spike: Grid, rng: np.random.Generator
) -> tuple[Grid, Int[np.ndarray, "s k"]]:
    # log|det| and index of M + spike e₁e₁ᵀ − shift, M of variance ½ off the diagonal,
    # by the pivots of its tridiagonal form; one matrix a row.
    rows = len(shift)
    pivot = rng.standard_normal((rows, 1)) + spike - shift
    logs, negative = np.zeros_like(shift), np.zeros(shift.shape, dtype=np.int64)
    for i in range(size):
        if i:
            beside = rng.chisquare(size - i, (rows, 1)) / 2
            corner = rng.standard_normal((rows, 1))
            pivot = corner - shift - beside / pivot
        pivot = np.where(np.abs(pivot) < _TINY, _TINY, pivot)
        logs += np.log(np.abs(pivot))
        negative += pivot < 0
    return logs, negative
