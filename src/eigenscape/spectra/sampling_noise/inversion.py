"""PopulationEstimate: spikes on all the data, from a few small batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from eigenscape.core import ConfidenceInterval, ConvergenceError
from eigenscape.theory.sampling_noise.finite_size import sample_batch_outliers

_STEPS = 25
_FREE = 3  # steps that renew the covariance
_SETTLED = 0.1  # standard errors of log θ
_DIFFERENCE = 0.05  # of log θ: the step of the slopes
_LONGEST = 0.7


@dataclass(frozen=True)
class PopulationEstimate:
    """The curvature on all the data, as small batches tell it.

    Attributes:
        spikes: The largest eigenvalues θ of A, descending.
        trace: t, the mean curvature of an example.
        remainder: t − ∑ θ, the trace of the bulk.
        p_value: Of weighted sampling, by the residuals of the outliers' log means; None
            where there are as many spikes as means.
    """

    spikes: tuple[ConfidenceInterval, ...]
    trace: ConfidenceInterval
    remainder: ConfidenceInterval
    p_value: float | None


def estimate_population(
    batch_sizes: Sequence[int],
    draws: Sequence[Float[np.ndarray, "_ k"]],
    example_eigenvalues: Float[np.ndarray, "m c"],
    *,
    population: int | None = None,
    level: float = 0.95,
    samples: int = 200,
    replicas: int = 400,
    rng: np.random.Generator,
) -> PopulationEstimate:
    """Estimate the spikes of A from outliers of small batches, by simulated moments.

    Spikes are sought whose simulated batches of weighted elliptical examples have the
    mean log outliers that were measured, by Gauss–Newton steps with common random
    numbers, weighted by the simulated covariance. Intervals are a parametric bootstrap
    of the linearised estimator; it resamples the simulated draws, the simulation
    itself and the examples behind the weights. A bulk of large eigenvalues next to the
    last spike biases that one upwards: follow more outliers than are needed.

    Args:
        batch_sizes: Batch sizes b.
        draws: For each, the k largest eigenvalues of independent batches, positive.
        example_eigenvalues: Eigenvalues eᵢₖ of the matrices of m random examples, those
            of the batches for instance.
        population: n, for batches drawn without replacement; None for independent
            examples.
        level: Confidence level of the intervals.
        samples: Simulated batches at each size.
        replicas: Replicas of the bootstrap.
        rng: Random numbers.

    Returns:
        The estimate.

    Raises:
        ValueError: An outlier is not positive, or the arguments do not fit.
    """
    if len(draws) != len(batch_sizes) or not all((rows > 0).all() for rows in draws):
        message = (
            f"draws: expected positive outliers for each of {len(batch_sizes)} batch "
            "sizes; follow fewer outliers"
        )
        raise ValueError(message)
    model = _Model(
        batch_sizes, draws, population, samples, rng.integers(2**62, size=len(draws))
    )
    spikes, slopes = model.solve(example_eigenvalues)
    logs = model.simulate(spikes, example_eigenvalues)
    precision = model.precision(logs)
    inverse = np.linalg.pinv(np.einsum("mki,mkl,mlj->ij", slopes, precision, slopes))
    gain = np.einsum("ij,mkj,mkl->iml", inverse, slopes, precision)
    residual = model.measured - logs.mean(1)
    freedom = residual.size - spikes.size
    chi_square = model.misfit(logs, precision)
    totals, moved = model.replicate(spikes, example_eigenvalues, logs, replicas, rng)
    errors = np.einsum("iml,rml->ri", gain, moved)
    replicated = np.exp(np.log(spikes) - errors)
    trace = float(example_eigenvalues.sum(1).mean())
    rest = np.maximum(totals - replicated.sum(1), 0.0)
    return PopulationEstimate(
        spikes=tuple(
            _interval(f"θ{i + 1}", float(s), replicated[:, i], level)
            for i, s in enumerate(spikes)
        ),
        trace=_interval("trace", trace, totals, level),
        remainder=_interval("remainder", max(trace - spikes.sum(), 0.0), rest, level),
        p_value=float(stats.chi2.sf(chi_square, freedom)) if freedom > 0 else None,
    )


class _Model:
    """Simulated log outliers at every batch size, as a function of the spikes."""

    def __init__(
        self,
        batch_sizes: Sequence[int],
        draws: Sequence[Float[np.ndarray, "_ k"]],
        population: int | None,
        samples: int,
        seeds: np.ndarray,
    ):
        self.batch_sizes, self.population = tuple(batch_sizes), population
        self.samples, self.seeds = samples, seeds.tolist()
        self.numbers = np.array([len(rows) for rows in draws])
        self.measured = np.stack([np.log(rows).mean(0) for rows in draws])
        self.count = self.measured.shape[1]

    def simulate(
        self, spikes: Float[np.ndarray, " k"], eigenvalues: Float[np.ndarray, "m c"]
    ) -> Float[np.ndarray, "b d k"]:
        trace = float(eigenvalues.sum(1).mean())
        ordered = np.sort(spikes)[::-1]
        found = [
            sample_batch_outliers(
                ordered,
                eigenvalues / trace,
                size,
                remainder=max(trace - float(spikes.sum()), 0.0),
                population=self.population,
                count=self.count,
                draws=self.samples,
                rng=np.random.default_rng(seed),
            )
            for size, seed in zip(self.batch_sizes, self.seeds, strict=True)
        ]
        return np.log(np.maximum(np.stack(found), 1e-12 * trace))

    def precision(self, logs: Float[np.ndarray, "b d k"]) -> Float[np.ndarray, "b k k"]:
        """Invert the covariance of measured minus simulated mean logs."""
        centred = logs - logs.mean(1, keepdims=True)
        covariance = centred.swapaxes(1, 2) @ centred / (self.samples - 1)
        share = 1 / self.numbers + 1 / self.samples
        floor = 1e-8 * np.eye(self.count)
        return np.linalg.inv(covariance * share[:, None, None] + floor)

    def solve(
        self, eigenvalues: Float[np.ndarray, "m c"]
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, "b k k"]]:
        place = np.log(self._start(eigenvalues))
        logs = self.simulate(np.exp(place), eigenvalues)
        precision, reach, size = self.precision(logs), _LONGEST, np.inf
        for step in range(_STEPS):
            error = self.measured - logs.mean(1)
            slopes = self._slopes(place, logs.mean(1), eigenvalues)
            normal = np.einsum("mki,mkl,mlj->ij", slopes, precision, slopes)
            pull = np.einsum("mki,mkl,ml->i", slopes, precision, error)
            change = np.linalg.lstsq(normal, pull, rcond=1e-8)[0]
            deviation = np.sqrt(np.diag(np.linalg.pinv(normal)))
            if (np.abs(change) < _SETTLED * np.maximum(deviation, 1e-2)).all():
                return np.exp(place), slopes
            size = float(np.abs(change).max())
            trial = change * min(1.0, reach / size)
            moved = np.sort(place + trial)[::-1]
            again = self.simulate(np.exp(moved), eigenvalues)
            better = self.misfit(again, precision) < self.misfit(logs, precision)
            reach = min(2 * reach, _LONGEST) if better else min(size, reach) / 3
            if better:
                place, logs = moved, again
                precision = self.precision(logs) if step < _FREE else precision
            elif (np.abs(trial) < _SETTLED * np.maximum(deviation, 1e-2)).all():
                return np.exp(place), slopes  # as low as a simulation can tell
        what = "the estimate of spikes from batches"
        raise ConvergenceError(
            what,
            iterations=_STEPS,
            residual=size,
            remedy="follow fewer outliers, or give larger batches or more draws",
        )

    def _slopes(
        self,
        place: Float[np.ndarray, " k"],
        mean: Float[np.ndarray, "b k"],
        eigenvalues: Float[np.ndarray, "m c"],
    ) -> Float[np.ndarray, "b k k"]:
        moved = [
            self.simulate(np.exp(place + _DIFFERENCE * unit), eigenvalues).mean(1)
            for unit in np.eye(place.size)
        ]
        return (np.stack(moved, axis=2) - mean[:, :, None]) / _DIFFERENCE

    def misfit(
        self, logs: Float[np.ndarray, "b d k"], precision: Float[np.ndarray, "b k k"]
    ) -> float:
        error = self.measured - logs.mean(1)
        return float(np.einsum("mk,mkl,ml->", error, precision, error))

    def _start(self, eigenvalues: Float[np.ndarray, "m c"]) -> Float[np.ndarray, " k"]:
        largest = int(np.argmax(self.batch_sizes))
        top = np.exp(self.measured[largest])
        trace = float(eigenvalues.sum(1).mean())
        second = float((eigenvalues**2).sum(1).mean()) / trace
        shifted = top - second / self.batch_sizes[largest]
        start = np.maximum(shifted, top / 3)
        return start * min(1.0, 0.9 * trace / float(start.sum()))

    def replicate(
        self,
        spikes: Float[np.ndarray, " k"],
        eigenvalues: Float[np.ndarray, "m c"],
        logs: Float[np.ndarray, "b d k"],
        replicas: int,
        rng: np.random.Generator,
    ) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, "r b k"]]:
        """Draw traces, and errors of measured minus simulated mean logs."""
        centred = logs - logs.mean(1, keepdims=True)
        error = np.empty((replicas, len(self.batch_sizes), self.count))
        for i, number in enumerate(self.numbers.tolist()):
            measured = rng.integers(self.samples, size=(replicas, number))
            simulated = rng.integers(self.samples, size=(replicas, self.samples))
            error[:, i] = centred[i][simulated].mean(1) - centred[i][measured].mean(1)
        size = len(eigenvalues)
        several = max(replicas // 10, 2)
        shifts: list[Float[np.ndarray, "b k"]] = []
        traces: list[float] = []
        for _ in range(several):
            again = eigenvalues[rng.integers(size, size=size)]
            traces.append(float(again.sum(1).mean()))
            shifts.append((self.simulate(spikes, again) - logs).mean(1))
        which = rng.integers(several, size=replicas)
        return np.array(traces)[which], error + np.stack(shifts)[which]


def _interval(
    name: str, value: float, replicated: Float[np.ndarray, " r"], level: float
) -> ConfidenceInterval:
    lower, upper = np.quantile(replicated, [(1 - level) / 2, (1 + level) / 2])
    return ConfidenceInterval(name, value, float(lower), float(upper), level)
