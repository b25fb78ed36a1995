"""PopulationCurvature: what one pass over all the data says about every batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_ROUNDING = 1e-3  # float32 networks give rows and eigenvalues to about 1e-4


@dataclass(frozen=True)
class ResidualNoise:
    """Noise of one example's Hessian Hᵢ beyond that of its Gauss–Newton matrix Gᵢ.

    In units of the eigenvalue squared, for leading eigenvectors uⱼ of H. A variance may
    come out negative: the residual part Rᵢ = Hᵢ − Gᵢ can work against Gᵢ.

    Attributes:
        within: E (uⱼ·(Hᵢ − H)uₖ)² − E (uⱼ·(Gᵢ − G)uₖ)², among the eigenvectors.
        across: E ‖(Hᵢ − H)uⱼ‖² − E ‖(Gᵢ − G)uⱼ‖² in the directions orthogonal to all
            of them; the last stands for all eigenvectors below.
        freedom: Degrees of freedom of the χ² law that spreads as ‖(R_b − R)u‖² does
            from batch to batch.
    """

    within: Float[np.ndarray, "u u"]
    across: Float[np.ndarray, " u"]
    freedom: float = math.inf

    def __post_init__(self) -> None:
        size = self.across.size
        if size == 0 or self.within.shape != (size, size):
            message = (
                "within: expected a square of as many rows as numbers across, one at "
                f"least, got {self.within.shape} for {size}"
            )
            raise ValueError(message)


@dataclass(frozen=True)
class PopulationCurvature:
    """Top spectrum of the curvature on all the data, and every example's own.

    Example i of m has the Gauss–Newton matrix Gᵢ = ∑ₖ eᵢₖ vᵢₖ vᵢₖᵀ with orthonormal
    vᵢₖ. The curvature A on all the data has eigenpairs (θⱼ, uⱼ).

    Attributes:
        spikes: The largest eigenvalues θ of A, descending.
        trace: tr A.
        example_eigenvalues: eᵢₖ, descending in each row, padded with 0; the mean of
            the row sums is the trace of the Gauss–Newton matrix.
        projections: Rows √eᵢₖ (uⱼ · vᵢₖ) in the order of `example_eigenvalues`, so
            that Uᵀ Gᵢ U = projections[i].T @ projections[i]; None where not measured.
        matrix: Whose eigenvalues the spikes are, "gauss-newton" or "hessian".
        population: The number n of examples behind the spikes, where the m examples
            above are only a random sample of them; None where they are all.
        trace_standard_error: Of `trace`; 0 where it is exact.
        residual_noise: What the Hessians of single examples add to the noise of their
            Gauss–Newton matrices; None for a Gauss–Newton matrix.
    """

    spikes: Float[np.ndarray, " k"]
    trace: float
    example_eigenvalues: Float[np.ndarray, "m c"]
    projections: Float[np.ndarray, "m c k"] | None = None
    matrix: str = "gauss-newton"
    population: int | None = None
    trace_standard_error: float = 0.0
    residual_noise: ResidualNoise | None = None

    def __post_init__(self) -> None:
        if self.matrix not in {"gauss-newton", "hessian"}:
            message = (
                f"matrix: expected 'gauss-newton' or 'hessian', got {self.matrix!r}"
            )
            raise ValueError(message)
        spikes, values = self.spikes, self.example_eigenvalues
        if spikes.size == 0 or not np.isfinite(spikes).all() or not spikes[0] > 0:
            message = (
                f"spikes: expected finite numbers, the first positive, got {spikes}"
            )
            raise ValueError(message)
        if (np.diff(spikes) > 0).any():
            message = "spikes: expected descending eigenvalues; sort them"
            raise ValueError(message)
        if not np.isfinite(values).all() or (values < 0).any() or not values.any():
            message = (
                "example_eigenvalues: expected finite numbers ≥ 0, not all 0, got a "
                f"minimum of {values.min(initial=np.inf)}"
            )
            raise ValueError(message)
        if self.population is not None and self.population < values.shape[0]:
            message = (
                f"population: expected at least the {values.shape[0]} examples "
                f"measured, got {self.population}"
            )
            raise ValueError(message)
        if self.projections is not None:
            self._check_projections(self.projections)

    def _check_projections(self, projections: Float[np.ndarray, "m c k"]) -> None:
        excess = (projections**2).sum(2) - self.example_eigenvalues
        room = _ROUNDING * self.example_eigenvalues[:, :1]
        if not (excess <= room).all():
            message = (
                "projections: expected rows no longer than √ of the eigenvalue they "
                f"belong to, got an excess of {excess.max():.3g}; give them in the "
                "order of example_eigenvalues"
            )
            raise ValueError(message)

    @property
    def examples(self) -> int:
        """The number n of examples that batches are drawn from."""
        measured = self.example_eigenvalues.shape[0]
        return measured if self.population is None else self.population

    @property
    def mean_curvature(self) -> float:
        """Mean curvature t = E ∑ₖ eᵢₖ of an example, the trace of the Gauss–Newton."""
        return float(self.example_eigenvalues.sum(1).mean())

    @property
    def weights(self) -> Float[np.ndarray, "m c"]:
        """Curvature weights eᵢₖ / t, of mean row sum 1."""
        return self.example_eigenvalues / self.mean_curvature

    @property
    def remainder(self) -> float:
        """Curvature outside the known directions, t − ∑ θⱼ over positive spikes."""
        known = float(self.spikes[self.spikes > 0].sum())
        return max(self.mean_curvature - known, 0.0)
