"""The published form of outliers over batch sizes, solved by variable projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import least_squares, minimize_scalar

from eigenscape.spectra.outlier_observations import OutlierObservations, OutlierSpread

_LEAST_GAP = 1e-6
_EXPONENT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class FormSolution:
    """The best form at one exponent, in units of the problem.

    Attributes:
        exponent: υ.
        spikes: θ, descending.
        amplitudes: u ≥ 0 of the shapes 1/θ and 1/θ + B/θ²; α = u₁ + u₂ and
            αβ = u₂ B.
        chi_square: Squared whitened deviations.
    """

    exponent: float
    spikes: Float[np.ndarray, " k"]
    amplitudes: Float[np.ndarray, " 2"]
    chi_square: float


@final
class FormProblem:
    """Mean outliers against θᵢ + α s² (1/θᵢ + β/θᵢ²), with 0 ≤ β ≤ B.

    The shift is a non-negative combination of the shapes 1/θ and 1/θ + B/θ², so that
    both amplitudes are found exactly at given υ and θ.

    Attributes:
        unit: What values are divided by: the largest mean.
        most_bulk_mean: B, the mean of the largest outlier at the largest batch: the
            mean of a bulk cannot lie above the spikes.
        data_count: Number of means.
    """

    def __init__(self, obs: OutlierObservations, spread: OutlierSpread) -> None:
        """Whiten the means by their standard errors and correlations.

        Args:
            obs: The outliers, each seen at the largest batch size at least.
            spread: Their scatter.
        """
        self.unit = float(np.nanmax(obs.means))
        self._obs = obs
        self._means = np.nan_to_num(obs.means / self.unit)
        deviations = spread.deviations / self.unit
        self._whitener = _whitener(
            deviations / np.sqrt(np.maximum(obs.seen, 1)), spread.correlation, obs.seen
        )
        self.data_count = len(self._whitener)
        self._guess = _ordered(self._means[-1])
        self.most_bulk_mean = float(self._guess[0])

    def solve(
        self, exponent: float, start: Float[np.ndarray, " k"] | None = None
    ) -> FormSolution:
        """Minimise over spikes and amplitudes at one exponent.

        Args:
            exponent: υ.
            start: Spikes to start from, descending; outliers at the largest batch
                if None.

        Returns:
            The solution.
        """
        scale = self.scale_squared(exponent)
        gaps = _gaps(self._guess if start is None else _ordered(start))

        found = least_squares(
            self._residuals, gaps, cast("Any", self._slopes), method="lm", args=(scale,)
        )
        spikes = _spikes(found.x)
        amplitudes = self._project(spikes, scale)[2]
        return FormSolution(exponent, spikes, amplitudes, 2 * float(found.cost))

    def refine(
        self, solution: FormSolution, lower: float, upper: float
    ) -> FormSolution:
        """Minimise over the exponent too.

        Args:
            solution: The best solution of a grid.
            lower: The exponent to its left in the grid.
            upper: The exponent to its right.

        Returns:
            The best solution between.
        """

        def depth(exponent: float) -> float:
            return self.solve(float(exponent), solution.spikes).chi_square

        found = minimize_scalar(
            depth,
            bounds=(lower, upper),
            method="bounded",
            options={"xatol": _EXPONENT_TOLERANCE},
        )
        refined = self.solve(float(found.x), solution.spikes)
        return refined if refined.chi_square < solution.chi_square else solution

    def scale_squared(self, exponent: float) -> Float[np.ndarray, " b"]:
        """Compute s(b)², corrected for a finite population.

        Args:
            exponent: υ.

        Returns:
            One number a batch size.
        """
        obs = self._obs
        return obs.batch_sizes ** (-2 * exponent) * obs.noise_scale_squared

    def predict(
        self, solution: FormSolution, scale: Float[np.ndarray, " g"]
    ) -> Float[np.ndarray, "g k"]:
        """Tabulate a solution.

        Args:
            solution: The solution.
            scale: s² where.

        Returns:
            Outliers, in units of the problem.
        """
        shift = self._shapes(solution.spikes) @ solution.amplitudes
        return solution.spikes + scale[:, None] * shift

    def constant_chi_square(self) -> float:
        """Give χ² of outliers that do not move.

        Returns:
            The least χ² over spikes alone.
        """
        k = self._guess.size
        tiled = self._whitener @ np.tile(np.eye(k), (len(self._means), 1))
        data = self._whitener @ self._means.ravel()
        left = data - tiled @ np.linalg.lstsq(tiled, data, rcond=None)[0]
        return float(left @ left)

    def covariance(
        self, solution: FormSolution, *, exponent_free: bool
    ) -> Float[np.ndarray, "p p"]:
        """Invert the information at a solution.

        Args:
            solution: The solution.
            exponent_free: Whether υ was fitted.

        Returns:
            The covariance of (θ, u₁, u₂, υ), without υ where that was not fitted.
        """
        scale = self.scale_squared(solution.exponent)
        shapes = scale[:, None, None] * self._shapes(solution.spikes)
        columns = [
            self._spike_slopes(solution.spikes, solution.amplitudes, scale),
            self._whitener @ shapes.reshape(-1, 2),
        ]
        if exponent_free:
            logs = -2 * np.log(self._obs.batch_sizes)[:, None]
            moved = logs * (shapes @ solution.amplitudes)
            columns.append((self._whitener @ moved.ravel())[:, None])
        slopes = np.hstack(columns)
        norms = np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
        inverse = np.linalg.pinv(slopes / norms) / norms[:, None]
        return inverse @ inverse.T

    def _residuals(
        self, gaps: Float[np.ndarray, " k"], scale: Float[np.ndarray, " b"]
    ) -> Float[np.ndarray, " m"]:
        return self._project(_spikes(gaps), scale)[0]

    def _slopes(
        self, gaps: Float[np.ndarray, " k"], scale: Float[np.ndarray, " b"]
    ) -> Float[np.ndarray, "m k"]:
        """Give Kaufman's Jacobian, whose gradient is exact."""
        spikes = _spikes(gaps)
        _, shapes, amplitudes = self._project(spikes, scale)
        moved = self._spike_slopes(spikes, amplitudes, scale)
        active = shapes[:, amplitudes > 0]
        if active.size:
            q = np.linalg.qr(active)[0]
            moved -= q @ (q.T @ moved)
        # θᵢ = ∑_{j≥i} exp(gapⱼ)
        return -np.cumsum(moved, axis=1) * np.exp(gaps)

    def _project(
        self, spikes: Float[np.ndarray, " k"], scale: Float[np.ndarray, " b"]
    ) -> tuple[
        Float[np.ndarray, " m"], Float[np.ndarray, "m 2"], Float[np.ndarray, " 2"]
    ]:
        """Fit the amplitudes: what is left, the whitened shapes, the amplitudes."""
        both = scale[:, None, None] * self._shapes(spikes)
        shapes = self._whitener @ both.reshape(-1, 2)
        data = self._whitener @ (self._means - spikes).ravel()
        amplitudes = _non_negative(shapes, data)
        return data - shapes @ amplitudes, shapes, amplitudes

    def _shapes(self, spikes: Float[np.ndarray, " k"]) -> Float[np.ndarray, "k 2"]:
        far = 1 / spikes
        return np.stack([far, far + self.most_bulk_mean * far**2], axis=1)

    def _spike_slopes(
        self,
        spikes: Float[np.ndarray, " k"],
        amplitudes: Float[np.ndarray, " 2"],
        scale: Float[np.ndarray, " b"],
    ) -> Float[np.ndarray, "m k"]:
        """Differentiate the whitened form in θ at fixed amplitudes."""
        far = 1 / spikes
        near = far**2 + 2 * self.most_bulk_mean * far**3
        bent = amplitudes[0] * far**2 + amplitudes[1] * near
        diagonal = 1 - scale[:, None] * bent
        rows = diagonal[:, :, None] * np.eye(spikes.size)
        return self._whitener @ rows.reshape(-1, spikes.size)


