"""Averages of iterates against last iterates: a noisy quadratic, and networks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from eigenscape.core import stream, stream_seed
from eigenscape.experiments.averaged_training import (
    AveragedTraining,
    AveragedTrial,
    AveragingMethod,
)
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.image_networks import (
    ImagesConfig,
    ImageTask,
    NetworkConfig,
    image_network,
    image_task,
)
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.landscape.averaging_study import (
    AveragedRun,
    AveragingStudy,
    SimulatedAverage,
    TunedMethod,
    simulate_averages,
)
from eigenscape.theory.averaging_risk import NoisyQuadratic
from eigenscape.theory.iterate_averaging import AveragedIterates


@dataclass(frozen=True)
class QuadraticConfig:
    """The noisy quadratic, of eigenvalues log-uniform in [0.05, 1] and noise 1/8.

    Attributes:
        parameters: How many.
        steps: Of descent.
        learning_rates: η.
        every: Steps from one iterate averaged to the next, of the rarer average.
        memory: Steps over which noise is correlated, in the last of the runs.
    """

    parameters: int = 20_000
    steps: int = 2000
    learning_rates: tuple[float, ...] = (0.05, 0.5, 1.5)
    every: int = 20
    memory: int = 10


@dataclass(frozen=True)
class IterateAveragingConfig:
    """What is compared.

    Attributes:
        quadratic: The noisy quadratic.
        networks: The networks.
        images: The images.
        validation: Training examples held out to choose settings by; 0 where every
            method has one setting.
        methods: Methods, each with as many settings as the others.
        training: How networks are trained.
        seeds: Runs of each chosen setting.
        device: "cpu" or an accelerator's name.
        seed: Master seed.
    """

    quadratic: QuadraticConfig = field(default_factory=QuadraticConfig)
    networks: tuple[NetworkConfig, ...] = (NetworkConfig(),)
    images: ImagesConfig = field(default_factory=ImagesConfig)
    validation: int = 1000
    methods: tuple[AveragingMethod, ...] = ()
    training: AveragedTraining = field(default_factory=AveragedTraining)
    seeds: int = 3
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        budgets = {m.name: len(m.settings) for m in self.methods}
        if len(set(budgets.values())) > 1:
            message = (
                f"methods: expected equally many settings for each, got {budgets}; "
                "add or remove some"
            )
            raise ValueError(message)
        if self.validation < 1 and max(budgets.values(), default=1) > 1:
            message = (
                f"validation: expected examples to choose settings by, got "
                f"{self.validation}; give at least 1"
            )
            raise ValueError(message)
        if self.seeds < 1:
            message = f"seeds: expected at least 1, got {self.seeds}"
            raise ValueError(message)


def run(config: IterateAveragingConfig, directory: Path) -> AveragingStudy:
    """Simulate the quadratic, choose the settings of each method, and run them.

    Args:
        config: The configuration.
        directory: Keeps finished runs, and the state of one that is interrupted. What
            is left is forecast on standard error.

    Returns:
        All of it.
    """
    trials = _Trials(config, directory)
    tuned = trials.tuned()
    return AveragingStudy(
        _simulated(config),
        trials.tasks[0].data,
        np.array(config.training.frequencies),
        trials.evaluated(tuned),
    )


def measure(found: AveragingStudy) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name; test errors are means over seeds, in per cent.
    """
    measured = {
        "quadratic: farthest from theory, in standard errors": max(
            abs(one.deviation) for one in found.simulated
        )
    }
    for method in found.methods:
        errors = 100 * method.errors.mean(0)
        where = f"{method.network}, {method.name}"
        measured[f"{where}: test error"] = float(100 * method.product.mean())
        if method.averaged:
            measured[f"{where}: gain over its last iterate"] = float(
                errors[0] - errors[1]
            )
            spread = errors[1:].max() - errors[1:].min()
            measured[f"{where}: spread over frequencies"] = float(spread)
            measured |= _gains(where, method)
    for network in dict.fromkeys(method.network for method in found.methods):
        own = [m for m in found.methods if m.network == network]
        averaged = [m.product.mean() for m in own if m.averaged]
        last = [m.product.mean() for m in own if not m.averaged]
        if averaged and last:
            measured[f"{network}: best average over best last iterate"] = float(
                100 * (min(last) - min(averaged))
            )
    return measured


def _gains(where: str, method: TunedMethod) -> dict[str, float]:
    """What averaging gained at the ends of the settings tried, on validation."""
    gains = [
        100 * float(run.validation_errors[0] - run.validation_errors[1])
        for run in method.tuning
    ]
    order = np.lexsort((method.weight_decays, method.learning_rates)).tolist()
    ends = (("smallest", order[0]), ("largest", order[-1]))
    return {
        f"{where}: gain at the {told} rate and decay": gains[index]
        for told, index in ends
        if gains
    }


