"""A law of atoms only: an empirical spectrum, a point mass."""

# ruff: file-ignore[undocumented-public-method] (documented on Law)

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Inexact

from eigenscape.theory.laws.law import Atom, Interval, Law

_BLOCK = 1 << 20  # complex numbers held at once: 16 MB


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
        if self.locations.size == 0 or not np.isfinite(self.locations).all():
            message = f"locations: expected finite numbers, got {self.locations}"
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
        return cls(eigenvalues, np.full(eigenvalues.size, 1 / eigenvalues.size))

    @property
    def support(self) -> tuple[Interval, ...]:
        """None: there is no continuous part."""
        return ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """The atoms, equal locations merged."""
        places, which = np.unique(self.locations, return_inverse=True)
        masses = np.bincount(which, weights=self.weights)
        return tuple(map(Atom, places.tolist(), masses.tolist()))

    def density(self, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return np.zeros_like(x)

    def stieltjes(
        self, z: Inexact[np.ndarray, "*shape"]
    ) -> Complex[np.ndarray, "*shape"]:
        flat = z.astype(np.complex128).ravel()
        rows = max(1, _BLOCK // self.locations.size)
        blocks = [
            (1 / (flat[i : i + rows, None] - self.locations)) @ self.weights
            for i in range(0, flat.size, rows)
        ]
        values = np.concatenate(blocks) if blocks else flat
        return values.reshape(z.shape)
