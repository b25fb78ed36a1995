"""SpinGlass: a Gaussian field on the sphere whose covariance depends on the overlap."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory import Affine, Semicircle

_ROUNDING = 1e-12


@dataclass(frozen=True)
class SpinGlass:
    """A centred Gaussian field f on the unit sphere, E f(w)f(w′) = ν(w·w′).

    ν(t) = ∑ₚ aₚ tᵖ; a degree 1 is a random external field. An energy u stands for the
    value √N u, N the dimension of the space around the sphere. At a critical point of
    radial derivative √N r the Hessian is √(2(N − 1)ν″) M − √N r, with M of the Gaussian
    orthogonal ensemble of N − 1 rows and ν′, ν″ taken at 1.

    Attributes:
        degrees: p, increasing; the last at least 2.
        weights: aₚ, positive.

    References:
        Auffinger and Ben Arous (2013), Complexity of random smooth functions on the
        high-dimensional sphere, Annals of Probability 41.
    """

    degrees: tuple[int, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        p, a = self.degrees, self.weights
        increasing = list(p) == sorted(set(p)) and bool(p) and p[0] >= 1 and p[-1] >= 2
        if not increasing:
            message = (
                f"degrees: expected increasing numbers from 1, the last at least 2, "
                f"got {p}; a linear field alone has two critical points"
            )
            raise ValueError(message)
        if len(a) != len(p) or not all(0 < weight < math.inf for weight in a):
            message = f"weights: expected {len(p)} positive numbers, got {a}"
            raise ValueError(message)

    @classmethod
    def pure(cls, degree: int) -> SpinGlass:
        """Build the pure p-spin glass, ν(t) = tᵖ.

        Args:
            degree: p, at least 2.

        Returns:
            The glass.
        """
        return cls((degree,), (1.0,))

    def with_field(self, strength: float) -> SpinGlass:
        """Add a random external field, h² t.

        Args:
            strength: h, the deviation of each component of the field.

        Returns:
            The glass with it.
        """
        terms = dict(zip(self.degrees, self.weights, strict=True))
        terms[1] = terms.get(1, 0.0) + strength**2
        kept = sorted((p, a) for p, a in terms.items() if a > 0 or p > 1)
        return SpinGlass(tuple(p for p, _ in kept), tuple(a for _, a in kept))

    def covariance(self, overlap: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Evaluate ν.

        Args:
            overlap: t = w·w′.

        Returns:
            ν(t).
        """
        terms = zip(self.degrees, self.weights, strict=True)
        return sum((a * overlap**p for p, a in terms), np.zeros_like(overlap))

    @property
    def variance(self) -> float:
        """ν(1)."""
        return math.fsum(self.weights)

    @property
    def slope(self) -> float:
        """ν′(1), the variance of a component of the gradient."""
        return math.fsum(p * a for p, a in zip(self.degrees, self.weights, strict=True))

    @property
    def curvature(self) -> float:
        """ν″(1), the variance of a mixed second derivative."""
        terms = zip(self.degrees, self.weights, strict=True)
        return math.fsum(p * (p - 1) * a for p, a in terms)

    @property
    def radial_variance(self) -> float:
        """Variance of the radial derivative, ν′ + ν″."""
        return self.slope + self.curvature

    @property
    def spread(self) -> float:
        """Variance of the radial derivative given the value; 0 for a pure glass."""
        if len(self.degrees) == 1:
            return 0.0
        return self.radial_variance - self.slope**2 / self.variance

    @property
    def marginal(self) -> float:
        """2√ν″: the Hessian of radial derivative −√N times it has its edge at 0."""
        return 2 * math.sqrt(self.curvature)

    @property
    def trivial(self) -> bool:
        """Whether two critical points are left in the limit: ν″ ≤ ν′.

        References:
            Fyodorov (2015), High-dimensional random fields and random matrix theory,
            Markov Processes and Related Fields 21; Belius, Černý, Nakajima and Schmidt
            (2022), Triviality of the geometry of mixed p-spin spherical Hamiltonians
            with external field, Journal of Statistical Physics 186.
        """
        return self.curvature <= self.slope * (1 + _ROUNDING)

    def typical_radial(self, energy: float) -> float:
        """Give the mean radial derivative at an energy.

        Args:
            energy: u.

        Returns:
            r = ν′u/ν; exact for a pure glass.
        """
        return self.slope * energy / self.variance

    def conditioned_hessian_law(self, energy: float) -> Affine:
        """Give the law of the Hessian over √N at a typical point of an energy.

        Args:
            energy: u.

        Returns:
            A semicircle of variance ν″, shifted by −r of `typical_radial`.
        """
        return Affine(Semicircle(self.curvature), shift=-self.typical_radial(energy))