@dataclass(frozen=True)
class _Trials:
    """The runs of a configuration, by what they are for."""

    config: IterateAveragingConfig
    directory: Path

    @cached_property
    def tasks(self) -> tuple[ImageTask, ...]:
        """Each network with its images, which are read once."""
        config = self.config
        found: dict[bool, ImageTask] = {}
        for network in config.networks:
            flat = network.kind == "mlp"
            if flat not in found:
                found[flat] = image_task(
                    network,
                    config.images,
                    seed=config.seed,
                    generator=torch.Generator(),
                )
        return tuple(found[network.kind == "mlp"] for network in config.networks)

    def tuned(self) -> dict[tuple[int, int], tuple[AveragedRun, ...]]:
        """Run every setting of every method once; none where there is but one."""
        keys = [
            (network, method, setting)
            for network in range(len(self.config.networks))
            for method, own in enumerate(self.config.methods)
            for setting in range(len(own.settings) if len(own.settings) > 1 else 0)
        ]
        parts = [self._part(*key, draw=0) for key in keys]
        runs = kept_parts(AveragedRun, parts, self.directory / "tuning")
        found: dict[tuple[int, int], tuple[AveragedRun, ...]] = {}
        for key, one in zip(keys, runs, strict=True):
            found[key[:2]] = (*found.get(key[:2], ()), one)
        return found

    def evaluated(
        self, tuned: dict[tuple[int, int], tuple[AveragedRun, ...]]
    ) -> tuple[TunedMethod, ...]:
        """Run what was chosen on fresh seeds."""
        config = self.config
        pairs = [
            (n, m)
            for n in range(len(config.networks))
            for m in range(len(config.methods))
        ]
        chosen = {
            pair: _best(tuned.get(pair, ()), averaged=config.methods[pair[1]].averaged)
            for pair in pairs
        }
        parts = [
            self._part(*pair, chosen[pair], draw=1 + draw)
            for pair in pairs
            for draw in range(config.seeds)
        ]
        runs = kept_parts(AveragedRun, parts, self.directory / "runs")
        found: list[TunedMethod] = []
        for i, (network, method) in enumerate(pairs):
            own = config.methods[method]
            rates, decays = np.array(own.settings).T
            found.append(
                TunedMethod(
                    self._trial(network, own, 0, 0).task.name,
                    own.name,
                    own.averaged,
                    rates,
                    decays,
                    tuned.get((network, method), ()),
                    chosen[network, method],
                    runs[i * config.seeds : (i + 1) * config.seeds],
                )
            )
        return tuple(found)

    def _part(
        self, network: int, method: int, setting: int, *, draw: int
    ) -> Part[AveragedRun]:
        own = self.config.methods[method]
        name = f"{network}-{own.name}-{setting}-{draw}"
        state = self.directory / "states" / f"{name}.pt"

        def compute() -> AveragedRun:
            return self._trial(network, own, setting, draw).run(state)

        return Part(name, compute)

    def _trial(
        self, network: int, method: AveragingMethod, setting: int, draw: int
    ) -> AveragedTrial:
        config = self.config
        seed = stream_seed(config.seed, "averaging", network, draw)
        images = self.tasks[network]
        model, name = image_network(
            config.networks[network],
            images.train[0].shape[1],
            int(images.train[1].max()) + 1,
            generator=torch.Generator().manual_seed(stream_seed(seed, "model")),
        )
        if config.networks[network] == NetworkConfig("mlp", ()):
            name = name.replace("MLP", "logistic regression")
        task = replace(images, model=model.to(config.device), name=name)
        kept = len(task.train[1]) - config.validation
        return AveragedTrial(
            task,
            (task.train[0][:kept], task.train[1][:kept]),
            (task.train[0][kept:], task.train[1][kept:]),
            method,
            method.settings[setting],
            config.training,
            seed,
        )


def _best(runs: tuple[AveragedRun, ...], *, averaged: bool) -> int:
    which = 1 if averaged else 0
    scores = [
        (float(one.validation_errors[which]), float(one.validation_losses[which]))
        for one in runs
    ]
    ranked = [tuple(np.nan_to_num(score, nan=np.inf)) for score in scores]
    return min(range(len(ranked)), key=ranked.__getitem__, default=0)


def _simulated(config: IterateAveragingConfig) -> tuple[SimulatedAverage, ...]:
    own = config.quadratic
    drawn = stream(config.seed, "spectrum").uniform(np.log(0.05), 0, own.parameters)
    quadratic = NoisyQuadratic.of(np.exp(drawn), noise_variance=1 / 8)
    half, rare = own.steps // 2, own.steps // own.every
    averages = (
        AveragedIterates(1, start=own.steps - 1),
        AveragedIterates(own.steps),
        AveragedIterates(own.steps - half, start=half),
        AveragedIterates(rare, start=own.steps - rare * own.every, every=own.every),
    )
    settings = [(rate, 1) for rate in own.learning_rates]
    settings.append((own.learning_rates[-1], own.memory))
    return tuple(
        one
        for rate, memory in settings
        for one in simulate_averages(
            quadratic,
            averages,
            learning_rate=rate,
            memory=memory,
            rng=stream(config.seed, "quadratic", f"{rate:g}", memory),
        )
    )


EXPERIMENT = Experiment(
    "iterate-averaging", IterateAveragingConfig, AveragingStudy, run, measure
)
