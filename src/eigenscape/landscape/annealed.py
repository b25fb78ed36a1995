"""Annealed complexity of spin glasses: exponents of mean numbers of critical points.

With f = √N u and radial derivative √N r, the exponent of the joint density is

    Θ(u, r) = ½ + U(r) − ½ log ν′ − u²/2ν − (r − ν′u/ν)²/2α²,

U the logarithmic potential of the semicircle of variance ν″, and α² = ν″ + ν′ − ν′²/ν;
points of index k pay k I(r) more, I the rate of an eigenvalue pulled to r, and need
r ≤ −2√ν″. Θ is concave in r, with its maximum in closed form. Maxima over u are
elementary too: at 0 where ν″ ≥ ν′, otherwise at a minimum and a maximum of u = ∓√ν′.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.landscape.spin_glass import SpinGlass
from eigenscape.theory import Semicircle, log_potential
from eigenscape.theory.large_deviations import pull_rate

Vector: TypeAlias = Float[np.ndarray, " n"]

_NOTHING = 1e-12


def require_index(index: int | None) -> None:
    """Refuse an index that is no number of negative eigenvalues.

    Args:
        index: The index; None for any.

    Raises:
        ValueError: It is negative.
    """
    if index is not None and index < 0:
        message = f"index: expected a number of negative eigenvalues, got {index}"
        raise ValueError(message)


def require_energy(energy: Vector) -> None:
    """Refuse levels that are not numbers.

    Args:
        energy: u; infinite ones stand for no bound.

    Raises:
        ValueError: One is not a number.
    """
    if np.isnan(energy).any():
        message = f"energy: expected numbers, got {energy}"
        raise ValueError(message)


def density_complexity(
    glass: SpinGlass, energy: Vector, *, index: int | None = None
) -> Vector:
    """Evaluate the exponent of the mean number of critical points at an energy.

    Args:
        glass: The field.
        energy: u: values near √N u.
        index: Number of negative eigenvalues; None for all critical points.

    Returns:
        lim (1/N) log of the mean density; −∞ where a fixed index has speed N².

    References:
        Auffinger and Ben Arous (2013), Annals of Probability 41; derived from the
        formula of Kac and Rice, in the form of the module.
    """
    require_index(index)
    require_energy(energy)
    finite = np.clip(energy, -1e6, 1e6)
    u = -np.abs(finite) if index is None else finite
    r = best_radial(glass, glass.slope * u / glass.variance, index)
    allowed = (r <= -glass.marginal * (1 - _NOTHING)) | (index is None)
    value = joint_complexity(glass, u, np.where(allowed, r, -glass.marginal), index)
    return np.where(allowed & np.isfinite(energy), value, -math.inf)


def joint_complexity(
    glass: SpinGlass, energy: Vector, radial: Vector, index: int | None = None
) -> Vector:
    """Evaluate Θ(u, r), in a pure glass at r = pu whatever r is given.

    Args:
        glass: The field.
        energy: u.
        radial: r; at most −2√ν″ for a fixed index.
        index: Number of negative eigenvalues; None for all critical points.

    Returns:
        Θ.
    """
    semicircle = Semicircle(glass.curvature)
    pull = index * pull_rate(semicircle, radial) if index else 0.0
    value = 0.5 - math.log(glass.slope) / 2 + log_potential(semicircle, radial) - pull
    value -= energy**2 / (2 * glass.variance)
    if glass.spread:
        rest = radial - glass.slope * energy / glass.variance
        value -= rest**2 / (2 * glass.spread)
    return value


def cumulative_complexity(
    glass: SpinGlass, energy: Vector, *, index: int | None = None
) -> Vector:
    """Evaluate the exponent of the mean number of critical points up to an energy.

    Args:
        glass: The field.
        energy: u: values up to √N u; ∞ for no bound.
        index: Number of negative eigenvalues; None for all critical points.

    Returns:
        lim (1/N) log of the mean number, `density_complexity` at its best up to u.

    References:
        Auffinger, Ben Arous and Černý (2013), Random matrices and complexity of spin
        glasses, Communications on Pure and Applied Mathematics 66, for pure glasses.
    """
    best = best_energy(glass, index)
    return density_complexity(glass, np.minimum(energy, best), index=index)


def best_energy(glass: SpinGlass, index: int | None = None) -> float:
    """Give the lowest energy at which critical points are most numerous.

    Args:
        glass: The field.
        index: Number of negative eigenvalues; None for all critical points.

    Returns:
        u.
    """
    require_index(index)
    if index is None:
        return -math.sqrt(glass.slope) if glass.trivial else 0.0
    radial = -glass.marginal
    if glass.trivial:
        excess = (glass.slope - glass.curvature) / glass.radial_variance
        count = index + 1
        radial *= count / math.sqrt(count**2 - excess**2)
    if not glass.spread:
        return radial * glass.variance / glass.slope
    return radial * glass.slope / glass.radial_variance


def marginal_energy(glass: SpinGlass) -> float:
    """Give E∞: below −E∞ the critical points of a pure glass have finite index.

    Args:
        glass: A pure glass.

    Returns:
        E∞ = 2√((p − 1)/p).

    Raises:
        ValueError: The glass is mixed: marginality is a radial derivative there.

    References:
        Auffinger, Ben Arous and Černý (2013), Communications on Pure and Applied
        Mathematics 66.
    """
    if glass.spread:
        message = (
            f"glass: expected a pure one, got degrees {glass.degrees}; a mixed one is "
            "marginal at the radial derivative −glass.marginal, at many energies"
        )
        raise ValueError(message)
    return glass.marginal * glass.variance / glass.slope


def lowest_energy(glass: SpinGlass, *, index: int = 0) -> float | None:
    """Give E_k: below −E_k the mean number of points of index k is exponentially small.

    E₀ bounds the ground state, −E₀ ≤ min f/√N, and equals it in pure glasses.

    Args:
        glass: The field.
        index: k.

    Returns:
        E_k, to 1e-12; None where such points are rare at every energy.

    References:
        Auffinger, Ben Arous and Černý (2013), Communications on Pure and Applied
        Mathematics 66; Subag (2017), The complexity of spherical p-spin models: a
        second moment approach, Annals of Probability 45, for the ground state.
    """

    def excess(energy: float) -> float:
        return float(density_complexity(glass, np.array([-energy]), index=index)[0])

    top = -best_energy(glass, index)
    if abs(excess(top)) <= _NOTHING:
        return top
    if excess(top) < 0:
        return None
    # −u²/2ν alone outweighs U(r) from here on.
    far = 4 * math.sqrt(glass.variance) * (1 + math.sqrt(glass.curvature)) + top
    return float(scipy.optimize.brentq(excess, top, far, xtol=1e-13))


def best_radial(glass: SpinGlass, typical: Vector, index: int | None = None) -> Vector:
    """Maximise U(r) − (r − t)²/2α², less the rate of an index, over r.

    Args:
        glass: The field.
        typical: t, the mean of r given the value; negative where no index is given.
        index: Number of negative eigenvalues; None for all critical points.

    Returns:
        r; at most −2√ν″ for a fixed index, but t itself in a pure glass.
    """
    if not glass.spread:
        return typical
    # Ar + B + c√(r² − E²) = 0 beyond −E.
    edge, second = glass.marginal, 1 / (2 * glass.curvature)
    slope, offset = second - 1 / glass.spread, typical / glass.spread
    inside = -offset / slope
    pull = second * (1 + (index or 0))
    square, linear = pull**2 - slope**2, -2 * slope * offset
    constant = -((pull * edge) ** 2 + offset**2)
    held = inside if index is None else np.full_like(inside, -edge)
    outside = inside < -edge
    root = np.sqrt(np.where(outside, linear**2 - 4 * square * constant, 1))
    return np.where(outside, 2 * constant / np.where(outside, root - linear, 1), held)
