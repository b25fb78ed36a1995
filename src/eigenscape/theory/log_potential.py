"""The logarithmic potential of a law: log-determinants a dimension."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.laws.semicircle import Semicircle

Vector: TypeAlias = Float[np.ndarray, " n"]

_STEP = 0.25  # of log y: the rule errs by exp(−π²/0.25) ≈ 1e-17
_NEAREST, _FARTHEST = -40.0, 20.0  # of log y: exp(−40) and exp(−2 · 20) are 4e-18
_DEEPEST = -700.0
_NEGLIGIBLE = 1e-16
_BLOCK = 1 << 20


@pointwise(1)
@functools.singledispatch
def log_potential(law: Law, x: Vector) -> Vector:
    """Evaluate U(x) = ∫ log|x − λ| ρ(dλ), inside the spectrum too.

    Semicircle, MarchenkoPastur, FussCatalan and Cauchy have closed forms, atoms are
    summed, mixtures and affine images follow from their laws. For any other law
    U(x) = log s + ∫ [y Im g(x + iy) + y²/(y² + s²)] d log y over y > 0, the integrand
    being analytic in the strip |Im log y| < π/2 wherever x lies: the trapezoidal rule
    is exact to rounding, and no singularity of the density or the logarithm is met.

    Args:
        law: The law.
        x: Points of the real line.

    Returns:
        U(x); −∞ at an atom.

    References:
        Saff and Totik (1997), Logarithmic Potentials with External Fields, Chapter I;
        Trefethen and Weideman (2014), The exponentially convergent trapezoidal rule,
        SIAM Review 56, for the rate.
    """
    hull = law.hull
    bounded = math.isfinite(hull.width)
    centre = hull.lower + hull.width / 2 if bounded else 0.0
    radius = hull.width / 2 if bounded else float(abs(_energy_over_zero(law)))
    scale = radius + np.abs(x - centre)
    atom = np.isin(x, [a.location for a in law.atoms])
    result = np.full_like(x, -math.inf)
    farthest = _FARTHEST if bounded else 2 * _FARTHEST
    result[~atom] = _along_imaginary(law, x[~atom], scale[~atom], farthest)
    return result


@log_potential.register(Semicircle)
def _(law: Semicircle, x: Vector) -> Vector:
    g = law.stieltjes(x)
    return np.real(law.variance * g**2 / 2 - np.log(g))


@log_potential.register(MarchenkoPastur)
def _(law: MarchenkoPastur, x: Vector) -> Vector:
    # zg − 1 − log g − ∫₀^g R, where 1 − csg = s/Σ and zg − 1 = gΣ.
    c, result = law.ratio, np.full_like(x, _at_zero(law))
    away = x != 0
    g = law.stieltjes(x[away])
    energy = law.self_energy(x[away])[0]
    # Σ vanishes at 0 for c ≥ 1, and there keeps its digits in this form only.
    energy = np.where(np.abs(x[away]) < law.scale, x[away] - 1 / g, energy)
    energy_log = np.log(np.abs(energy) / law.scale) / c
    result[away] = np.real(g * energy) - np.log(np.abs(g)) - energy_log
    return result


def _at_zero(law: MarchenkoPastur) -> float:
    # The mean logarithm, with log(1 − c)(c − 1)/c → 0 at c = 1.
    c = law.ratio
    if c > 1:
        return -math.inf
    spread = (c - 1) / c * math.log1p(-c) if c < 1 else 0.0
    return math.log(law.scale) - 1 + spread


@log_potential.register(FussCatalan)
def _(law: FussCatalan, x: Vector) -> Vector:
    # dU = g dz with z = hˢ⁺¹/(h − 1) integrates to s (h − 1) − log(h − 1).
    s, result = law.order, np.full_like(x, -law.order)
    away = x != 0
    h = law.stieltjes(x[away]) * x[away]
    result[away] = s * np.real(h - 1) - (s + 1) * np.log(np.abs(h))
    result[away] += np.log(np.abs(x[away]))
    return result


@log_potential.register(Cauchy)
def _(law: Cauchy, x: Vector) -> Vector:
    return np.log(np.hypot(x - law.location, law.scale))


@log_potential.register(Discrete)
def _(law: Discrete, x: Vector) -> Vector:
    rows = max(1, _BLOCK // law.locations.size)
    result = np.empty_like(x)
    with np.errstate(divide="ignore"):
        for i in range(0, x.size, rows):
            distances = np.abs(x[i : i + rows, None] - law.locations)
            result[i : i + rows] = np.log(distances) @ law.weights
    return result


@log_potential.register(Mixture)
def _(law: Mixture, x: Vector) -> Vector:
    parts = [log_potential(member, x) for member in law.laws]
    return law.weights @ np.array(parts)


@log_potential.register(Affine)
def _(law: Affine, x: Vector) -> Vector:
    inner = log_potential(law.law, (x - law.shift) / law.scale)
    # Mapping back may miss an atom by rounding.
    at_atom = np.isin(x, [atom.location for atom in law.atoms])
    return np.where(at_atom, -math.inf, math.log(abs(law.scale)) + inner)


@log_potential.register(FreeBinomial)
def _(law: FreeBinomial, x: Vector) -> Vector:
    return log_potential(law.as_affine, x)


def _energy_over_zero(law: Law) -> complex:
    return complex(law.self_energy(np.array([1j]))[0][0])


def _along_imaginary(law: Law, x: Vector, scale: Vector, farthest: float) -> Vector:
    def integrand(t: Float[np.ndarray, " k"]) -> Float[np.ndarray, "n k"]:
        y = np.multiply.outer(scale, np.exp(t))
        share = np.exp(2 * t) / (1 + np.exp(2 * t))
        return y * np.imag(law.stieltjes(x[:, None] + 1j * y)) + share

    total = np.log(scale) + _summed(integrand, _NEAREST, farthest, x.size)
    # Where the density diverges at x, less deep is not enough.
    lower = _NEAREST
    while lower > _DEEPEST:
        if not (np.abs(integrand(np.array([lower]))) > _NEGLIGIBLE).any():
            break
        total += _summed(integrand, 2 * lower, lower, x.size)
        lower *= 2
    return total


def _summed(
    integrand: Callable[[Float[np.ndarray, " k"]], Float[np.ndarray, "n k"]],
    lower: float,
    upper: float,
    count: int,
) -> Vector:
    t = np.arange(lower, upper, _STEP)
    rows = max(1, _BLOCK // max(count, 1))
    parts = [integrand(t[i : i + rows]).sum(axis=1) for i in range(0, t.size, rows)]
    return _STEP * np.sum(parts, axis=0)
