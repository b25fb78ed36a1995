"""Fixed points w = T(w; z) of half-plane maps, certified.

For z above the axis an analytic T(·; z) that maps the upper half-plane into itself has
one fixed point there; for real z it has one Denjoy–Wolff point in the closure, either
inside or on the axis with |T′| ≤ 1. Whatever path led there, such a point with a
residual at rounding is the solution: this is the certificate.

References:
    Belinschi and Bercovici (2007), A new approach to subordination results in free
    probability, Journal d'Analyse Mathématique 101.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.boundary import Mapping, boundary_points
from eigenscape.theory.convolution.ladder import (
    Descent,
    Ladder,
    Linearisation,
    Points,
    Reals,
    States,
    lift,
)

_MANY = 32  # points from which guesses cost less than a ladder
_SPAN = 16.0  # scales over which guesses are near enough


@dataclass(frozen=True)
class FixedPoint:
    """Certified fixed points of a map.

    Attributes:
        value: w.
        derivative: dw/dz.
        contraction: T′(w), of modulus at most 1.
        residual: |T(w) − w|.
    """

    value: Points
    derivative: Points
    contraction: Points
    residual: Reals

    @property
    def condition(self) -> Reals:
        """1/|1 − T′|, which multiplies the rounding of T; infinite at an edge."""
        with np.errstate(divide="ignore"):
            return 1 / np.abs(1 - self.contraction)


def solve(
    mapping: Mapping,
    z: Points,
    *,
    scale: float,
    start: Callable[[Points], Points] | None = None,
    project: Callable[[Points, Points], Points] = lift,
    explicit: bool = False,
) -> FixedPoint:
    """Find the fixed points w = T(w; z) in the closed upper half-plane.

    Args:
        mapping: (w, z) ↦ T(w; z), ∂T/∂w and ∂T/∂z, all of one shape.
        z: Points above the axis, or on it with imaginary part +0.
        scale: A height from which z and w look alike, such as the width of a spectrum.
        start: w from z far above the axis; by default T(z; z).
        project: The nearest point to w of the domain that T(·; z) maps into itself.
        explicit: Whether T = z − h(w), with few bends, so that real points are guessed.

    Returns:
        The fixed points with their derivative, contraction and residual.
    """

    def system(w: States, z: Points) -> Linearisation:
        image, by_w, by_z = mapping(w[0], z)
        # Newton's step for 1/(w − c) with c below z, in which a w at infinity is as
        # any other; for w itself it is (T − w) / (1 − T′).
        change = image - w[0]
        if explicit:
            step = change / (1 - by_w)
        else:
            pole = w[0] - z + 1j * scale
            stretch = 1 + change / pole
            step = stretch * change / (stretch**2 - by_w)
            step /= 1 - step / pole
        slope = by_z / (1 - by_w)
        terms = np.abs(image) + np.abs(by_w * w[0]) + (1 + np.abs(by_z)) * np.abs(z)
        terms += scale
        return Linearisation(image[None], step[None], slope[None], by_w, terms[None])

    def begin(high: Points) -> States:
        return (mapping(high, high)[0] if start is None else start(high))[None]

    def inside(w: States, z: Points) -> States:
        return project(w[0], z)[None]

    def guess(z: Points) -> States:
        return boundary_points(mapping, np.real(z), scale=scale)[None]

    x, many = np.real(z), z.size >= _MANY and not np.imag(z).any()
    guessed = explicit and many and np.ptp(x) <= _SPAN * scale
    ladder = Ladder(system, begin, inside, scale, guess if guessed else None)
    found = ladder.descend(z)
    require_certain(found, z)
    local = found.local
    return FixedPoint(found.w[0], local.slope[0], local.contraction, found.residual)


def require_certain(found: Descent, z: Points) -> None:
    """Refuse points without a certificate.

    Args:
        found: Where a descent ended.
        z: The points it was meant for.

    Raises:
        ConvergenceError: A point is not certain.
    """
    if found.certain.all():
        return
    worst = np.flatnonzero(~found.certain)[0]
    what = f"the fixed point at z = {z[worst]}"
    raise ConvergenceError(
        what,
        iterations=found.rounds,
        residual=float(found.residual[worst]),
        remedy="move the point off the edge, or off the real axis",
    )
