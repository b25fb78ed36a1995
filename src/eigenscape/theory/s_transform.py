"""The S-transform, which free multiplication multiplies."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.transforms import moments

_STEPS = 200
_SMALLEST = 1e-60  # u = Σ (1 + w)/w beyond, of which laws take powers
_ROUNDING = 4 * float(np.finfo(float).eps)


@functools.singledispatch
def s_transform(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate S(w) = (1 + w) ψ⁻¹(w) / w, ψ(z) = ∫ zλ / (1 − zλ) ρ(dλ), on the line.

    With u = 1/z this is S = 1/Σ(u) where u g(u) = 1 + w. The laws Marchenko–Pastur,
    Jacobi, FreeBinomial, FussCatalan and their multiples have closed forms; any other
    law on one side of 0 is inverted numerically between the values of ψ at 1/0 and
    at the reciprocal of its far end. S(0) is one over the mean.

    Args:
        law: The law, on [0, ∞) or (−∞, 0], and not δ(0).
        w: Values of ψ, dimensionless, above −1 plus the mass at 0.

    Returns:
        S(w), in units of an inverse eigenvalue.

    Raises:
        ValueError: The law lies on both sides of 0, or ψ does not take a value w.

    References:
        Voiculescu (1987), Multiplication of certain noncommuting random variables,
        Journal of Operator Theory 18; Bercovici and Voiculescu (1993), Free
        convolution of measures with unbounded support, Indiana University
        Mathematics Journal 42, for measures on the half-line.
    """
    hull = law.hull
    if hull.lower < 0 < hull.upper or hull.lower == hull.upper == 0:
        message = (
            "law: expected one on one side of 0 and not all at 0, got the hull "
            f"[{hull.lower}, {hull.upper}]; its S-transform is not one real function"
        )
        raise ValueError(message)
    if hull.lower < 0:
        return -s_transform(Affine(law, -1.0), w)
    return _inverted(law, w)


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


def _inverted(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    hull = law.hull
    idle = sum(atom.weight for atom in law.atoms if atom.location == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        far_end = float(np.real(law.stieltjes(np.array([hull.upper])))[0])
    largest = hull.upper * far_end - 1 if np.isfinite(far_end) else np.inf
    inside = (w > idle - 1) & (w <= largest) & np.isfinite(w)
    _refuse(w, ~inside, f"in ({idle - 1}, {largest}]")
    sigma = np.full_like(w, float(moments(law, 1)[0]))
    moving = np.abs(w) > _SMALLEST
    sigma[moving] = _self_energy_at(law, w[moving])
    return 1 / sigma


def _self_energy_at(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # σ = Σ(u) with u = σ (1 + w)/w, between the ends of the law. ψ(1/u) decreases in
    # u outside the spectrum, so that Σ − σ changes sign once, from + to −.
    hull, ratio = law.hull, (1 + w) / w
    low = np.where(w > 0, np.maximum(hull.lower, hull.upper / ratio), hull.lower)
    high = np.full_like(w, hull.upper)
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
