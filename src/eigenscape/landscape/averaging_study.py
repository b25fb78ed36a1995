"""What averaging does to the loss: the quadratic, simulated, and networks, trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.theory.averaging_risk import NoisyQuadratic, averaged_risk
from eigenscape.theory.correlated_averaging import correlated_average_variance
from eigenscape.theory.iterate_averaging import AveragedIterates, averaged_iterate


@dataclass(frozen=True)
class SimulatedAverage:
    """An average on a noisy quadratic, in theory and simulated in one run.

    Attributes:
        averaged: Which iterates.
        learning_rate: η.
        memory: Steps over which the noise is correlated; 1 for independent noise.
        predicted: Expected loss per parameter.
        sampled: The loss per parameter of the run.
        standard_error: Of that, from the spread over parameters.
    """

    averaged: AveragedIterates
    learning_rate: float
    memory: int
    predicted: float
    sampled: float
    standard_error: float

    @property
    def deviation(self) -> float:
        """What was sampled minus what was predicted, in standard errors."""
        return (self.sampled - self.predicted) / self.standard_error


@dataclass(frozen=True)
class AveragedRun:
    """A network trained once: its last iterate, then its averages.

    Attributes:
        validation_errors: Share of validation examples misclassified; NaN without any.
        validation_losses: Their mean loss.
        test_errors: Share of test examples misclassified.
        test_losses: Their mean loss.
        training_losses: Mean loss of each epoch.
    """

    validation_errors: Float[np.ndarray, " k"]
    validation_losses: Float[np.ndarray, " k"]
    test_errors: Float[np.ndarray, " k"]
    test_losses: Float[np.ndarray, " k"]
    training_losses: Float[np.ndarray, " e"]


@dataclass(frozen=True)
class TunedMethod:
    """A method on a network: its settings tried, and the best of them on fresh seeds.

    Attributes:
        network: The network.
        name: The method.
        averaged: Whether its product is an average, rather than the last iterate.
        learning_rates: Of each setting.
        weight_decays: Of each setting.
        tuning: The run of each setting; none if there was one to choose from.
        chosen: Which setting is the best by validation error, then loss.
        runs: Runs of the chosen setting, one a seed.
    """

    network: str
    name: str
    averaged: bool
    learning_rates: Float[np.ndarray, " g"]
    weight_decays: Float[np.ndarray, " g"]
    tuning: tuple[AveragedRun, ...]
    chosen: int
    runs: tuple[AveragedRun, ...]

    @property
    def errors(self) -> Float[np.ndarray, "s k"]:
        """Test errors of the chosen setting, seed by seed, last iterate first."""
        return np.array([run.test_errors for run in self.runs])

    @property
    def product(self) -> Float[np.ndarray, " s"]:
        """Test errors of what the method is for, the average or the last iterate."""
        return self.errors[:, 1 if self.averaged else 0]


@dataclass(frozen=True)
class AveragingStudy:
    """Averages against last iterates.

    Attributes:
        simulated: On a noisy quadratic.
        data: What the images are.
        frequencies: Epochs from one iterate averaged to the next, average by average,
            0 for every step; methods are tuned for the first.
        methods: On networks, network by network.
    """

    simulated: tuple[SimulatedAverage, ...]
    data: str
    frequencies: Float[np.ndarray, " f"]
    methods: tuple[TunedMethod, ...]


def simulate_averages(
    quadratic: NoisyQuadratic,
    averages: tuple[AveragedIterates, ...],
    *,
    learning_rate: float,
    memory: int,
    rng: np.random.Generator,
) -> tuple[SimulatedAverage, ...]:
    """Descend once with noisy gradients, and form several averages on the way.

    Noise of memory m is the scaled sum of the last m of independent draws, of
    autocorrelation 1 − h/m.

    Args:
        quadratic: Its eigenvalues, one parameter each.
        averages: Which.
        learning_rate: η.
        memory: m.
        rng: Source of the noise.

    Returns:
        Each average beside its expectation.
    """
    count, steps = quadratic.eigenvalues.size, max(a.steps for a in averages)
    scale = np.sqrt(quadratic.noise_variance / memory)
    drawn = [scale * rng.standard_normal(count) for _ in range(memory)]
    noise = np.sum(drawn, axis=0)
    w = np.full(count, np.sqrt(quadratic.initial_square))
    sums = [np.zeros(count) for _ in averages]
    for step in range(1, steps + 1):
        w -= learning_rate * (quadratic.eigenvalues * w + noise)
        for total, a in zip(sums, averages, strict=True):
            passed = step - a.start
            if 0 < passed <= a.every * a.count and passed % a.every == 0:
                np.add(total, w / a.count, out=total)
        oldest = step % memory
        fresh = scale * rng.standard_normal(count)
        noise = noise + fresh - drawn[oldest]
        drawn[oldest] = fresh
    found: list[SimulatedAverage] = []
    for total, a in zip(sums, averages, strict=True):
        losses = quadratic.eigenvalues * total**2 / 2
        error = float(losses.std(ddof=1) / np.sqrt(count))
        expected = _expected(quadratic, a, learning_rate, memory)
        mean = float(losses.mean())
        found.append(SimulatedAverage(a, learning_rate, memory, expected, mean, error))
    return tuple(found)


def _expected(
    quadratic: NoisyQuadratic, averaged: AveragedIterates, rate: float, memory: int
) -> float:
    if memory == 1:
        return averaged_risk(quadratic, averaged, learning_rate=rate).loss
    options = {"learning_rate": rate, "noise_variance": quadratic.noise_variance}
    eigenvalues = quadratic.eigenvalues
    bias = averaged_iterate(eigenvalues, averaged, **options).bias
    variance = correlated_average_variance(
        eigenvalues, averaged, 1 - np.arange(memory) / memory, **options
    )
    square = quadratic.initial_square * bias**2 + variance
    return float(quadratic.weights @ (eigenvalues * square) / 2)
