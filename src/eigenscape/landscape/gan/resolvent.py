"""The transforms of the GAN Hessian from a quartic, and its logarithmic potential.

g_D and g_G, the normalised traces of the resolvent over both blocks, solve

    1/g_G = z − S_G,  1/g_D = z + x₁ − S_D,
    S_G = (b²/2)(κg_D + κ′g_G),  S_D = S_G + (b₁²/2) g_D,

so τ = 1/g_G is a root of a quartic. Above the real axis exactly one solution has both
imaginary parts negative: that sign is the certificate of a root, whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Complex, Float

from eigenscape.core import ConvergenceError

Vector: TypeAlias = Float[np.ndarray, " n"]
Values: TypeAlias = Complex[np.ndarray, " n"]
Verdicts: TypeAlias = Bool[np.ndarray, " n"]

_ABOVE = 1e-9  # of the axis, in units of b plus the distance
_POLISHES = 4
_EXACT = 1e-11
_TURN = np.exp(2j * np.pi / 3)


@dataclass(frozen=True)
class BlockResolvent:
    """The transforms at points just above the real axis.

    Attributes:
        discriminator: g_D.
        generator: g_G.
        mean: g = κg_D + κ′g_G.
        potential: J = ∫ log|λ − x| ρ(dλ).
    """

    discriminator: Values
    generator: Values
    mean: Values
    potential: Vector


@dataclass(frozen=True)
class BlockConstants:
    """What the Hessian depends on.

    Attributes:
        fraction: κ.
        interaction: b.
        own: b₁.
    """

    fraction: float
    interaction: float
    own: float


def block_resolvent(
    constants: BlockConstants, x: Vector, discriminator_shift: Vector
) -> BlockResolvent:
    """Solve for the resolvent of bM + b₁ diag(M₁, 0) − x₁ diag(1, 0).

    J = Re[−κ log g_D − κ′ log g_G + ½(κ g_D S_D + κ′ g_G S_G)], and ∂J/∂x = Re g,
    ∂J/∂x₁ = κ Re g_D.

    Args:
        constants: κ, b and b₁.
        x: Real points.
        discriminator_shift: x₁, one a point.

    Returns:
        The transforms, at a height of 1e-9 b and more.

    Raises:
        ConvergenceError: At a point no root, or more than rounding could tell, has
            both imaginary parts negative.

    References:
        Baskerville, Keating, Mezzadri and Najnudel (2022), Journal of Statistical
        Physics 186, for the quartic; Helton, Rashidi Far and Speicher (2007),
        Operator-valued semicircular elements: solving a quadratic matrix equation with
        positivity constraints, International Mathematics Research Notices, for the
        only solution; the potential is the free energy of these equations, derived.
    """
    b = constants.interaction
    z = x + 1j * _ABOVE * (b + np.abs(x) + np.abs(discriminator_shift))
    first, second, certified = _by_radicals(constants, z, discriminator_shift)
    failed = ~certified
    if failed.any():
        first[failed], second[failed], certified[failed] = _by_companion(
            constants, z[failed], discriminator_shift[failed]
        )
    if not certified.all():
        what = f"the physical root of the quartic at x = {x[~certified][0]:.6g}"
        raise ConvergenceError(
            what,
            iterations=_POLISHES,
            residual=float((~certified).sum()),
            remedy="it lies too near an edge to be told from the others; move x",
        )
    return _potential(constants, first, second)


def physical_quartic(
    constants: BlockConstants, z: Values, discriminator_shift: Vector, sign: float = 1.0
) -> Complex[np.ndarray, "n 5"]:
    """Give the quartic of τ = z − (b²/2)g, the leading coefficient first.

    Args:
        constants: κ, b and b₁.
        z: Points of the plane.
        discriminator_shift: x₁.
        sign: −1 for the constant term as the authors' code has it.

    Returns:
        Coefficients of τ⁴ … τ⁰.
    """
    k, b = constants.fraction, constants.interaction
    other = 1 - k
    gamma = constants.own**2 / (k * b**2)
    a1, a2 = -z, other * b**2 / 2
    d0, d1 = 1 + gamma, discriminator_shift - gamma * z
    d2 = sign * gamma * other * b**2 / 2
    return np.stack(
        [
            np.full_like(z, d0),
            d1 + a1 * d0,
            d2 + a2 * d0 + a1 * d1 + k * b**2 / 2,
            a1 * d2 + a2 * d1,
            np.full_like(z, a2 * d2),
        ],
        axis=-1,
    )


def _by_radicals(
    constants: BlockConstants, z: Values, shift: Vector
) -> tuple[Values, Values, Verdicts]:
    k, half = constants.fraction, constants.interaction**2 / 2
    rows = np.arange(z.size)
    with np.errstate(all="ignore"):
        tau = _radical_roots(_scaled_quartic(constants, z, shift))
        tau *= constants.interaction
        generator = 1 / tau
        discriminator = (z[:, None] - tau - (1 - k) * half * generator) / (k * half)
        heights = np.minimum(
            -np.imag(generator) / np.abs(generator),
            -np.imag(discriminator) / np.abs(discriminator),
        )
        best = np.where(np.isfinite(heights), heights, -np.inf).argmax(axis=1)
        return _certified(
            constants, z, shift, discriminator[rows, best], generator[rows, best]
        )


def _by_companion(
    constants: BlockConstants, z: Values, shift: Vector
) -> tuple[Values, Values, Verdicts]:
    # All four τ, and for each both g_D of its own equation, a quadratic.
    k, half, own = constants.fraction, constants.interaction**2 / 2, constants.own**2
    quartic = _scaled_quartic(constants, z, shift)
    generator = np.repeat(1 / quartic_roots(quartic), 2, axis=1)
    generator /= constants.interaction
    linear = (z + shift)[:, None] - half * (1 - k) * generator
    leading = half * k + own / 2
    root = np.sqrt(linear**2 - 4 * leading) * np.array([1.0, -1.0] * 4)
    discriminator = 2 / (linear + root)
    shape = discriminator.shape
    with np.errstate(all="ignore"):
        first, second, certified = _certified(
            constants,
            np.repeat(z, 8),
            np.repeat(shift, 8),
            discriminator.ravel(),
            generator.ravel(),
        )
    best = certified.reshape(shape).argmax(axis=1) + 8 * np.arange(z.size)
    return first[best], second[best], certified[best]


def _certified(
    constants: BlockConstants, z: Values, shift: Vector, first: Values, second: Values
) -> tuple[Values, Values, Verdicts]:
    error = np.full(z.size, np.inf)
    for _ in range(_POLISHES):
        first, second, error = _polished(constants, z, shift, first, second)
    signs = (np.imag(first) < 0) & (np.imag(second) < 0)
    return first, second, signs & (error < _EXACT)


def _scaled_quartic(
    constants: BlockConstants, z: Values, shift: Vector
) -> Complex[np.ndarray, "n 5"]:
    unit = constants.interaction
    scaled = BlockConstants(constants.fraction, 1.0, constants.own / unit)
    return physical_quartic(scaled, z / unit, shift / unit)


def _polished(
    constants: BlockConstants, z: Values, shift: Vector, first: Values, second: Values
) -> tuple[Values, Values, Vector]:
    # One Newton step on the two equations, and the residual before it.
    k, other = constants.fraction, 1 - constants.fraction
    half, own = constants.interaction**2 / 2, constants.own**2 / 2
    energy = half * (k * first + other * second)
    a = z + shift - energy - own * first
    b = z - energy
    one, two = first * a - 1, second * b - 1
    j11, j12 = a - first * (half * k + own), -first * half * other
    j21, j22 = -second * half * k, b - second * half * other
    determinant = j11 * j22 - j12 * j21
    error = np.maximum(np.abs(one), np.abs(two))
    return (
        first - (one * j22 - two * j12) / determinant,
        second - (two * j11 - one * j21) / determinant,
        error,
    )


def _potential(
    constants: BlockConstants, first: Values, second: Values
) -> BlockResolvent:
    k, other = constants.fraction, 1 - constants.fraction
    mean = k * first + other * second
    energy = constants.interaction**2 / 2 * mean
    own = energy + constants.own**2 / 2 * first
    potential = -k * np.log(np.abs(first)) - other * np.log(np.abs(second))
    potential += np.real(k * first * own + other * second * energy) / 2
    return BlockResolvent(first, second, mean, potential)


def _radical_roots(quartic: Complex[np.ndarray, "n 5"]) -> Complex[np.ndarray, "n 4"]:
    # Ferrari's formulas; rounding is left to the polishing.
    _, a, b, c, d = (quartic / quartic[:, :1]).T
    p = b - 3 * a**2 / 8
    q = c - a * b / 2 + a**3 / 8
    r = d - a * c / 4 + a**2 * b / 16 - 3 * a**4 / 256
    # m³ + pm² + (p²/4 − r)m − q²/8 = 0, the largest root.
    u, v = p**2 / 4 - r, -(q**2) / 8
    small = p**2 - 3 * u
    large = 2 * p**3 - 9 * p * u + 27 * v
    root = np.sqrt(large**2 - 4 * small**3)
    plus = large + root
    minus = large - root
    cube = (np.where(np.abs(plus) > np.abs(minus), plus, minus) / 2) ** (1 / 3)
    turns = np.array([1, _TURN, _TURN**2])[:, None]
    candidates = -(p + turns * cube + small / (turns * cube)) / 3
    pick = np.abs(candidates).argmax(axis=0)
    m = candidates[pick, np.arange(len(a))]
    half = np.sqrt(2 * m)
    bend = 2 * q / half
    one, two = np.sqrt(-2 * p - 2 * m - bend), np.sqrt(-2 * p - 2 * m + bend)
    depressed = np.stack([half + one, half - one, -half + two, -half - two]) / 2
    return (depressed - a / 4).T


def quartic_roots(quartic: Complex[np.ndarray, "n 5"]) -> Complex[np.ndarray, "n 4"]:
    """Find the roots of quartics as eigenvalues.

    Args:
        quartic: Coefficients, the leading one first.

    Returns:
        Four roots a row, in no order.
    """
    monic = quartic[:, 1:] / quartic[:, :1]
    companion = np.zeros((len(monic), 4, 4), dtype=np.complex128)
    companion[:, 0] = -monic
    companion[:, [1, 2, 3], [0, 1, 2]] = 1
    return np.linalg.eigvals(companion)
