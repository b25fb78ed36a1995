"""The mass of a law below a point, to near machine precision.

The substitution x = a + (b − a) sin²(φ/2) turns square-root edges, vanishing or
diverging, into analytic ends; φ ∈ [0, π] is then bisected into panels until the
Legendre series of ρ(x) dx/dφ ends in nothing on each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.polynomial import legendre

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws import Interval, Law

_NODES, _WEIGHTS = legendre.leggauss(24)
# Values at the nodes → Legendre coefficients, by the quadrature itself.
_TO_SERIES = (legendre.legvander(_NODES, _NODES.size - 1) * _WEIGHTS[:, None]).T * (
    np.arange(_NODES.size)[:, None] + 0.5
)
_TAIL = 1e-14
_BISECTIONS = 30


@dataclass(frozen=True)
class Panels:
    """The mass of one interval of a law's support, as a piecewise polynomial.

    Attributes:
        interval: The interval.
        cuts: Ends of the p = m − 1 panels in φ, ascending from 0 to π.
        series: Legendre coefficients of the mass below, one column a panel.
    """

    interval: Interval
    cuts: Float[np.ndarray, " m"]
    series: Float[np.ndarray, "k p"]

    @property
    def ends(self) -> Float[np.ndarray, " m"]:
        """Ends of the panels, in the units of the eigenvalue."""
        return _position(self.interval, self.cuts)

    def mass_below(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Integrate the density from the lower end of the interval.

        Args:
            x: Upper limits, anywhere on the line.

        Returns:
            The mass of the interval below each limit.
        """
        lower, upper = self.interval.lower, self.interval.upper
        angle = 2 * np.arctan2(
            np.sqrt(np.maximum(x - lower, 0)), np.sqrt(np.maximum(upper - x, 0))
        )
        panel = np.searchsorted(self.cuts[1:-1], angle, side="right")
        left, right = self.cuts[panel], self.cuts[panel + 1]
        local = (2 * angle - left - right) / (right - left)
        mass = legendre.legval(local, self.series[:, panel], tensor=False)
        return np.where(x > lower, mass, 0.0)


def cut_panels(law: Law, interval: Interval) -> Panels:
    """Lay panels on one interval of a law's support.

    A panel is done when the last three coefficients of its series are below 1e-14,
    or below what rounding x makes of a density that diverges at an edge.

    Args:
        law: The law.
        interval: One of its support.

    Returns:
        The panels, from which masses follow without evaluating the density again.

    Raises:
        ConvergenceError: The density is not smooth inside the interval, or has an
            edge that is not of square-root type.
    """
    cuts = np.concatenate([
        _graded(interval.lower, interval.width)[:-1],
        math.pi - _graded(interval.upper, interval.width)[::-1],
    ])
    left, right = cuts[:-1], cuts[1:]
    starts: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    tail = math.inf
    for _ in range(_BISECTIONS):
        middle, half = (left + right) / 2, (right - left) / 2
        values, rounding = _integrand(law, interval, middle, half)
        series = _TO_SERIES @ values
        tails = np.abs(series[-3:]).max(axis=0)
        done = tails <= _TAIL + rounding
        starts.append(left[done])
        columns.append(series[:, done])
        if done.all():
            return _assemble(interval, np.concatenate(starts), np.hstack(columns))
        left, middle, right = left[~done], middle[~done], right[~done]
        left, right = np.append(left, middle), np.append(middle, right)
        tail = float(tails.max())
    what = f"the mass of the density on [{interval.lower}, {interval.upper}]"
    raise ConvergenceError(
        what,
        iterations=_BISECTIONS,
        residual=tail,
        remedy="split the interval of the support where the density is not smooth",
    )


def _graded(edge: float, width: float) -> Float[np.ndarray, " m"]:
    # A pole of the density may hide just outside an edge: halve towards it, down to
    # where the rounding of x near an edge far from 0 would drown a diverging density.
    smallest = np.clip(abs(edge) / (10 * width), 2.0**-24, 2.0**-3)
    depth = math.ceil(-math.log2(smallest))
    return np.append(0.0, math.pi * 0.5 ** np.arange(depth, 0, -1))


def _integrand(
    law: Law,
    interval: Interval,
    middle: Float[np.ndarray, " p"],
    half: Float[np.ndarray, " p"],
) -> tuple[Float[np.ndarray, "k p"], Float[np.ndarray, " p"]]:
    angle = (middle + np.multiply.outer(_NODES, half)).ravel()
    x = _position(interval, angle)
    stretch = interval.width / 2 * np.sin(angle) * np.tile(half, _NODES.size)
    values = law.density(x) * stretch
    depth = np.minimum(x - interval.lower, interval.upper - x)
    ulp = np.finfo(float).eps * np.abs(x)
    noise = values * ulp / np.maximum(depth, ulp)
    shape = (_NODES.size, middle.size)
    return values.reshape(shape), noise.reshape(shape).max(axis=0)


def _assemble(
    interval: Interval,
    starts: Float[np.ndarray, " p"],
    series: Float[np.ndarray, "k p"],
) -> Panels:
    order = np.argsort(starts)
    below = legendre.legint(series[:, order], lbnd=-1)
    masses = 2 * series[0, order]
    below[0] += np.cumsum(masses) - masses
    return Panels(interval, np.append(starts[order], math.pi), below)


def _position(
    interval: Interval, angle: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    return np.where(
        angle < math.pi / 2,
        interval.lower + interval.width * np.sin(angle / 2) ** 2,
        interval.upper - interval.width * np.sin((math.pi - angle) / 2) ** 2,
    )
