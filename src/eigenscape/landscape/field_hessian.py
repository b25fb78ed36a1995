"""Hessians of a stationary Gaussian loss, with zero rows and outliers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory import Semicircle
from eigenscape.theory.ensembles import GOE

_CONVENTIONS = ("derived", "published")
_NODES = 400
_REACH = 8.0


@dataclass(frozen=True)
class FieldHessian:
    """The Hessian √k″ W + ξ 1 of a loss of covariance k at a point.

    W is real symmetric with normal entries of variance 1, 2 on the diagonal; ξ is
    normal, independent of W, and the same for all directions. Then rows that vanish
    are added, and outliers on the diagonal.

    The variance of ξ follows from Cov(∂ᵢᵢL, ∂ₖₖL) = k″(0); given the value of L it is
    k″ − k′²/k. The published sampler has k′² and k′² (1 − 1/k) in their place; both
    conventions agree for k = exp.

    Attributes:
        size: Directions n in which the loss varies.
        slope: k′(0).
        curvature: k″(0).
        value: k(0), to condition on the value of L; None for no condition.
        convention: Which variance of ξ: "derived" or "published".
        zero_rows: Directions without influence.
        outliers: How many diagonal entries are raised.
        outlier_scale: By (1 + z²) times this, z standard normal.

    References:
        Baskerville, Granziol and Keating (2022), Appearance of random matrix theory in
        deep learning, arXiv 2102.06740, by its public code, for the model with zero
        rows and outliers.
    """

    size: int
    slope: float
    curvature: float
    value: float | None = None
    convention: str = "derived"
    zero_rows: int = 0
    outliers: int = 0
    outlier_scale: float = 0.0

    def __post_init__(self) -> None:
        if self.convention not in _CONVENTIONS:
            message = (
                f"convention: expected one of {', '.join(_CONVENTIONS)}, got "
                f"{self.convention!r}"
            )
            raise ValueError(message)
        fine = self.size >= 1 and self.curvature > 0 and self.zero_rows >= 0
        if not fine or not 0 <= self.outliers <= self.size:
            message = f"size: expected curvature > 0 and counts within it, got {self}"
            raise ValueError(message)
        if self.shift_variance < 0:
            message = (
                f"value: expected one that leaves a variance, got {self.shift_variance}"
                " for the shift; k″k ≥ k′² holds for a covariance, k ≥ 1 for the "
                "published form"
            )
            raise ValueError(message)

    @property
    def shift_variance(self) -> float:
        """The variance of ξ."""
        square = self.slope**2
        if self.convention == "published":
            return square * (1 - 1 / self.value) if self.value else square
        taken = square / self.value if self.value else 0.0
        return self.curvature - taken

    @property
    def dimension(self) -> int:
        """All rows, zero ones included."""
        return self.size + self.zero_rows

    @property
    def radius(self) -> float:
        """2 √(n k″), where the semicircle of W ends."""
        return 2 * math.sqrt(self.size * self.curvature)

    def density(self, x: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Evaluate the mean density of the eigenvalues that are not zero by structure.

        A semicircle, smeared by the law of ξ; outliers are left out.

        Args:
            x: Points of the line.

        Returns:
            The density, of mass one.
        """
        law = Semicircle(self.size * self.curvature)
        deviation = math.sqrt(self.shift_variance)
        if deviation == 0:
            return law.density(x)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        # over whichever is narrower, so that the other is smooth between nodes
        if deviation < self.radius:
            z = _REACH * nodes
            heights = np.exp(-(z**2) / 2) * weights * _REACH / math.sqrt(2 * math.pi)
            places = x[:, None] - deviation * z
            return law.density(places.ravel()).reshape(places.shape) @ heights
        angle = np.pi * (nodes + 1) / 2
        place = (x[:, None] - self.radius * np.cos(angle)) / deviation
        bell = np.exp(-(place**2) / 2) / (deviation * math.sqrt(2 * math.pi))
        return bell @ (weights * np.sin(angle) ** 2)

    def sample(self, *, rng: np.random.Generator) -> Float[np.ndarray, "N N"]:
        """Sample one Hessian.

        Args:
            rng: Source of randomness.

        Returns:
            The matrix; zero rows are the last ones.
        """
        bulk = GOE().sample(self.size, rng=rng)
        bulk *= math.sqrt(self.size * self.curvature)
        shift = math.sqrt(self.shift_variance) * float(rng.standard_normal())
        raised = rng.choice(self.size, self.outliers, replace=False)
        diagonal = np.full(self.size, shift)
        heights = 1 + rng.standard_normal(self.outliers) ** 2
        diagonal[raised] += self.outlier_scale * heights
        matrix = np.zeros((self.dimension, self.dimension))
        matrix[: self.size, : self.size] = bulk + np.diag(diagonal)
        return matrix

    def sample_eigenvalues(
        self, samples: int, *, rng: np.random.Generator
    ) -> Float[np.ndarray, "s N"]:
        """Sample spectra.

        Args:
            samples: How many.
            rng: Source of randomness.

        Returns:
            One ascending spectrum a row, zeros included.
        """
        return np.array([
            np.linalg.eigvalsh(self.sample(rng=rng)) for _ in range(samples)
        ])
