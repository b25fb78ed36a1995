"""The self-energy of a product of three and more free factors, at once.

With u = wᵢ/Σᵢ(wᵢ) common to all factors, z = u ∏ Σᵢ(wᵢ) and Σ(z) = ∏ Σᵢ(wᵢ): in
logarithms these are the equations of a sum.
"""

from __future__ import annotations

import math

import numpy as np

from eigenscape.theory.convolution.continuation import require_certain
from eigenscape.theory.convolution.coupling import by_level, multiplier, one_more
from eigenscape.theory.convolution.ladder import (
    Ladder,
    Linearisation,
    Points,
    States,
    lift,
)
from eigenscape.theory.convolution.multiplicative_points import bands, relative_energy
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.law import Law

_TURN = 1e-9  # of an angle, for rounding
_LEAP = 3.0  # of a logarithm


def chain_energy(
    laws: tuple[Law, ...], units: tuple[float, ...], z: Points
) -> tuple[Points, Points]:
    """Solve wᵢ = z / ∏ⱼ≠ᵢ Σⱼ(wⱼ) in the closed upper half-plane.

    Args:
        laws: The factors, on [0, ∞), none a point mass.
        units: A power of two of the order of each spectral radius.
        z: Points on or above the axis, not 0.

    Returns:
        Σ(z) and Σ′(z) of the product, certified: the product of the first j factors
        takes the values found at a point above the axis too, where its subordinated
        points are the only ones.
    """
    parts = tuple(Affine(law, 1 / u) for law, u in zip(laws, units, strict=True))
    whole = math.prod(units)
    energy, slope = np.empty((2, z.size), np.complex128)
    for where, scale in bands(z / whole, parts):
        energy[where], slope[where] = _solve(parts, z[where] / whole, scale)
    return whole * energy, slope


def _solve(laws: tuple[Law, ...], z: Points, scale: float) -> tuple[Points, Points]:
    energies = [relative_energy(law) for law in laws]

    def evaluate(w: States) -> tuple[States, States]:
        # Σᵢ and d log Σᵢ / d log wᵢ
        value, slope = np.empty_like(w), np.empty_like(w)
        for i, energy in enumerate(energies):
            value[i], slope[i] = energy(w[i])
        return value, w * slope / value

    def system(w: States, z: Points) -> Linearisation:
        value, slope = evaluate(w)
        image = z / _others(value)
        gain = 1 / (1 - slope)
        pull, defect = slope * gain, np.log(image / w)
        shared = (pull * defect).sum(axis=0) / one_more(pull, gain, slope)
        leap = gain * (defect - shared)
        leap.real = np.clip(leap.real, -_LEAP, _LEAP)
        terms = np.abs(image) * (2 + np.abs(slope).sum(axis=0)) + scale
        contraction = np.where(_turns(w, value), multiplier(slope), np.inf)
        along = (w / z) * gain / by_level(slope)
        return Linearisation(image, w * np.expm1(leap), along, contraction, terms)

    def start(high: Points) -> States:
        return np.tile(high ** (1 / len(laws)), (len(laws), 1))

    def above(w: States, z: Points) -> States:
        return lift(w, np.real(z) + 0j)

    found = Ladder(system, start, above, scale).descend(z)
    require_certain(found, z)
    value, slope = evaluate(found.w)
    energy = value.prod(axis=0)
    gain = 1 / (1 - slope)
    return energy, energy / z * (slope * gain).sum(axis=0) / by_level(slope)


def _turns(w: States, value: States) -> np.ndarray:
    # arg z of the first j factors is arg w₁ + ∑ arg Σᵢ with arg Σᵢ from −π to 0.
    turn = np.angle(value)
    turn = np.where(turn > _TURN, turn - 2 * math.pi, turn)
    angle = np.angle(w[0]) + np.cumsum(turn[1:], axis=0)
    return (angle >= -_TURN).all(axis=0)


def _others(factors: States) -> States:
    # For every row the product of all others, not as a ratio: one may be 0.
    others = np.ones_like(factors)
    others[1:] = np.cumprod(factors[:-1], axis=0)
    others[:-1] *= np.cumprod(factors[:0:-1], axis=0)[::-1]
    return others
