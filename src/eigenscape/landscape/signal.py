"""SignalledGlass: a spin glass plus a function of the overlap with one direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy.polynomial import Polynomial

from eigenscape.landscape.annealed import (
    best_radial,
    require_energy,
    require_index,
)
from eigenscape.landscape.spin_glass import SpinGlass
from eigenscape.theory import Semicircle, log_potential
from eigenscape.theory.large_deviations import pull_rate

Vector: TypeAlias = Float[np.ndarray, " n"]

_EDGE = math.sqrt(2)


@dataclass(frozen=True)
class SignalledGlass:
    """f(w) = g(w) + √N S(m), m = w·v the overlap with a unit vector v.

    At overlap m the gradient has the mean √N S′(m)√(1 − m²) along one direction e, and
    the Hessian a spike √N S″(m)(1 − m²) eeᵀ and the shift −√N m S′(m).

    Attributes:
        glass: g.
        signal: Coefficients of S, from the constant on.

    References:
        Ben Arous, Mei, Montanari and Nica (2019), The landscape of the spiked tensor
        model, Communications on Pure and Applied Mathematics 72, with noise scaled by
        1/√(2n); Ros, Ben Arous, Biroli and Cammarota (2019), Physical Review X 9,
        011003.
    """

    glass: SpinGlass
    signal: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.signal or not all(map(math.isfinite, self.signal)):
            message = f"signal: expected finite coefficients, got {self.signal}"
            raise ValueError(message)

    @classmethod
    def spiked(cls, degree: int, strength: float) -> SignalledGlass:
        """Build the spiked p-spin glass, S(m) = λmᵖ.

        Args:
            degree: p.
            strength: λ.

        Returns:
            The glass with its signal.
        """
        return cls(SpinGlass.pure(degree), (0.0,) * degree + (strength,))

    @property
    def polynomial(self) -> Polynomial:
        """S."""
        return Polynomial(self.signal)

    def spike(
        self, overlap: Float[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape"]:
        """Give the spike of the Hessian over √(2Nν″), where the bulk ends at ±√2.

        Args:
            overlap: m.

        Returns:
            θ(m).
        """
        second = self.polynomial.deriv(2)(overlap)
        return second * (1 - overlap**2) / math.sqrt(2 * self.glass.curvature)


def overlap_complexity(
    model: SignalledGlass, overlap: Vector, energy: Vector, *, index: int | None = None
) -> Vector:
    """Evaluate the exponent of critical points at an overlap and an energy.

    It is the annealed exponent; near the signal the quenched one differs. At a fixed
    index an outlier of the Hessian, made by the spike, is taken into account.

    Args:
        model: The field.
        overlap: m, between −1 and 1.
        energy: u, values near √N u; one for each overlap.
        index: Number of negative eigenvalues; None for all critical points. Only for
            pure glasses.

    Returns:
        Θ(m, u).

    Raises:
        ValueError: An overlap lies outside (−1, 1), or an index is asked of a mixture.

    References:
        Ben Arous, Mei, Montanari and Nica (2019), Communications on Pure and Applied
        Mathematics 72, for the total number; fixed indices by `outlier_rate`, derived.
    """
    require_index(index)
    require_energy(energy)
    if not (np.abs(overlap) < 1).all():
        message = f"overlap: expected values in (−1, 1), got {overlap}"
        raise ValueError(message)
    glass, signal = model.glass, model.polynomial
    if index is not None and glass.spread:
        message = f"index: expected None for a mixed glass, got {index}"
        raise ValueError(message)
    noise = energy - signal(overlap)
    slope = signal.deriv()(overlap)
    typical = glass.slope * noise / glass.variance + overlap * slope
    side = np.where(typical > 0, 1.0, -1.0)
    radial = -side * -best_radial(glass, -np.abs(typical)) if glass.spread else typical
    value = (
        0.5
        - math.log(glass.slope) / 2
        + log_potential(Semicircle(glass.curvature), radial)
    )
    value += np.log1p(-(overlap**2)) / 2 - noise**2 / (2 * glass.variance)
    value -= slope**2 * (1 - overlap**2) / (2 * glass.slope)
    if glass.spread:
        return value - (radial - typical) ** 2 / (2 * glass.spread)
    if index is None:
        return value
    level = radial / math.sqrt(2 * glass.curvature)
    return value - _index_cost(level, model.spike(overlap), index)


def outlier_rate(spike: Vector, x: Vector) -> Vector:
    """Evaluate K_θ(x): P(λ₁(M + θeeᵀ) near x) ≈ exp(−N K), bulk on ±√2.

    It vanishes at the outlier θ + 1/2θ of θ > 1/√2, on both sides of which it rises.

    Args:
        spike: θ.
        x: At least √2.

    Returns:
        K_θ(x), the rate of an eigenvalue pulled from the bulk where that is cheaper.

    References:
        Maïda (2007), Large deviations for the largest eigenvalue of rank one
        deformations of Gaussian ensembles, Electronic Journal of Probability 12.
    """
    pulled = pull_rate(Semicircle(0.5), x)
    root = np.sqrt(np.maximum(x**2 - 2, 0))
    below = 2 * spike <= x - root
    strength = np.where(below, 1.0, spike)
    made = pulled / 2 + x**2 / 4 - strength * x + strength**2 / 2 + 0.25
    made += np.log(2 * strength) / 2 - math.log(2) / 4
    return np.where(below, pulled, np.maximum(made, 0))


def _index_cost(level: Vector, spike: Vector, index: int) -> Vector:
    # Of eigenvalues below the level; a negative spike may have sent one there.
    depth = np.maximum(-level, _EDGE)
    pulled = pull_rate(Semicircle(0.5), depth)
    down = np.maximum(-spike, 0)
    own = outlier_rate(down, depth)
    safe = np.where(down > 0, down, 1.0)
    out = (down > 1 / _EDGE) & (safe + 1 / (2 * safe) > depth)
    if index == 0:
        cost = np.where(out, own, 0.0)
    else:
        cost = (index - 1) * pulled + np.where(out, 0.0, own)
    return np.where(level <= -_EDGE, cost, math.inf)
