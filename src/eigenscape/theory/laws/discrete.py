"""A law of atoms only: an empirical spectrum, a point mass."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import POLE, Atom, Interval, Law
from eigenscape.theory.laws.parameters import as_vector
from eigenscape.theory.laws.pole_tree import PoleTree
from eigenscape.theory.laws.poles import pole_sum, zeros_between

Sums: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

# Finding k zeros costs k² a step; beyond, sums displace them by rounding of the hull.
_STRIPPED = 256
_CANCELLED = 0.01  # of the mean
_TREE = 1500  # above, a tree is faster than the plain sum (measured)


@dataclass(frozen=True)
class Discrete(Law):
    """The law ∑ᵢ wᵢ δ(λᵢ), with g(z) = ∑ᵢ wᵢ / (z − λᵢ).

    Attributes:
        locations: λᵢ, finite, in any order.
        weights: wᵢ, positive, summing to 1 up to rounding.
    """

    locations: Float[np.ndarray, " k"]
    weights: Float[np.ndarray, " k"]

    def __post_init__(self) -> None:
        for name in ("locations", "weights"):
            object.__setattr__(self, name, as_vector(name, getattr(self, name)))
        if self.locations.size == 0 or not np.isfinite(self.locations).all():
            message = f"locations: expected finite numbers, got {self.locations}"
            raise ValueError(" ".join(message.split()))
        if self.locations.size != self.weights.size:
            message = (
                f"weights: expected one for each of {self.locations.size} locations, "
                f"got {self.weights.size}"
            )
            raise ValueError(message)
        total = float(self.weights.sum())
        rounding = self.weights.size * np.finfo(float).eps
        if not (self.weights > 0).all() or not abs(total - 1) <= max(1e-12, rounding):
            message = (
                f"weights: expected positive numbers summing to 1, got a sum of "
                f"{total} and a minimum of {self.weights.min()}; divide by the sum"
            )
            raise ValueError(message)

    @classmethod
    def point_mass(cls, location: float = 0.0) -> Discrete:
        """Put all the mass at one point.

        Args:
            location: The point.

        Returns:
            The law δ(location).
        """
        return cls(np.array([location]), np.ones(1))

    @classmethod
    def empirical(cls, eigenvalues: Float[np.ndarray, " k"]) -> Discrete:
        """Give every eigenvalue of a matrix the same weight.

        Args:
            eigenvalues: The spectrum of a matrix.

        Returns:
            Its empirical spectral distribution.
        """
        locations = as_vector("eigenvalues", eigenvalues)
        return cls(locations, np.full(locations.size, 1 / max(1, locations.size)))

    @property
    def support(self) -> tuple[Interval, ...]:
        """None: there is no continuous part."""
        return ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms, equal locations merged."""
        return self._atoms

    @property
    def hull(self) -> Interval:
        """From the least atom to the greatest."""
        places, _ = self._merged
        return Interval(float(places[0]), float(places[-1]))

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return np.zeros_like(x)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._sums(z.astype(np.complex128).ravel())[0].reshape(z.shape)

    def stieltjes_derivative(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        return self._sums(z.astype(np.complex128).ravel())[1].reshape(z.shape)

    def self_energy(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
        flat = z.astype(np.complex128).ravel()
        few = self._merged[0].size <= _STRIPPED
        value, slope = (self._stripped_energy if few else self._summed_energy)(flat)
        return value.reshape(z.shape), slope.reshape(z.shape)

    def _stripped_energy(
        self, z: Complex[np.ndarray, " n"]
    ) -> tuple[Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
        places, residues = self._stripped
        value, slope = pole_sum(z, places, residues)
        pole = np.real(value) == math.inf
        if pole.any():
            which = np.searchsorted(places, np.real(z[pole]))
            value[pole], slope[pole] = POLE, -(POLE**2) / residues[which]
        value += self._mean
        # Σ vanishes at an atom at 0, and is far below the mean among atoms that are:
        # only z − 1/g has its digits there.
        cancelled = _CANCELLED * abs(self._mean)
        if not (np.abs(np.real(z)) < max(self._reach_of_zero, cancelled)).any():
            return value, slope
        size = np.abs(z)
        near = size < self._reach_of_zero
        near |= size + np.abs(value) < cancelled
        if near.any():
            g, g_slope = self._sums(z[near])
            value[near], slope[near] = self._from_stieltjes(z[near], g, g_slope)
        return value, slope

    def _summed_energy(
        self, z: Complex[np.ndarray, " n"]
    ) -> tuple[Complex[np.ndarray, " n"], Complex[np.ndarray, " n"]]:
        value, slope = np.empty_like(z), np.empty_like(z)
        far = np.abs(z - self._mean) > self.hull.width
        near = z[~far]
        value[~far], slope[~far] = self._from_stieltjes(near, *self._sums(near))
        # Σ = mean + yN / (y + N) does not cancel, with y = z − mean and
        # N = ∑ wᵢ (λᵢ − mean)² / (z − λᵢ).
        y = z[far] - self._mean
        n, n_slope = self._spread_sums(z[far])
        value[far] = self._mean + y * n / (y + n)
        slope[far] = (n**2 + y**2 * n_slope) / (y + n) ** 2
        return value, slope

    @functools.cached_property
    def _merged(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        places, which = np.unique(self.locations, return_inverse=True)
        return places, np.bincount(which, weights=self.weights)

    @functools.cached_property
    def _atoms(self) -> tuple[Atom, ...]:
        places, masses = self._merged
        return tuple(map(Atom, places.tolist(), masses.tolist()))

    @functools.cached_property
    def _mean(self) -> float:
        return float(self.locations @ self.weights)

    @functools.cached_property
    def _stripped(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        # Σ = z − 1/g has its poles at the zeros of g.
        return zeros_between(*self._merged)

    @functools.cached_property
    def _reach_of_zero(self) -> float:
        places, zeros = self._merged[0], self._stripped[0]
        return float(np.abs(zeros).min() / 4) if 0 in places and zeros.size else 0.0

    @functools.cached_property
    def _sums(self) -> Sums:
        return _fastest(*self._merged)

    @functools.cached_property
    def _spread_sums(self) -> Sums:
        places, weights = self._merged
        return _fastest(places, weights * (places - self._mean) ** 2)


def _fastest(places: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"]) -> Sums:
    if places.size > _TREE:
        return PoleTree(places, weights).sums
    return functools.partial(pole_sum, places=places, weights=weights)
