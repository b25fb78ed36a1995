"""How rare a far-off extreme eigenvalue is.

For the joint density ∏ |λᵢ − λⱼ|^β exp(−(β/2) N ∑ V(λᵢ)), one eigenvalue is pulled out
of the bulk at a cost of order N, and all of them are pushed by a wall at one of order
N². Both rates are those of the logarithm only: powers of N and factors are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws.law import Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.symmetry_class import require_beta

Side = Literal["upper", "lower"]

_CLASSES = (1, 2, 4)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@pointwise(1)
def pull_rate(
    law: Law,
    x: Float[np.ndarray, " n"],
    *,
    beta: int = 1,
    slope: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Float[np.ndarray, " n"]:
    """Evaluate I(x) = (β/2) |∫ (V′(t) − 2g(t)) dt| from the edge of the bulk to x.

    P(λ₁ ≥ x) ≈ exp(−N I(x)) above the bulk, and P(λ_N ≤ x) ≈ exp(−N I(x)) below it.
    For a Semicircle this is the Gaussian ensemble, V = x²/2σ², and for a
    Marchenko–Pastur law the Wishart ensemble with Gaussian entries and N = P, where
    V′ − 2g = √((t − a)(t − b)) / cst. Any other law needs the V of its invariant
    ensemble: the law of the bulk does not determine it off the support. The claim is
    for a bulk that is one interval, with V′ − 2g of one sign beyond it, the sign of
    x − edge.

    Args:
        law: The law of the bulk.
        x: Points outside the hull of the law, or inside, where the rate is 0.
        beta: 1, 2 or 4.
        slope: V′, for a law that is neither of the two.

    Returns:
        I(x), to a relative 1e-12 for the two ensembles.

    Raises:
        ValueError: The law is not one interval, or it needs a slope.

    References:
        Ben Arous, Dembo and Guionnet (2001), Aging of spherical spin glasses,
        Probability Theory and Related Fields 120, Theorem 6.2 for β = 1; Majumdar and
        Vergassola (2009), Large deviations of the maximum eigenvalue for Wishart and
        Gaussian random matrices, Physical Review Letters 102; Anderson, Guionnet and
        Zeitouni (2010), An Introduction to Random Matrices, Theorem 2.6.6, for a
        general potential.
    """
    require_beta(beta, _CLASSES)
    if len(law.support) != 1:
        message = f"law: expected one interval of support, got {len(law.support)}"
        raise ValueError(message)
    cut = law.support[0]
    force = _force(law, slope)
    half, middle = cut.width / 2, (cut.lower + cut.upper) / 2
    side = np.where(x < middle, -1.0, 1.0)
    # t = middle ± half cosh φ leaves nothing singular at the edge.
    reach = np.arccosh(np.maximum(np.abs(x - middle) / half, 1.0))
    angle = reach[:, None] * (_NODES + 1) / 2
    t = middle + side[:, None] * half * np.cosh(angle)
    rates = np.abs(force(t, cut)) * half * np.sinh(angle)
    return beta / 4 * reach * (rates @ _WEIGHTS)


def push_rate(
    law: Semicircle | MarchenkoPastur,
    x: float,
    *,
    beta: int = 1,
    side: Side = "upper",
) -> float:
    """Evaluate the cost Φ of a wall at x: all eigenvalues below it, or all above.

    P(λ₁ ≤ x) ≈ exp(−N² Φ) for the upper side and P(λ_N ≥ x) ≈ exp(−N² Φ) for the
    lower. All eigenvalues of a Gaussian ensemble have one sign at Φ = β (ln 3)/4.
    For the Wishart ensemble, N = P, and above ratio 1 the non-zero eigenvalues are
    meant.

    Args:
        law: The semicircle of a Gaussian ensemble, or the Marchenko–Pastur law of a
            Wishart ensemble with Gaussian entries.
        x: The wall; beyond the edge, where it holds nothing back, the rate is 0.
        beta: 1, 2 or 4.
        side: Which edge is pushed.

    Returns:
        Φ, to an absolute 1e-14 or so.

    Raises:
        ValueError: A Wishart wall is not positive.

    References:
        Dean and Majumdar (2008), Extreme value statistics of eigenvalues of Gaussian
        random matrices, Physical Review E 77; Vivo, Majumdar and Bohigas (2007),
        Large deviations of the maximum eigenvalue in Wishart random matrices, Journal
        of Physics A 40; Katzav and Pérez Castillo (2010), Large deviations of the
        smallest eigenvalue of the Wishart–Laguerre ensemble, Physical Review E 82.
    """
    require_beta(beta, _CLASSES)
    if isinstance(law, Semicircle):
        upward = x if side == "upper" else -x
        return beta * max(_gaussian_push(upward / math.sqrt(2 * law.variance)), 0.0)
    if not x > 0:
        message = f"x: expected a positive wall for a Wishart matrix, got {x}"
        raise ValueError(message)
    ratio, scale = min(law.ratio, 1 / law.ratio), law.scale * max(law.ratio, 1.0)
    walls = _WishartWalls(1 / (ratio * scale), 1 / ratio - 1)
    edges = MarchenkoPastur(ratio, scale).support[0]
    if edges.upper <= x if side == "upper" else x <= edges.lower:
        return 0.0
    held = walls.above(x) if side == "upper" else walls.below(x)
    cost = held - walls.above(edges.upper)
    return beta / 2 * max(cost, 0.0) / max(law.ratio, 1.0) ** 2


def _force(
    law: Law, slope: Callable[[np.ndarray], np.ndarray] | None
) -> Callable[[np.ndarray, Interval], np.ndarray]:
    if slope is not None:
        return lambda t, _: slope(t) - 2 * np.real(law.stieltjes(t))
    if isinstance(law, Semicircle):
        return lambda t, cut: _root(t, cut) / law.variance
    if isinstance(law, MarchenkoPastur):
        return lambda t, cut: _root(t, cut) / (law.ratio * law.scale * t)
    message = (
        f"slope: expected V′ for {type(law).__name__}; its density does not say how "
        "its potential goes on beyond the support"
    )
    raise ValueError(message)


def _root(t: np.ndarray, cut: Interval) -> np.ndarray:
    return np.sqrt((t - cut.lower) * (t - cut.upper))


def _gaussian_push(w: float) -> float:
    # Dean and Majumdar's Φ, in units where the edge is √2.
    if w >= math.sqrt(2):
        return 0.0
    root = math.sqrt(w**2 + 6)
    # w + √(w² + 6) without cancellation at negative w.
    total = w + root if w > 0 else 6 / (root - w)
    logarithm = 27 * (math.log(18) - 2 * math.log(total))
    return (36 * w**2 - w**4 - (15 * w + w**3) * root + logarithm) / 108


@dataclass(frozen=True)
class _WishartWalls:
    """Energies ∫ V dρ − ∬ log|x − y| dρ dρ of V = αx − γ log x, held by a wall.

    On [a, b] = m ∓ h, with 2m/h = r + 1/r, log x = log(h/2r) − 2 ∑ (−r)ᵏ cos kθ / k;
    hence the energy in closed form, and r from the other edge's being soft.
    """

    rise: float
    fall: float

    def above(self, wall: float) -> float:
        """Return the energy with a wall at the upper end."""

        def excess(r: float) -> float:
            return self.fall * r - (1 - r) * (1 + self.rise * wall * r / (1 + r) ** 2)

        # At ratio 1 the lower end is held at 0, where r = 1.
        r = _root_between(excess) if self.fall > 0 else 1.0
        return self._energy(2 * r * wall / (1 + r) ** 2, r)

    def below(self, wall: float) -> float:
        """Return the energy with a wall at the lower end."""

        def excess(r: float) -> float:
            pull = self.rise * r * wall
            return pull - (1 - r) ** 2 * (1 + self.fall * r / (1 + r))

        r = _root_between(excess)
        return self._energy(2 * r * wall / (1 - r) ** 2, r)

    def _energy(self, half: float, r: float) -> float:
        middle = half * (1 / r + r) / 2
        field = self.rise * middle - self.fall * math.log(half / (2 * r))
        product = self.rise * half
        square = product**2 - 4 * product * self.fall * r
        if self.fall > 0:
            square -= 4 * self.fall**2 * math.log1p(-(r**2))
        return field - square / 8 - math.log(half / 2)


def _root_between(excess: Callable[[float], float]) -> float:
    solution = scipy.optimize.root_scalar(excess, bracket=(0.0, 1.0), xtol=1e-16)
    return float(solution.root)
