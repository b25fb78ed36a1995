"""Sums of many poles, ∑ᵢ wᵢ / (z − λᵢ), at a cost that hardly grows with their number.

The sorted poles are halved again and again. Far from a block of centre c and radius r
its sum is a Chebyshev series: with ζ = (z − c)/r, q = √(ζ² − 1) and ω = 1/(ζ + q),
∑ wᵢ / (z − λᵢ) = (2/rq) ∑ₖ′ Mₖ ωᵏ, where Mₖ = ∑ wᵢ Tₖ((λᵢ − c)/r) and the prime halves
the first term. The truncation is below |ω| to the number of terms.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

_TERMS = 28
_FAR = 0.27  # of |ω|: 0.27²⁸ ≈ 1e-16
_LEAF = 32
_ZERO = 1e-75  # a distance whose square has a finite inverse
_BATCH = 1 << 17  # points times poles of a leaf, summed at once


@dataclass(frozen=True)
class _Level:
    centres: Float[np.ndarray, " m"]
    radii: Float[np.ndarray, " m"]
    moments: Float[np.ndarray, "m k"]


@dataclass(frozen=True)
class PoleTree:
    """The function g(z) = ∑ᵢ wᵢ / (z − λᵢ) and its derivative, to 1e-14.

    Attributes:
        poles: λᵢ, ascending.
        weights: wᵢ.

    References:
        Greengard and Rokhlin (1987), A fast algorithm for particle simulations,
        Journal of Computational Physics 73, whose Laurent series the Chebyshev one
        replaces.
    """

    poles: Float[np.ndarray, " n"]
    weights: Float[np.ndarray, " n"]

    def sums(
        self, z: Complex[np.ndarray, " t"]
    ) -> tuple[Complex[np.ndarray, " t"], Complex[np.ndarray, " t"]]:
        """Evaluate g and g′.

        Args:
            z: Points of the plane.

        Returns:
            g(z) and g′(z); ∞ and −∞ at a pole.
        """
        hit = np.abs(np.imag(z)) < _ZERO
        if hit.any():
            hit[hit] = np.isin(np.real(z[hit]), self.poles)
            z = np.where(hit, np.real(z) + 1j, z)
        value, slope = self._sums(z)
        value[hit], slope[hit] = math.inf, -math.inf
        return value, slope

    def _sums(
        self, z: Complex[np.ndarray, " t"]
    ) -> tuple[Complex[np.ndarray, " t"], Complex[np.ndarray, " t"]]:
        if z.size > _BATCH // 8:
            half = z.size // 2
            parts = zip(self._sums(z[:half]), self._sums(z[half:]), strict=True)
            value, slope = map(np.concatenate, parts)
            return value, slope
        value, slope = np.zeros_like(z), np.zeros_like(z)
        points, blocks = np.arange(z.size), np.zeros(z.size, np.int64)
        for level in self._levels:
            points, blocks = _add_far(level, z, points, blocks, (value, slope))
            points = np.repeat(points, 2)
            blocks = np.repeat(2 * blocks, 2)
            blocks[1::2] += 1
        # After the last level each near block has been doubled once too often.
        self._add_near(z, points[::2], blocks[::2] // 2, (value, slope))
        return value, slope

    @functools.cached_property
    def _leaves(self) -> tuple[Float[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
        depth = max(0, math.ceil(math.log2(max(self.poles.size / _LEAF, 1))))
        count = 1 << depth
        size = -(-self.poles.size // count)
        # Leaves of equal size: the last pole is repeated, without weight.
        spare = count * size - self.poles.size
        poles = np.concatenate([self.poles, np.full(spare, self.poles[-1])])
        weights = np.concatenate([self.weights, np.zeros(spare)])
        return poles.reshape(count, size), weights.reshape(count, size)

    @functools.cached_property
    def _levels(self) -> tuple[_Level, ...]:
        """From the whole down to the leaves."""
        poles, weights = self._leaves
        lower, upper = poles[:, 0], poles[:, -1]
        centres, radii = _frame(lower, upper)
        local = (poles - centres[:, None]) / radii[:, None]
        moments = np.empty((centres.size, _TERMS))
        before, now = local, np.ones_like(local)
        for k in range(_TERMS):
            moments[:, k] = np.sum(weights * now, axis=1)
            before, now = now, (2 * local * now - before if k else local)
        levels = [_Level(centres, radii, moments)]
        while levels[0].centres.size > 1:
            lower, upper = lower[::2], upper[1::2]
            levels.insert(0, _merge(levels[0], *_frame(lower, upper)))
        return tuple(levels)

    def _add_near(
        self,
        z: Complex[np.ndarray, " t"],
        points: Int[np.ndarray, " p"],
        blocks: Int[np.ndarray, " p"],
        sums: tuple[Complex[np.ndarray, " t"], Complex[np.ndarray, " t"]],
    ) -> None:
        poles, weights = self._leaves
        rows = _BATCH // poles.shape[1] + 1
        for i in range(0, points.size, rows):
            where, which = points[i : i + rows], blocks[i : i + rows]
            kernel = 1 / (z[where, None] - poles[which])
            share = weights[which] * kernel
            _scatter(sums[0], where, share.sum(axis=1))
            _scatter(sums[1], where, -(share * kernel).sum(axis=1))


def _frame(
    lower: Float[np.ndarray, " m"], upper: Float[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    # A block of equal poles still needs a radius, of a few units in the last place.
    centres = lower + (upper - lower) / 2
    least = np.maximum(np.abs(centres) * 4 * np.finfo(float).eps, 1e-150)
    return centres, np.maximum((upper - lower) / 2, least)


def _merge(
    children: _Level, centres: Float[np.ndarray, " m"], radii: Float[np.ndarray, " m"]
) -> _Level:
    # Tₖ(α t + β) in the Tⱼ(t) of a child, row by row of the recurrence in k.
    parent = np.repeat(np.arange(centres.size), 2)
    alpha = (children.radii / radii[parent])[:, None]
    beta = ((children.centres - centres[parent]) / radii[parent])[:, None]
    moments = np.empty((parent.size, _TERMS))
    before = np.zeros_like(moments)
    row = np.zeros_like(moments)
    row[:, 0] = 1
    for k in range(_TERMS):
        moments[:, k] = np.sum(row * children.moments, axis=1)
        # t Tⱼ = (Tⱼ₊₁ + T_|j−1|) / 2.
        times = np.zeros_like(row)
        times[:, 1:] += row[:, :-1] / 2
        times[:, :-1] += row[:, 1:] / 2
        times[:, 1] += row[:, 0] / 2
        product = alpha * times + beta * row
        before, row = row, (2 * product - before if k else product)
    return _Level(centres, radii, moments[::2] + moments[1::2])


def _add_far(
    level: _Level,
    z: Complex[np.ndarray, " t"],
    points: Int[np.ndarray, " p"],
    blocks: Int[np.ndarray, " p"],
    sums: tuple[Complex[np.ndarray, " t"], Complex[np.ndarray, " t"]],
) -> tuple[Int[np.ndarray, " q"], Int[np.ndarray, " q"]]:
    """Add what the blocks far from their points contribute; return the near pairs."""
    local = (z[points] - level.centres[blocks]) / level.radii[blocks]
    root = np.sqrt(local - 1) * np.sqrt(local + 1)
    far = np.abs(local + root) >= 1 / _FAR
    where, which = points[far], blocks[far]
    local, root = local[far], root[far]
    omega = 1 / (local + root)
    moments = level.moments[which].T
    series, slope = np.zeros_like(omega), np.zeros_like(omega)
    for k in range(_TERMS - 1, 0, -1):
        # Horner's rule for ∑ Mₖ ωᵏ and ∑ k Mₖ ωᵏ.
        series, slope = (series + moments[k]) * omega, (slope + k * moments[k]) * omega
    series += moments[0] / 2
    scale = level.radii[which] * root
    _scatter(sums[0], where, 2 * series / scale)
    _scatter(sums[1], where, -2 * (local * series / root + slope) / scale / scale)
    return points[~far], blocks[~far]


def _scatter(
    total: Complex[np.ndarray, " t"],
    where: Int[np.ndarray, " p"],
    parts: Complex[np.ndarray, " p"],
) -> None:
    count = total.size
    total += np.bincount(where, weights=np.real(parts), minlength=count)
    total += 1j * np.bincount(where, weights=np.imag(parts), minlength=count)
