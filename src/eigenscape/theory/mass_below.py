"""The mass of a law below a point, from its transform above that point alone.

Im log(x + iy − λ) is π/2 for y → ∞ and 0 or π for y → 0, and its derivative in y is
Re 1/(x + iy − λ). Hence F(x) = 1/2 + (1/π) ∫ Re g(x + iy) dy over y > 0, an atom at x
counted half. In log y the integrand is analytic in the strip |Im log y| < π/2 wherever
x lies, and the trapezoidal rule is exact to rounding: no edge, no density is needed.

References:
    Trefethen and Weideman (2014), The exponentially convergent trapezoidal rule, SIAM
    Review 56, for the rate.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.law import Law

_STEP = 0.28  # of log y: the rule errs by exp(−π²/0.28) ≈ 5e-16
_NEAREST, _FARTHEST = -80.0, 40.0  # of log y, in units of the width
_BLOCK = 1 << 10


def mass_below(law: Law, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate F(x) = ρ((−∞, x)), with half of an atom at x.

    Args:
        law: The law, of any support.
        x: Points of the real line.

    Returns:
        F(x), to a few machine epsilons where the spectrum resolves x.
    """
    hull = law.hull
    width = hull.width if math.isfinite(hull.width) else 1.0
    unit = np.maximum(width, np.abs(x)) if math.isinf(hull.width) else width
    heights = np.exp(np.arange(_NEAREST, _FARTHEST, _STEP))
    mass = np.empty_like(x)
    for first in range(0, x.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        y = np.multiply.outer(np.broadcast_to(unit, x.shape)[block], heights)
        g = law.stieltjes((x[block, None] + 1j * y).ravel()).reshape(y.shape)
        mass[block] = 0.5 + _STEP / math.pi * (y * np.real(g)).sum(axis=1)
    return mass
