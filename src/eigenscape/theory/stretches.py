"""Where a smooth margin is positive along each of many curves.

The ends of a spectrum are such places: the margin is 1 − T′ of a subordination map, and
a curve runs over the reals between two spectra. A fixed grid only starts the search:
every extremum short of 0 is followed, so that a stretch far narrower than the grid, or
a break in one, is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

Curve: TypeAlias = Int[np.ndarray, "c 1"]
Coordinate: TypeAlias = Float[np.ndarray, "c k"]
Margin: TypeAlias = Callable[[Curve, Coordinate], Coordinate]

_NEAR_END = 10.0 ** -np.array([13.0, 10.0, 7.0, 5.0, 3.5])
_NODES = np.concatenate([
    _NEAR_END - 1,
    np.sin(np.linspace(-1.5, 1.5, 24)),
    1 - _NEAR_END[::-1],
])
_ZOOM = np.linspace(0, 1, 17)
_CLIMBS = 12  # 8⁻¹² of a step: past half the digits, a maximum is flat
_STEEP = 64  # times the bend of three samples; a parabola rises by an eighth of it
_NOISE = 1e-12  # a lower maximum is a stretch narrower than rounding can tell
_ZOOMS = 3  # 16⁻³ of a step, then an interpolation
_POLISHES = 4


@dataclass(frozen=True)
class Stretches:
    """Maximal intervals of coordinates with a positive margin.

    Attributes:
        curve: On which curve each lies.
        low: Its lower end; −1 where it begins with the curve.
        high: Its upper end; 1 where it ends with the curve.
    """

    curve: Int[np.ndarray, " n"]
    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]


def positive_stretches(
    margin: Margin,
    count: int,
    landmarks: Coordinate | None = None,
) -> Stretches:
    """Find where a margin is positive on the open interval (−1, 1) of every curve.

    Args:
        margin: Evaluates the margin on curves c at coordinates s; NaN where a curve
            does not exist.
        count: How many curves there are.
        landmarks: Coordinates that must be looked at, a row a curve; NaN for none.

    Returns:
        The stretches, by curve and ascending, their ends to about ten digits.
    """
    s = np.tile(_NODES, (count, 1))
    if landmarks is not None:
        beside = np.where(np.isnan(landmarks), _NODES[0], landmarks)
        s = np.sort(np.hstack([s, beside]), axis=1)
    values = _defined(margin(np.arange(count)[:, None], s))
    for sign in (1, -1):
        # Peaks below 0 may reach above it between the nodes, and valleys below.
        signed = sign * (values - _NOISE)
        inner = signed[:, 1:-1]
        extreme = (inner <= 0) & (inner >= signed[:, :-2]) & (inner >= signed[:, 2:])
        row, column = np.nonzero(extreme & np.isfinite(inner))
        ends = s[row, column], s[row, column + 2]
        place, height = _climb(margin, sign, row, *ends)
        s[row, column + 1], values[row, column + 1] = place, height
    positive = values > _NOISE
    edge = np.zeros((count, 1), bool)
    row, first = np.nonzero(positive & ~np.hstack([edge, positive[:, :-1]]))
    last = np.nonzero(positive & ~np.hstack([positive[:, 1:], edge]))[1]
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, s.shape[1] - 1)
    rows = np.tile(row, 2)
    outside = s[rows, np.append(before, after)]
    inside = s[rows, np.append(first, last)]
    low, high = np.split(crossing(margin, rows, outside, inside), 2)
    return Stretches(
        row,
        np.where(first == 0, -1.0, low),
        np.where(last == s.shape[1] - 1, 1.0, high),
    )


def _climb(
    margin: Margin,
    sign: int,
    curve: Int[np.ndarray, " n"],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    # To the local maximum of ±margin, or to the first positive value of it.
    rows = np.arange(curve.size)
    top, height = (low + high) / 2, np.full(curve.size, -np.inf)
    for _ in range(_CLIMBS if curve.size else 0):
        s = low[:, None] + (high - low)[:, None] * _ZOOM
        values = sign * _defined(margin(curve[:, None], s))
        best = np.clip(np.argmax(values, axis=1), 1, _ZOOM.size - 2)
        top, height = s[rows, best], values[rows, best]
        with np.errstate(invalid="ignore"):
            bend = 2 * height - values[rows, best - 1] - values[rows, best + 1]
        if ((height > _NOISE) | (height + _STEEP * bend < 0)).all():
            break
        low, high = s[rows, best - 1], s[rows, best + 1]
    return top, sign * height


def crossing(
    margin: Margin,
    curve: Int[np.ndarray, " n"],
    outside: Float[np.ndarray, " n"],
    inside: Float[np.ndarray, " n"],
    *,
    zooms: int = _ZOOMS,
) -> Float[np.ndarray, " n"]:
    """Find where margins become positive, by zooming in and one interpolation.

    Args:
        margin: The margin, on curves c at coordinates s.
        curve: The curves.
        outside: Coordinates with a margin that is not positive.
        inside: Coordinates with a positive margin, on either side of `outside`.
        zooms: How often a bracket is cut to a sixteenth, at least once; a cubic through
            samples then takes what is left to its fourth power.

    Returns:
        The coordinates of the crossings nearest to `outside`.
    """
    rows = np.arange(curve.size)
    values, last = np.empty((rows.size, _ZOOM.size)), np.ones(rows.size, int)
    for _ in range(zooms):
        places = outside[:, None] + (inside - outside)[:, None] * _ZOOM
        values = _defined(margin(curve[:, None], places))
        values[:, -1] = np.maximum(values[:, -1], np.finfo(float).tiny)
        last = np.maximum(np.argmax(values > 0, axis=1), 1)
        outside, inside = places[rows, last - 1], places[rows, last]
    first = np.clip(last - 2, 0, _ZOOM.size - 4)
    around = values[rows[:, None], first[:, None] + np.arange(4)]
    return outside + _root(around, last - 1 - first) * (inside - outside)


def _root(
    values: Float[np.ndarray, "n 4"], begin: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    # Where the cubic through values at 0, 1, 2, 3 vanishes, as a share of the way from
    # `begin` to the next sample, by Newton's method from the chord.
    with np.errstate(all="ignore"):
        first, second, third = (np.diff(values, n)[:, 0] for n in (1, 2, 3))
        rows = np.arange(begin.size)
        outside, inside = values[rows, begin], values[rows, begin + 1]
        share = outside / (outside - inside)
        for _ in range(_POLISHES):
            t = begin + share
            rise = first + (t - 0.5) * second + ((t - 2) * t / 2 + 1 / 3) * third
            bend = (t - 1) * (second / 2 + (t - 2) / 6 * third)
            share = np.clip(share - (values[:, 0] + t * (first + bend)) / rise, 0, 1)
    return np.where(np.isnan(share), 0.5, share)


def _defined(values: Coordinate) -> Coordinate:
    return np.where(np.isnan(values), -np.inf, values)
