"""First guesses of w(z) on the real axis, where z is explicit in w.

With T(w; z) = z − h(w) the points w(z) of real z run along the boundary of
{w: Im w + Im h(w) > 0}: over every u either at the one height v with I = 1, where
I = −Im h(u + iv)/v, or on the axis where I < 1 down to it. As h is the transform of a
measure, 1/I is concave in v² (a harmonic mean), so that Newton's method in v² comes up
from below to the root and never passes it. Along the curve z ascends; between its
points u and v² are nearly linear in z, at edges too.

References:
    Biane (1997), On the free convolution with a semi-circular distribution, Indiana
    University Mathematics Journal 46.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from eigenscape.theory.convolution.ladder import Points, Reals

Mapping: TypeAlias = Callable[[Points, Points], tuple[Points, Points, Points]]

FEW_ATOMS = 16
"""Among more atoms the curve bends too often for guesses to be cheap and near."""

# Tuned on the laws of the benchmark: two Newton steps at most points.
_COARSE, _FINE = 128, 256  # points of the curve
_COARSE_STEPS, _FINE_STEPS = 5, 2
_FLOOR = 1e-8  # of v², in units of the mass of the measure; below, it is 0
_FAR = 1e6  # in units of the scale


def boundary_points(mapping: Mapping, x: Reals, *, scale: float) -> Points:
    """Guess the fixed points w = T(w; x).

    Args:
        mapping: (w, z) ↦ T(w; z) = z − h(w), ∂T/∂w and ∂T/∂z.
        x: Real points that span no more than some scales.
        scale: A height from which z and w look alike.

    Returns:
        The guesses, above the axis or on it.
    """
    curve = _Curve.of(mapping, scale)
    root = curve.mass**0.5
    u = np.linspace(x.min() + curve.shift - root, x.max() + curve.shift + root, _COARSE)
    square = curve.squares(u, np.full(_COARSE, curve.mass / 4), _COARSE_STEPS)
    # More points, spread evenly in u over the cells that x fall into.
    some = np.sort(x)[:: max(1, x.size // _FINE)]
    z = curve.locations(u, square)
    cell = np.clip(np.searchsorted(z, some), 1, _COARSE - 1)
    rank = np.arange(1, cell.size + 1) - np.searchsorted(cell, cell)
    more = u[cell - 1] + rank / (np.bincount(cell)[cell] + 1) * (u[1] - u[0])
    finer = curve.squares(more, np.interp(more, u, square), _FINE_STEPS)
    u, square = np.append(u, more), np.append(square, finer)
    order = np.argsort(u)
    u, square = u[order], square[order]
    z = curve.locations(u, square)
    return np.interp(x, z, u) + 1j * np.sqrt(np.interp(x, z, square))


@dataclass(frozen=True)
class _Curve:
    # h(w) ≈ mass/w − shift far out.
    mapping: Mapping
    shift: float
    mass: float

    @classmethod
    def of(cls, mapping: Mapping, scale: float) -> _Curve:
        far = _FAR * scale
        beyond = mapping(np.array([1j * far]), np.zeros(1, np.complex128))[0][0]
        return cls(mapping, float(np.real(beyond)), far * float(np.imag(beyond)))

    def squares(self, u: Reals, first: Reals, steps: int) -> Reals:
        # v² over u.
        square, axis = np.maximum(first, _FLOOR * self.mass), np.zeros_like(u) + 0j
        for _ in range(steps):
            v = np.sqrt(square)
            value, slope, _ = self.mapping(u + 1j * v, axis)
            pull = np.imag(value) / v
            square *= 1 + 2 * pull * (pull - 1) / (pull - np.real(slope))
            square[np.isnan(square)] = self.mass / 4
            square = np.clip(square, _FLOOR * self.mass, self.mass)
        return np.where(square > _FLOOR * self.mass, square, 0.0)

    def locations(self, u: Reals, square: Reals) -> Reals:
        w = u + 1j * np.sqrt(square)
        z = u - np.real(self.mapping(w, np.zeros_like(w))[0])
        return np.maximum.accumulate(z)
