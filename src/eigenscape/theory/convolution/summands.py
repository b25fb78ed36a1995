"""The subordinated points of free summands, certified.

With Σᵢ the self-energies, u = 1/g(z) = wᵢ − Σᵢ(wᵢ) is common to all summands and
z = u + ∑ Σᵢ(wᵢ). In pᵢ = dwᵢ/du = 1/(1 − Σᵢ′) the derivatives follow from
dz/du = 1 + ∑ (pᵢ − 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.boundary import FEW_ATOMS, Mapping
from eigenscape.theory.convolution.continuation import require_certain, solve
from eigenscape.theory.convolution.coupling import by_level, multiplier, one_more
from eigenscape.theory.convolution.ladder import (
    Ladder,
    Linearisation,
    Points,
    Reals,
    States,
    lift,
)
from eigenscape.theory.convolution.self_energy_law import spread
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.semicircle import Semicircle


@dataclass(frozen=True)
class Subordinated:
    """Where every summand is seen from z, and what follows for the sum.

    Attributes:
        points: wᵢ, one row a summand.
        parts: Σᵢ(wᵢ).
        energy: Σ = ∑ Σᵢ(wᵢ) of the sum.
        slope: Σ′ = 1 − du/dz.
        condition: 1/|1 − T′| with the multiplier T′, of two summands Σ₁′Σ₂′; it
            multiplies rounding errors and is infinite at an edge.
    """

    points: States
    parts: States
    energy: Points
    slope: Points
    condition: Reals


def subordinate(laws: tuple[Law, ...], z: Points) -> Subordinated:
    """Solve wᵢ = z − ∑ⱼ≠ᵢ Σⱼ(wⱼ) in the closed upper half-plane.

    Args:
        laws: The k ≥ 2 summands.
        z: Points above the axis, or on it with imaginary part +0.

    Returns:
        The points, certified, with what follows from them.
    """
    solver = _pair if len(laws) == 2 else _together
    found = solver(laws, z)
    energy = found.parts.sum(axis=0)
    # In a gap all is real, whatever rounding says.
    real = (np.imag(found.points) == 0).all(axis=0)
    energy = np.where(real, np.real(energy), energy)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = 1 - 1 / by_level(found.slopes)
        condition = 1 / np.abs(1 - found.contraction)
    return Subordinated(found.points, found.parts, energy, slope, condition)


@dataclass(frozen=True)
class _Solution:
    points: States
    parts: States
    slopes: States
    contraction: Points


def _pair(laws: tuple[Law, ...], z: Points) -> _Solution:
    # In a gap of the sum the argument of the plainer law may be infinite.
    plain_first = len(laws[0].atoms) < len(laws[1].atoms)
    if isinstance(laws[0], Semicircle) != isinstance(laws[1], Semicircle):
        plain_first = isinstance(laws[0], Semicircle)
    one, two = laws[::-1] if plain_first else laws
    scale = spread(one) + spread(two)

    def mapping(w: Points, z: Points) -> tuple[Points, Points, Points]:
        inner, inner_slope = one.self_energy(w)
        outer, outer_slope = two.self_energy(z - inner)
        return z - outer, inner_slope * outer_slope, 1 - outer_slope

    try:
        if isinstance(two, Semicircle):
            few = len(one.atoms) <= FEW_ATOMS
            found = solve(_beside_semicircle(one, two), z, scale=scale, explicit=few)
        else:
            found = solve(mapping, z, scale=scale)
    except ConvergenceError:
        return _together(laws, z)
    inner, inner_slope = one.self_energy(found.value)
    outer, outer_slope = two.self_energy(z - inner)
    order = slice(None, None, -1 if plain_first else 1)
    return _Solution(
        np.stack([found.value, z - inner])[order],
        np.stack([inner, outer])[order],
        np.stack([inner_slope, outer_slope])[order],
        inner_slope * outer_slope,
    )


def _beside_semicircle(law: Law, noise: Semicircle) -> Mapping:
    # Σ₂(w₂) = σ² g: z is explicit in w.
    def mapping(w: Points, z: Points) -> tuple[Points, Points, Points]:
        energy, slope = law.self_energy(w)
        g = 1 / (w - energy)
        pull = noise.variance * g
        return z - pull, pull * (g - g * slope), np.ones_like(z)

    return mapping


def _together(laws: tuple[Law, ...], z: Points) -> _Solution:
    # All by one Newton iteration. The map takes points above Im z to such points, so
    # its fixed point there is the only one. On the axis the multiplier of each partial
    # sum against the next summand must not exceed 1.
    scale = sum(map(spread, laws))

    def system(w: States, z: Points) -> Linearisation:
        value, slope = _energies(laws, w)
        image = z - _of_the_others(value)
        step = _step(w, z, image, slope, scale)
        dw = 1 / (1 - slope) / by_level(slope)
        terms = np.abs(z) + _of_the_others(np.abs(value) + np.abs(slope * w))
        return Linearisation(image, step, dw, multiplier(slope), terms)

    def start(high: Points) -> States:
        value, _ = _energies(laws, np.tile(high, (len(laws), 1)))
        return high - _of_the_others(value)

    found = Ladder(system, start, lift, scale).descend(z)
    require_certain(found, z)
    return _Solution(found.w, *_energies(laws, found.w), found.local.contraction)


def _energies(laws: tuple[Law, ...], w: States) -> tuple[States, States]:
    value, slope = np.empty_like(w), np.empty_like(w)
    for i, law in enumerate(laws):
        value[i], slope[i] = law.self_energy(w[i])
    return value, slope


def _of_the_others(terms: np.ndarray) -> np.ndarray:
    # For every row the sum of all others, not as a difference: one may be infinite.
    others = np.zeros_like(terms)
    others[1:] = np.cumsum(terms[:-1], axis=0)
    others[:-1] += np.cumsum(terms[:0:-1], axis=0)[::-1]
    return others


def _step(w: States, z: Points, image: States, slope: States, scale: float) -> States:
    # Newton's step for every 1/(wᵢ − c), c below z, in which an infinite wᵢ is as any
    # other: (rᵢ² − Σᵢ′) dᵢ + S = rᵢ (Tᵢ − wᵢ), S = ∑ Σⱼ′ dⱼ and rᵢ = (Tᵢ − c)/(wᵢ − c).
    pole = w - z + 1j * scale
    stretch = 1 + (image - w) / pole
    pivot = 1 / (stretch**2 - slope)
    defect = stretch * (image - w)
    pull = slope * pivot
    shared = (pull * defect).sum(axis=0) / one_more(pull, stretch**2 * pivot, slope)
    step = pivot * (defect - shared)
    step /= 1 - step / pole
    return step
