"""The S-transform, which free multiplication multiplies."""

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.gaps import falling_root, real_self_energy
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.transforms import moments

_STEPS = 200
_SMALLEST = 1e-60  # u = Σ (1 + w)/w beyond, of which laws take powers
_ROUNDING = 4 * float(np.finfo(float).eps)


@pointwise(1)
@functools.singledispatch
def s_transform(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate S(w) = (1 + w) ψ⁻¹(w) / w, ψ(z) = ∫ zλ / (1 − zλ) ρ(dλ), on the line.

    With u = 1/z this is S = 1/Σ(u) where u g(u) = 1 + w. The laws Marchenko–Pastur,
    Jacobi, FreeBinomial, FussCatalan and their multiples have closed forms; any other
    law on one side of 0 is inverted numerically between the values of ψ at 1/0 and
    at the reciprocal of its far end. On both sides of 0 ψ is convex between the
    reciprocals of the ends, and its branch through ψ(0) = 0 is inverted. S(0) is one
    over the mean.

    Args:
        law: The law, of mean other than 0; bounded, if on both sides of 0.
        w: Values of ψ, dimensionless: above −1 plus the mass at 0, or from the
            minimum of ψ (maximum, if the mean is negative) of a law on both sides.

    Returns:
        S(w), in units of an inverse eigenvalue.

    Raises:
        ValueError: The mean is 0 (then S has two branches that diverge at 0), or ψ does
            not take a value w.

    References:
        Voiculescu (1987), Multiplication of certain noncommuting random variables,
        Journal of Operator Theory 18; Bercovici and Voiculescu (1993), Free
        convolution of measures with unbounded support, Indiana University
        Mathematics Journal 42, for measures on the half-line.
    """
    hull, mean = law.hull, float(moments(law, 1)[0])
    two_sided = hull.lower < 0 < hull.upper
    if abs(mean) <= _ROUNDING * hull.width or hull.lower == hull.upper == 0:
        message = f"law: expected a mean other than 0, got {law}; S diverges at 0"
        raise ValueError(message)
    if two_sided and not math.isfinite(hull.width):
        message = (
            "law: expected one on one side of 0 or bounded, got the hull "
            f"[{hull.lower}, {hull.upper}]; truncate it"
        )
        raise ValueError(message)
    if mean < 0:
        return -s_transform(Affine(law, -1.0), w)
    return _inverted(law, w, _turn(law) if two_sided else None)


@s_transform.register(MarchenkoPastur)
def _(law: MarchenkoPastur, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    _refuse(w, ~(w > -min(1.0, 1 / law.ratio)), "above −1 plus the mass at 0")
    return 1 / (law.scale * (1 + law.ratio * w))


@s_transform.register(Jacobi)
def _(law: Jacobi, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    a, b = 1 / law.first_ratio, 1 / law.second_ratio
    _refuse(w, ~(w > -min(1.0, a)), "above −1 plus the mass at 0")
    return (a + b + w) / (a + w)


@s_transform.register(FreeBinomial)
def _(law: FreeBinomial, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return s_transform(law.as_affine, w)


@s_transform.register(FussCatalan)
def _(law: FussCatalan, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    _refuse(w, ~(w > -1), "above −1")
    return (1 + w) ** -law.order


@s_transform.register(Affine)
def _(law: Affine, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    if law.shift == 0 and (law.scale > 0 or law.law.hull.lower >= 0):
        return s_transform(law.law, w) / law.scale
    return s_transform.dispatch(Law)(law, w)


def _inverted(
    law: Law, w: Float[np.ndarray, " n"], turn: float | None
) -> Float[np.ndarray, " n"]:
    # Outside the spectrum T(u) = u g(u) − 1 decreases; of a law on both sides of 0 it
    # does so above it, and below as far up as `turn`.
    hull, mean = law.hull, float(moments(law, 1)[0])
    idle = sum(atom.weight for atom in law.atoms if atom.location == 0)
    least = idle - 1 if turn is None else _moment(law, turn)
    largest = _moment(law, hull.upper)
    largest = largest if np.isfinite(largest) else np.inf
    inside = (w > idle - 1) & (w >= least) & (w <= largest) & np.isfinite(w)
    _refuse(w, ~inside, f"in ({least}, {largest}]")
    sigma = np.full_like(w, mean)
    moving = np.abs(w) > _SMALLEST
    w, ratio = w[moving], (1 + w[moving]) / w[moving]
    if turn is None:
        low = np.where(w > 0, np.maximum(hull.lower, hull.upper / ratio), hull.lower)
        high = np.full_like(w, hull.upper)
    else:
        low = np.where(w > 0, np.maximum(mean, hull.upper / ratio), turn / ratio)
        high = np.where(w > 0, hull.upper, mean)
    sigma[moving] = _self_energy_at(law, w, ratio, (low, high))
    return 1 / sigma


def _moment(law: Law, u: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return u * float(np.real(law.stieltjes(np.array([u])))[0]) - 1


def _turn(law: Law) -> float:
    # Below a spectrum on both sides of 0 and of positive mean: where T′ = 0, or the end
    # of the spectrum. Σ − uΣ′ has the sign of −T′ and falls from the mean at −∞.
    lower = law.hull.lower

    def falling(
        t: Float[np.ndarray, " 1"],
    ) -> tuple[Float[np.ndarray, " 1"], Float[np.ndarray, " 1"]]:
        u = lower / t
        energy, slope = real_self_energy(law, u)
        return energy - u * slope, np.full(1, np.nan)

    t = falling_root(falling, np.zeros(1), np.ones(1))
    return lower / float(t[0])


def _self_energy_at(
    law: Law,
    w: Float[np.ndarray, " n"],
    ratio: Float[np.ndarray, " n"],
    bracket: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
) -> Float[np.ndarray, " n"]:
    # σ = Σ(u) with u = σ (1 + w)/w: in its bracket Σ − σ changes sign once, + to −.
    low, high = bracket
    sigma, residual = (low + high) / 2, np.zeros_like(w)
    for _ in range(_STEPS):
        value, slope = law.self_energy(sigma * ratio)
        residual = np.real(value) - sigma
        low = np.where(residual > 0, sigma, low)
        high = np.where(residual < 0, sigma, high)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            moved = sigma - residual / (np.real(slope) * ratio - 1)
        moved = np.where((moved >= low) & (moved <= high), moved, (low + high) / 2)
        # What rounding u makes of Σ; a step from there would lead back and forth.
        terms = np.abs(sigma) * (1 + np.abs(slope * ratio))
        moved = np.where(np.abs(residual) <= _ROUNDING * terms, sigma, moved)
        if (np.abs(moved - sigma) <= _ROUNDING * np.abs(sigma)).all():
            return moved
        sigma = moved
    worst = int(np.argmax(np.abs(residual)))
    what = f"the S-transform at w = {w[worst]}"
    raise ConvergenceError(
        what,
        iterations=_STEPS,
        residual=float(np.abs(residual)[worst]),
        remedy="stay away from the ends of the range of ψ",
    )


def _refuse(w: Float[np.ndarray, " n"], outside: np.ndarray, expected: str) -> None:
    if outside.any():
        message = (
            f"w: expected values {expected}, got {w[outside][0]}; "
            "the S-transform has no real value there"
        )
        raise ValueError(message)
