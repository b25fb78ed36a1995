"""Leading terms of mean numbers of critical points of pure glasses, with factors."""

from __future__ import annotations

import math

import numpy as np
import scipy

from eigenscape.landscape.annealed import (
    cumulative_complexity,
    marginal_energy,
    require_energy,
)
from eigenscape.landscape.exact_counts import require_dimension
from eigenscape.landscape.spin_glass import SpinGlass

_SAME = 1e-12


def log_sharp_count(degree: int, dimension: int, energy: float) -> float:
    """Evaluate log of the leading term of the mean number of critical points.

    The term is C N^a exp(N Θ(u)), a = −½ below −E∞, −⅓ there, 0 up to 0, ½ from 0 on.
    Corrections are of relative order 1/N away from −E∞ and 0, N^(−1/3) at −E∞.

    Args:
        degree: p, at least 3.
        dimension: N.
        energy: u: critical values up to √N u.

    Returns:
        The logarithm.

    Raises:
        ValueError: p is below 3, where numbers are not exponential.

    References:
        Auffinger, Ben Arous and Černý (2013), Communications on Pure and Applied
        Mathematics 66, Theorem 2.17, for u below −E∞ and from 0 on; the factors in
        between and at −E∞ are derived here from the exact identity, and agree with
        exact counts.
    """
    if degree < 3:
        message = f"degree: expected at least 3, got {degree}; use log_exact_count"
        raise ValueError(message)
    require_dimension(dimension)
    require_energy(np.array([energy]))
    glass = SpinGlass.pure(degree)
    rate = dimension * float(cumulative_complexity(glass, np.array([energy]))[0])
    return rate + _log_factor(degree, dimension, energy, marginal_energy(glass))


def _log_factor(p: int, dimension: int, energy: float, marginal: float) -> float:
    size = math.log(dimension)
    if abs(energy + marginal) < _SAME:
        value, slope, _, _ = scipy.special.airy(0.0)
        edge = slope**2 + value / 3
        return math.log(2 * math.sqrt(2 * p) / (p - 2) * edge) - size / 3
    if energy < -marginal:
        return math.log(_deep_factor(p, energy)) - size / 2
    if energy < 0:
        arch = math.sqrt(marginal**2 - energy**2) / abs(energy)
        return math.log(2 * math.sqrt(2 * p) * arch / (math.pi * (p - 2)))
    top = 2 * math.sqrt(2 / (math.pi * (p - 2)))
    return math.log(top if energy == 0 else 2 * top) + size / 2


def _deep_factor(p: int, energy: float) -> float:
    v = -energy * math.sqrt(p / (2 * (p - 1)))
    root = math.sqrt(v**2 - 2)
    # I₁(v) − v I₁′(v)/2 = −log((v + √(v² − 2))/√2).
    decay = math.sqrt(2) / (v + root)
    ratio = ((v - math.sqrt(2)) / (v + math.sqrt(2))) ** 0.25
    falloff = (p - 2) * v / p + root
    return (ratio + 1 / ratio) * decay / falloff / math.sqrt(2 * p * math.pi)
