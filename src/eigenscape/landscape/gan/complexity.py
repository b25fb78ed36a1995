"""Annealed complexity of a GAN in both losses and both indices.

F of `exponent` is concave. At given losses it is maximised over d where its slope
changes sign; a bound that does not bind leaves a curve along which one loss is free, or
the maximum over both. All points are bisected at once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from eigenscape.core import ConvergenceError
from eigenscape.landscape.gan.exponent import GanExponent, Index
from eigenscape.landscape.gan.model import GanGlass

Vector: TypeAlias = Float[np.ndarray, " n"]
Slope: TypeAlias = Callable[[Vector], Vector]

_CLOSE = 1e-9  # of arguments; values err by the square
_FLAT = 1e-10
_STEPS = 120
_DOUBLINGS = 60
_FARTHEST = 30.0  # no loss is as low, in units of its deviation
_SECTIONS = 128
_ROUNDS = 4
_ANY: Index = (None, None)


def gan_density_complexity(
    model: GanGlass, losses: Float[np.ndarray, "n 2"], *, index: Index = _ANY
) -> Vector:
    """Evaluate the exponent of critical points near given losses.

    Args:
        model: The two glasses.
        losses: (u_D, u_G): losses near √N u.
        index: Numbers of negative eigenvalues of ∇²_D L_D and ∇²_G L_G; None for any.

    Returns:
        lim (1/N) log of the mean density.
    """
    exponent = GanExponent(model, index)
    t, y = _coordinates(model, losses)
    return exponent.value(t, _best_difference(exponent, t, y), y)


def gan_complexity(
    model: GanGlass, losses: Float[np.ndarray, "n 2"], *, index: Index = _ANY
) -> Vector:
    """Evaluate the exponent of critical points with losses up to given ones.

    Args:
        model: The two glasses.
        losses: (u_D, u_G): L_D ≤ √N u_D and L_G ≤ √N u_G; ∞ for no bound.
        index: Numbers of negative eigenvalues of ∇²_D L_D and ∇²_G L_G; None for any.
            A fixed one is a number that does not grow with N.

    Returns:
        lim (1/N) log of the mean number. A map of 200 × 200 takes seconds.

    Raises:
        ValueError: A loss is not a number, or −∞.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2022), Journal of Statistical
        Physics 186, for the approach; the law is derived from the model and confirmed
        by exact counts, see `two_circles`.
    """
    if not (losses > -math.inf).all():
        message = f"losses: expected numbers above −∞, got {losses}"
        raise ValueError(message)
    top = _summit(model, index)
    own, other = losses[:, 0], losses[:, 1]
    free_own, free_other = own >= top.losses[0], other >= top.losses[1]
    result = np.full(len(losses), top.value)
    # One bound holds: the other loss is free along a curve.
    rest = ~(free_own & free_other)
    for axis in (0, 1):
        bound = losses[rest, axis]
        levels, where = np.unique(bound, return_inverse=True)
        below = levels < top.losses[axis]
        curve = np.full((2, levels.size), np.nan)
        if below.any():
            curve[:, below] = _ridge(model, index, axis, levels[below])
        value, place = curve[:, where]
        fits = place <= losses[rest, 1 - axis]
        chosen = np.flatnonzero(rest)[fits]
        result[chosen] = value[fits]
        rest[chosen] = False
    # Both bounds hold.
    if rest.any():
        result[rest] = gan_density_complexity(model, losses[rest], index=index)
    return result


def lowest_losses(model: GanGlass, *, index: Index = _ANY) -> tuple[float, float]:
    """Give the lowest losses with a complexity that is not negative.

    Args:
        model: The two glasses.
        index: Numbers of negative eigenvalues of ∇²_D L_D and ∇²_G L_G; None for any.

    Returns:
        u_D, whatever L_G is, and u_G, whatever L_D is.

    Raises:
        ConvergenceError: The complexity is negative at all losses.
    """
    top = _summit(model, index)
    if top.value < 0:
        what = f"the search for losses where index {index} has a complexity"
        raise ConvergenceError(
            what,
            iterations=0,
            residual=-top.value,
            remedy="there are none: such points are rare at all losses",
        )
    return _lowest(model, index, 0, top), _lowest(model, index, 1, top)


@dataclass(frozen=True)
class _Summit:
    value: float
    losses: tuple[float, float]


def _lowest(model: GanGlass, index: Index, axis: int, top: _Summit) -> float:
    # Sections of the loss; in the last one the exponent is a line.
    start = top.losses[axis]
    steps = _loss_scale(model, axis) * np.geomspace(1e-2, _FARTHEST, _SECTIONS)
    levels = np.append(start, start - steps)
    values = _ridge(model, index, axis, levels)[0]
    for _ in range(_ROUNDS - 2):
        low = int((values < 0).argmax())
        levels = np.linspace(levels[low - 1], levels[low], _SECTIONS + 1)
        values = _ridge(model, index, axis, levels)[0]
    low = max(int((values < 0).argmax()), 1)
    share = values[low - 1] / (values[low - 1] - values[low])
    return float(levels[low - 1] + share * (levels[low] - levels[low - 1]))


def _loss_scale(model: GanGlass, axis: int) -> float:
    generator = model.noise * 2 ** (model.degree / 2)
    return generator if axis else math.hypot(generator, 1.0)


def _coordinates(
    model: GanGlass, losses: Float[np.ndarray, "n 2"]
) -> tuple[Vector, Vector]:
    half = math.sqrt(2)
    t = model.degree * losses[:, 1] / half
    return t, -model.discriminator_layers * losses.sum(axis=1) / half


@functools.lru_cache(maxsize=64)
def _summit(model: GanGlass, index: Index) -> _Summit:
    if index == _ANY:
        place = np.zeros((1, 2))
        return _Summit(float(gan_density_complexity(model, place)[0]), (0.0, 0.0))
    # Sections of the generator's loss, each with the other loss at its best; by values,
    # for the slope jumps where the bounds of both indices meet.
    centre, reach = 0.0, 2.0 * _loss_scale(model, 1)
    for _ in range(_DOUBLINGS):
        values = _ridge(model, index, 1, np.array([-reach, 0.0, reach]))[0]
        if values[1] >= max(values[0], values[2]):
            break
        reach *= 2
    place = value = math.nan
    for _ in range(_ROUNDS):
        levels = centre + reach * np.linspace(-1, 1, 2 * _SECTIONS + 1)
        values, places = _ridge(model, index, 1, levels)
        best = int(values.argmax())
        centre, reach = float(levels[best]), reach / _SECTIONS
        value, place = float(values[best]), float(places[best])
    return _Summit(value, (place, centre))


def _ridge(
    model: GanGlass, index: Index, axis: int, levels: Vector
) -> Float[np.ndarray, "2 n"]:
    """Maximise over the other loss; return the exponent and that loss."""
    exponent = GanExponent(model, index)

    def losses(other: Vector) -> Float[np.ndarray, "n 2"]:
        columns = (levels, other) if axis == 0 else (other, levels)
        return np.stack(columns, axis=1)

    def slope(other: Vector) -> Vector:
        t, y = _coordinates(model, losses(other))
        by_t, by_y = _outer_slopes(exponent, t, y)
        p, m = model.discriminator_layers, model.degree
        # By u_G at given u_D, or by u_D at given u_G, times √2.
        return m * by_t - p * by_y if axis == 0 else -p * by_y

    other = _root(slope, -levels, _loss_scale(model, 1 - axis))
    t, y = _coordinates(model, losses(other))
    return np.stack([exponent.value(t, _best_difference(exponent, t, y), y), other])


def _outer_slopes(exponent: GanExponent, t: Vector, y: Vector) -> tuple[Vector, Vector]:
    # The envelope: where the bound on d holds, it moves with t and y.
    d = _best_difference(exponent, t, y)
    by_t, by_d, by_y = exponent.slopes(t, d, y)
    bound, bound_t, bound_y = exponent.least(t, y)
    held = np.where(d <= bound, by_d, 0.0)
    return by_t + held * bound_t, by_y + held * bound_y


def _best_difference(exponent: GanExponent, t: Vector, y: Vector) -> Vector:
    least = exponent.least(t, y)[0]
    start = np.where(np.isfinite(least), least, 0.0)
    return _root(
        lambda d: exponent.slopes(t, d, y)[1], start, exponent.widths[1], least
    )


def _root(
    slope: Slope, start: Vector, scale: float, least: Vector | None = None
) -> Vector:
    """Find where a falling slope vanishes, at or above the least value."""
    floor = np.full_like(start, -math.inf) if least is None else least
    low, high = np.maximum(start - scale, floor), start + scale
    rise, fall = slope(low), slope(high)
    for _ in range(_DOUBLINGS):
        beyond = fall > 0
        if not beyond.any():
            break
        high = np.where(beyond, start + 2 * (high - start), high)
        fall = slope(high)
    for _ in range(_DOUBLINGS):
        before = (rise < 0) & (low > floor)
        if not before.any():
            break
        low = np.where(before, np.maximum(start - 2 * (start - low), floor), low)
        rise = slope(low)
    held = rise <= 0
    found = _false_position(slope, (low, high), (np.where(held, 1.0, rise), fall), held)
    return np.where(held, low, found)


def _false_position(
    slope: Slope,
    ends: tuple[Vector, Vector],
    slopes: tuple[Vector, Vector],
    done: Bool[np.ndarray, " n"],
) -> Vector:
    # The Illinois rule, on all points at once; all slopes fall.
    (low, high), (rise, fall) = ends, slopes
    width, small = high - low, _FLAT * np.minimum(rise, -fall)
    side = np.zeros_like(low)
    for step in range(_STEPS):
        middle = low + (high - low) * rise / (rise - fall)
        if step % 3 == 2:  # where the slope jumps, halving is surer
            middle = (low + high) / 2
        middle = np.where(done | (low == high), low, middle)
        now = slope(middle)
        up = now > 0
        # An end that stays a second time counts half.
        fall = np.where(up, np.where(side > 0, fall / 2, fall), now)
        rise = np.where(up, now, np.where(side < 0, rise / 2, rise))
        low, high = np.where(up, middle, low), np.where(up, high, middle)
        side = np.where(up, 1.0, -1.0)
        if (done | (high - low <= _CLOSE * width) | (np.abs(now) <= small)).all():
            return middle
    what = "the maximisation of the exponent"
    raise ConvergenceError(
        what,
        iterations=_STEPS,
        residual=float(((high - low) / width).max()),
        remedy="take less extreme losses",
    )
