"""Sums over poles ∑ wᵢ / (z − pᵢ), and the zeros between the poles."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Complex, Float

_FEW = 8  # poles up to which complex arithmetic costs less than real
_BLOCK = 1 << 15  # numbers in a working array: 256 KB, so that four stay in the cache
_COLUMNS = 4096
_ZERO = 1e-75  # a distance whose fourth power is still a normal number
_ITERATIONS = 100


def pole_sum(
    z: Complex[np.ndarray, " n"],
    places: Float[np.ndarray, " k"],
    weights: Float[np.ndarray, " k"],
) -> tuple[Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
    """Evaluate ∑ wᵢ / (z − pᵢ) and its derivative.

    Args:
        z: Points of the plane.
        places: pᵢ, ascending.
        weights: wᵢ.

    Returns:
        The sum and −∑ wᵢ / (z − pᵢ)²; ∞ and −∞ at a pole.
    """
    if places.size <= _FEW:
        return _few_poles(z, places, weights)
    x, y = np.real(z).copy(), np.imag(z).copy()
    hit = np.abs(y) < _ZERO
    real = bool(hit.any())
    if real:
        below = np.searchsorted(places, x[hit])
        hit[hit] = below < np.searchsorted(places, x[hit], "right")
        y = np.where(hit, 1.0, y)
    few = x.size * places.size <= _BLOCK
    sums = (_moduli if few else _blockwise)(x, y, places, weights)
    zeroth, first_order, mixed, second = sums
    value, slope = np.empty((2, x.size), np.complex128)
    twice = 2 * y
    value.real, value.imag = first_order, -y * zeroth
    slope.real, slope.imag = twice * y * second - zeroth, twice * mixed
    if real:
        value[hit], slope[hit] = math.inf, -math.inf
    return value, slope


def _few_poles(
    z: Complex[np.ndarray, " n"],
    places: Float[np.ndarray, " k"],
    weights: Float[np.ndarray, " k"],
) -> tuple[Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
    inverse = np.subtract(z[:, None], places, order="F")
    with np.errstate(all="ignore"):
        np.reciprocal(inverse, out=inverse)
        value = inverse.dot(weights)
        inverse *= inverse
        slope = -inverse.dot(weights)
    lost = ~np.isfinite(slope)
    if lost.any():
        lost[lost] = np.isin(np.real(z[lost]), places)
        value[lost], slope[lost] = math.inf, -math.inf
    return value, slope


def _blockwise(
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    places: Float[np.ndarray, " k"],
    weights: Float[np.ndarray, " k"],
) -> Float[np.ndarray, "4 n"]:
    sums = np.zeros((4, x.size))
    for first in range(0, places.size, _COLUMNS):
        chunk = slice(first, first + _COLUMNS)
        rows = max(1, _BLOCK // places[chunk].size)
        for i in range(0, x.size, rows):
            block = slice(i, i + rows)
            sums[:, block] += _moduli(x[block], y[block], places[chunk], weights[chunk])
    return sums


def _moduli(
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    places: Float[np.ndarray, " k"],
    weights: Float[np.ndarray, " k"],
) -> Float[np.ndarray, "4 n"]:
    # With d = x − p and r = 1/(d² + y²): the weighted sums of r, dr, dr² and r².
    along = "F" if x.size > places.size else "C"
    distance = np.subtract(x[:, None], places, order=along)
    inverse = distance**2
    inverse += (y**2)[:, None]
    np.reciprocal(inverse, out=inverse)
    sums = np.empty((4, x.size))
    sums[0] = inverse @ weights
    distance *= inverse
    sums[1] = distance @ weights
    distance *= inverse
    sums[2] = distance @ weights
    inverse *= inverse
    sums[3] = inverse @ weights
    return sums


def zeros_between(
    places: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " k-1"], Float[np.ndarray, " k-1"]]:
    """Find the zeros ζⱼ of ∑ wᵢ / (x − pᵢ) and the residues there of its reciprocal.

    One zero lies between neighbouring poles. It is bracketed as an offset from the
    nearer of the two, so that it keeps its digits beside a light pole.

    Args:
        places: pᵢ, strictly ascending.
        weights: wᵢ, positive.

    Returns:
        The zeros, and 1 / ∑ wᵢ / (ζⱼ − pᵢ)², both to a few machine epsilons.

    References:
        Gu and Eisenstat (1995), A divide-and-conquer algorithm for the symmetric
        tridiagonal eigenproblem, SIAM Journal on Matrix Analysis and Applications 16.
    """
    left, right = places[:-1], places[1:]
    half = (right - left) / 2
    value, _ = _secular(left[:, None] - places, half, weights)
    # Decreasing from +∞ to −∞: where it is negative at the middle, the zero is left.
    origin = np.where(value <= 0, left, right)
    shifts = origin[:, None] - places
    low, high = np.where(value <= 0, 0, -half), np.where(value <= 0, half, 0)
    offset = np.where(value <= 0, half, -half)
    for _ in range(_ITERATIONS):
        value, square = _secular(shifts, offset, weights)
        low, high = np.where(value > 0, offset, low), np.where(value < 0, offset, high)
        moved = _rational_step(offset, value, square, left - origin, right - origin)
        inside = (moved >= low) & (moved <= high)
        moved = np.where(inside, moved, np.where(value == 0, offset, (low + high) / 2))
        settled = np.abs(moved - offset) <= 2 * np.finfo(float).eps * np.abs(moved)
        offset = moved
        if settled.all():
            break
    _, square = _secular(shifts, offset, weights)
    return origin + offset, 1 / square


def _secular(
    shifts: Float[np.ndarray, "m k"],
    offset: Float[np.ndarray, " m"],
    weights: Float[np.ndarray, " k"],
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    inverse = 1 / (shifts + offset[:, None])
    return inverse @ weights, inverse**2 @ weights


def _rational_step(
    x: Float[np.ndarray, " m"],
    value: Float[np.ndarray, " m"],
    square: Float[np.ndarray, " m"],
    left: Float[np.ndarray, " m"],
    right: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    # Newton's step for (x − a)(b − x) g(x), which has no poles between a and b.
    area = (x - left) * (right - x)
    return x - area * value / ((left + right - 2 * x) * value - area * square)