def _whitener(
    errors: Float[np.ndarray, "b k"],
    correlation: Float[np.ndarray, "k k"],
    seen: Int[np.ndarray, "b k"],
) -> Float[np.ndarray, "m n"]:
    """Build the map of all means to independent unit deviations of those seen."""
    b, k = errors.shape
    blocks = np.zeros((b, k, b, k))
    for i in range(b):
        there = seen[i] > 0
        among = np.ix_(there, there)
        covariance = np.outer(errors[i], errors[i]) * correlation
        factor = np.linalg.cholesky(covariance[among])
        block = np.zeros((k, k))
        block[among] = np.linalg.inv(factor)
        blocks[i, :, i, :] = block
    return blocks.reshape(b * k, b * k)[seen.ravel() > 0]


def _non_negative(
    shapes: Float[np.ndarray, "m 2"], data: Float[np.ndarray, " m"]
) -> Float[np.ndarray, " 2"]:
    """Solve least squares of two non-negative unknowns exactly."""
    gram, along = shapes.T @ shapes, shapes.T @ data
    determinant = gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2
    if determinant > np.finfo(float).eps * gram[0, 0] * gram[1, 1]:
        adjugate = np.array([[gram[1, 1], -gram[0, 1]], [-gram[0, 1], gram[0, 0]]])
        both = adjugate @ along / determinant
        if both.min() >= 0:
            return both
    alone = np.maximum(along, 0) / np.maximum(np.diag(gram), 1e-300)
    better = int(np.argmax(alone * along))
    return np.where(np.arange(2) == better, alone, 0.0)


def _ordered(spikes: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Keep spikes positive and apart."""
    least = _LEAST_GAP * spikes[0] * np.arange(spikes.size, 0, -1)
    return np.maximum.accumulate(np.maximum(spikes, 0)[::-1])[::-1] + least


def _gaps(spikes: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return np.log(spikes - np.append(spikes[1:], 0.0))


def _spikes(gaps: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    return np.cumsum(np.exp(gaps)[::-1])[::-1]
