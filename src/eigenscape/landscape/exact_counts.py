"""Exact mean numbers of critical points at finite dimension."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.landscape.annealed import require_energy
from eigenscape.landscape.one_point import log_mean_determinant
from eigenscape.landscape.spin_glass import SpinGlass

Vector: TypeAlias = Float[np.ndarray, " n"]

_NEGLIGIBLE = 45.0  # exp(−45) is 3e-20
_COARSE = 2000
_STRONGEST = 1e6
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def log_exact_count(
    glass: SpinGlass, dimension: int, energy: float = math.inf
) -> float:
    """Compute the logarithm of the exact mean number of critical points.

    The radial derivative R has variance ν″ + ν′, and the determinant at R is known
    exactly: the count is one integral over R, in logarithms throughout.

    Args:
        glass: The field, on the unit sphere of ℝᴺ.
        dimension: N, at least 2.
        energy: u: critical values up to √N u; ∞ for all.

    Returns:
        log E #, to about 1e-11 N; −∞ for u = −∞. A single glass at N = 500 takes
        under a second. Strong fields lose digits, one for each of ν′/ν″.

    Raises:
        ValueError: The field leaves no digits: ν′ exceeds 10⁶ν″.

    References:
        Auffinger, Ben Arous and Černý (2013), Communications on Pure and Applied
        Mathematics 66, for pure glasses; the same argument for mixed ones.
    """
    require_dimension(dimension)
    if glass.slope > _STRONGEST * glass.curvature:
        message = (
            f"glass: expected ν′ up to {_STRONGEST:g} ν″, got ν′ = {glass.slope:.3g}, "
            f"ν″ = {glass.curvature:.3g}; in such a field two critical points are left"
        )
        raise ValueError(message)
    require_energy(np.array([energy]))
    size = dimension - 1
    unit = math.sqrt(2 * glass.curvature)
    level = math.sqrt(dimension) * energy
    highest = math.inf
    if not glass.spread:
        highest = glass.slope / glass.variance * level / unit

    def log_density(y: Vector) -> Vector:
        radial = unit * y
        value = log_mean_determinant(size, y) - radial**2 / (2 * glass.radial_variance)
        if glass.spread and math.isfinite(energy):
            mean = glass.slope * radial / glass.radial_variance
            rest = glass.variance - glass.slope**2 / glass.radial_variance
            value += scipy.special.log_ndtr((level - mean) / math.sqrt(rest))
        return value

    if energy == -math.inf:
        return -math.inf
    reach = 4 * math.sqrt(dimension) * (1 + math.sqrt(glass.radial_variance) / unit)
    reach += abs(level) / unit * glass.slope if math.isfinite(level) else 0.0
    total = _log_integral(log_density, -reach, min(reach, highest), dimension)
    normal = math.log(unit) - math.log(2 * math.pi * glass.radial_variance) / 2
    return (
        log_sphere(dimension)
        + size / 2 * math.log(glass.curvature / (math.pi * glass.slope))
        + normal
        + total
    )


def exact_count(glass: SpinGlass, dimension: int, energy: float = math.inf) -> float:
    """Compute the exact mean number of critical points.

    Args:
        glass: The field, on the unit sphere of ℝᴺ.
        dimension: N, at least 2.
        energy: u: critical values up to √N u; ∞ for all.

    Returns:
        E #; ∞ where it exceeds the range of numbers, for which there is
        `log_exact_count`.
    """
    log = log_exact_count(glass, dimension, energy)
    return math.exp(log) if log < math.log(np.finfo(float).max) else math.inf


def require_dimension(dimension: int) -> None:
    """Refuse spheres without a Hessian.

    Args:
        dimension: N.

    Raises:
        ValueError: It is below 2.
    """
    if dimension < 2:
        message = f"dimension: expected at least 2, got {dimension}"
        raise ValueError(message)


def log_sphere(dimension: int) -> float:
    """Give log of the area of the unit sphere of ℝᴺ.

    Args:
        dimension: N.

    Returns:
        log 2π^(N/2)/Γ(N/2).
    """
    half = dimension / 2
    return math.log(2) + half * math.log(math.pi) - math.lgamma(half)


def _log_integral(
    log_density: Callable[[Vector], Vector], lower: float, upper: float, ripples: int
) -> float:
    coarse = np.linspace(lower, upper, _COARSE)
    logs = log_density(coarse)
    kept = np.flatnonzero(logs > logs.max() - _NEGLIGIBLE)
    start = float(coarse[max(kept[0] - 1, 0)])
    stop = float(coarse[min(kept[-1] + 1, _COARSE - 1)])
    # It ripples once an eigenvalue, within the spectrum; panels resolve that.
    edge = 2 * math.sqrt(ripples)
    breaks = np.unique(np.clip([-edge, edge, start, stop], start, stop))
    panels = [
        24 + math.ceil((b - a) * math.sqrt(ripples) / 2 if abs(a + b) < 2 * edge else 0)
        for a, b in itertools.pairwise(breaks.tolist())
    ]
    pieces = zip(itertools.pairwise(breaks.tolist()), panels, strict=True)
    ends = [np.linspace(a, b, n + 1) for (a, b), n in pieces]
    half = np.concatenate([np.diff(e) for e in ends])[:, None] / 2
    middles = np.concatenate([(e[:-1] + e[1:]) / 2 for e in ends])
    points = middles[:, None] + half * _NODES
    logs = log_density(points.ravel()).reshape(points.shape)
    return float(scipy.special.logsumexp(logs, b=half * _WEIGHTS))
