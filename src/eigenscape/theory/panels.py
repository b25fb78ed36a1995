"""The mass of a law below a point, to near machine precision.

From each end of an interval of width w to its middle, the substitution
x = a + w sin²(φ/2) turns square-root edges, vanishing or diverging, into analytic
ends; φ ∈ [0, π/2] is then bisected into panels until the Legendre series of
ρ(x) dx/dφ ends in nothing on each. Edges of another kind, a power or a logarithm, take
the panels down to where no mass is left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.polynomial import legendre

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.law import Interval, Law

_NODES, _WEIGHTS = legendre.leggauss(24)
# Values at the nodes → Legendre coefficients, by the quadrature itself.
_TO_SERIES = (legendre.legvander(_NODES, _NODES.size - 1) * _WEIGHTS[:, None]).T * (
    np.arange(_NODES.size)[:, None] + 0.5
)
_TAIL = 1e-14
_BISECTIONS = 400  # a hard edge x^(−s/(s + 1)) takes about 40 (s + 1) − 24
_PENDING = 500  # more panels that are not done means noise
_RESOLUTION = 8 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Flank:
    """The mass between an end of an interval and its middle.

    Attributes:
        edge: The end.
        width: Of the whole interval; negative at an upper end.
        cuts: Ends of the p = m − 1 panels in φ, ascending from 0 to π/2.
        series: Legendre coefficients of the mass between the end and φ, one column a
            panel.
    """

    edge: float
    width: float
    cuts: Float[np.ndarray, " m"]
    series: Float[np.ndarray, "k p"]

    @property
    def total(self) -> float:
        """All the mass of the flank."""
        return float(self.series[:, -1].sum())

    def mass(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Integrate the density from the end of the interval.

        Args:
            x: The other limits, anywhere on the line.

        Returns:
            The mass of the flank between its end and each limit.
        """
        share = np.clip((x - self.edge) / self.width, 0, 0.5)
        angle = 2 * np.arcsin(np.sqrt(share))
        panel = np.searchsorted(self.cuts[1:-1], angle, side="right")
        left, right = self.cuts[panel], self.cuts[panel + 1]
        local = np.clip((2 * angle - left - right) / (right - left), -1, 1)
        mass = legendre.legval(local, self.series[:, panel], tensor=False)
        return np.where(share > 0, mass, 0.0)


@dataclass(frozen=True)
class Panels:
    """The mass of one interval of a law's support, as a piecewise polynomial.

    Attributes:
        interval: The interval.
        lower: From its lower end to the middle.
        upper: From its upper end to the middle.
    """

    interval: Interval
    lower: Flank
    upper: Flank

    @property
    def ends(self) -> Float[np.ndarray, " m"]:
        """Ends of the panels, in the units of the eigenvalue."""
        places = [
            flank.edge + flank.width * np.sin(flank.cuts / 2) ** 2
            for flank in (self.lower, self.upper)
        ]
        return np.unique(np.concatenate(places))

    @property
    def total(self) -> float:
        """All the mass of the interval."""
        return self.lower.total + self.upper.total

    def mass_below(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Integrate the density from the lower end of the interval.

        Args:
            x: Upper limits, anywhere on the line.

        Returns:
            The mass of the interval below each limit.
        """
        first = x < self.interval.lower + self.interval.width / 2
        mass = np.empty_like(x)
        mass[first] = self.lower.mass(x[first])
        mass[~first] = self.total - self.upper.mass(x[~first])
        return mass


def cut_panels(law: Law, interval: Interval, *, reach: float = 0.0) -> Panels:
    """Lay panels on one interval of a law's support.

    A panel is done when the last three coefficients of its series are below 1e-14,
    or below what rounding x makes of a density that diverges at an edge.

    Args:
        law: The law.
        interval: One of its support, or a part where the density is smooth.
        reach: A size; edges are known to its rounding, or to that of x if greater.

    Returns:
        The panels, from which masses follow without evaluating the density again.
    """
    lower = _cut_flank(law, interval, (interval.lower, interval.width), reach)
    upper = _cut_flank(law, interval, (interval.upper, -interval.width), reach)
    return Panels(interval, lower, upper)


def smooth_intervals(law: Law) -> list[Interval]:
    """Divide the support where the density diverges inside it, at 0.

    Args:
        law: The law.

    Returns:
        Intervals to lay panels on, ascending.
    """
    parts: list[Interval] = []
    for interval in law.support:
        sides = min(-interval.lower, interval.upper)
        inside = sides > _RESOLUTION * interval.width
        if inside and not np.isfinite(law.density(np.zeros(1))[0]):
            parts += [Interval(interval.lower, 0.0), Interval(0.0, interval.upper)]
        else:
            parts.append(interval)
    return parts


def _cut_flank(
    law: Law, interval: Interval, side: tuple[float, float], reach: float
) -> Flank:
    edge, width = side
    cuts = _graded(max(abs(edge), reach), abs(width))
    left, right = cuts[:-1], cuts[1:]
    starts: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    tail = math.inf
    for _ in range(_BISECTIONS):
        middle, half = (left + right) / 2, (right - left) / 2
        values, rounding = _integrand(law, side, reach, middle, half)
        series = _TO_SERIES @ values
        tails = np.abs(series[-3:]).max(axis=0)
        done = tails <= _TAIL + rounding
        starts.append(left[done])
        columns.append(series[:, done])
        if done.all():
            return _assemble(edge, width, np.concatenate(starts), np.hstack(columns))
        tail = float(tails.max())
        left, middle, right = left[~done], middle[~done], right[~done]
        if left.size > _PENDING or (right - left <= _RESOLUTION * middle).any():
            break
        left, right = np.append(left, middle), np.append(middle, right)
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
    side: tuple[float, float],
    reach: float,
    middle: Float[np.ndarray, " p"],
    half: Float[np.ndarray, " p"],
) -> tuple[Float[np.ndarray, "k p"], Float[np.ndarray, " p"]]:
    edge, width = side
    angle = (middle + np.multiply.outer(_NODES, half)).ravel()
    x = edge + width * np.sin(angle / 2) ** 2
    stretch = abs(width) / 2 * np.sin(angle) * np.tile(half, _NODES.size)
    values = law.density(x) * stretch
    ulp = np.finfo(float).eps * np.maximum(np.abs(x), reach)
    noise = values * ulp / np.maximum(np.abs(x - edge), np.maximum(ulp, 1e-300))
    shape = (_NODES.size, middle.size)
    return values.reshape(shape), noise.reshape(shape).max(axis=0)


def _assemble(
    edge: float,
    width: float,
    starts: Float[np.ndarray, " p"],
    series: Float[np.ndarray, "k p"],
) -> Flank:
    order = np.argsort(starts)
    within = legendre.legint(series[:, order], lbnd=-1)
    masses = 2 * series[0, order]
    within[0] += np.cumsum(masses) - masses
    return Flank(edge, width, np.append(starts[order], math.pi / 2), within)
