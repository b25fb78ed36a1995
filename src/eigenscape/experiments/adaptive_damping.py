"""Does damping close the gap of adaptive optimisers, and does its start matter?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from eigenscape.core import stream_seed
from eigenscape.experiments.damped_training import (
    DAMPED,
    OPTIMISERS,
    DampingTask,
    Optimiser,
    ProbeConfig,
    train_damped,
)
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.image_networks import (
    ImagesConfig,
    ImageTask,
    NetworkConfig,
    image_task,
)
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.spectra.damping_study import DampedRun, DampingStudy
from eigenscape.training.loop import TrainingConfig

LOGISTIC_REGRESSION = NetworkConfig("mlp", hidden=())


@dataclass(frozen=True)
class AdaptiveDampingConfig:
    """Networks, data, training, and the settings that optimisers are tuned over.

    The damped optimisers have each initial damping with each of their rates, the
    others as many rates, on a geometric grid.

    Attributes:
        networks: The networks.
        images: The images.
        used: Training examples used; all if 0.
        held_out: Training examples set apart for validation.
        training: How networks are trained; the learning rate is tuned.
        probe: How curvature is measured.
        optimisers: Which optimisers.
        dampings: Initial dampings of the damped optimisers.
        damped_rates: Their learning rates.
        sgd_rates: Ends of the grid of SGD.
        adam_rates: Ends of the grid of the other optimisers.
        runs: Runs of each setting, of different initial weights and batches.
        device: "cpu" or an accelerator's name.
        seed: Master seed.
    """

    networks: tuple[NetworkConfig, ...] = (LOGISTIC_REGRESSION,)
    images: ImagesConfig = field(default_factory=ImagesConfig)
    used: int = 0
    held_out: int = 500
    training: TrainingConfig = field(default_factory=TrainingConfig)
    probe: ProbeConfig = field(default_factory=ProbeConfig)
    optimisers: tuple[Optimiser, ...] = OPTIMISERS
    dampings: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0)
    damped_rates: tuple[float, ...] = (0.01, 0.03, 0.1)
    sgd_rates: tuple[float, ...] = (3e-3, 0.3)
    adam_rates: tuple[float, ...] = (3e-4, 0.03)
    runs: int = 3
    device: str = "cpu"
    seed: int = 0

    def settings(self, optimiser: Optimiser) -> tuple[tuple[float, float], ...]:
        """List the settings of an optimiser.

        Args:
            optimiser: The optimiser.

        Returns:
            Pairs of initial damping and learning rate, as many for every optimiser.
        """
        pairs = tuple((d, r) for d in self.dampings for r in self.damped_rates)
        if optimiser in DAMPED:
            return pairs
        low, high = self.sgd_rates if optimiser == "SGD" else self.adam_rates
        return tuple((0.0, float(r)) for r in np.geomspace(low, high, len(pairs)))


def run(config: AdaptiveDampingConfig, directory: Path) -> DampingStudy:
    """Train every network by every optimiser with every setting, several times.

    Finished runs are kept in the directory, where an interrupted study goes on.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        The runs.
    """
    tasks = [_tasks(config, network) for network in config.networks]
    parts = [
        part for place, own in enumerate(tasks) for part in _parts(config, place, own)
    ]
    runs = kept_parts(DampedRun, parts, directory / "runs")
    first = DampingTask(tasks[0][0], config.held_out, config.used)
    counts = f"{len(first.train[1])} trained on, {config.held_out} held out"
    return DampingStudy(f"{first.task.data}, {counts}", runs)


def measure(study: DampingStudy) -> Mapping[str, float]:
    """Compute what the acceptance is about.

    Args:
        study: The runs.

    Returns:
        Quantities by name; of test errors in points of a hundred, the worst task.
    """
    least = {
        optimiser: max(
            100 * study.tuned(task, optimiser).test_error.value for task in study.tasks
        )
        for optimiser in study.optimisers
    }
    found = {f"test error, {name}, %": value for name, value in least.items()}
    for optimiser in DAMPED:
        found[f"range over initial dampings, {optimiser}, %"] = max(
            100 * study.sensitivity(task, optimiser).range for task in study.tasks
        )
    gaps = [
        100
        * (
            study.tuned(task, optimiser).test_error.value
            - study.tuned(task, "SGD").test_error.value
        )
        for task in study.tasks
        for optimiser in study.optimisers
    ]
    found["test error above that of SGD, greatest, %"] = max(gaps)
    return found


def _tasks(config: AdaptiveDampingConfig, network: NetworkConfig) -> list[ImageTask]:
    """The network, its weights drawn anew for each run, on one copy of the images."""
    tasks: list[ImageTask] = []
    for number in range(config.runs):
        seed = stream_seed(config.seed, "weights", number)
        generator = torch.Generator().manual_seed(seed)
        task = image_task(network, config.images, seed=config.seed, generator=generator)
        task.model.to(config.device)
        if network == LOGISTIC_REGRESSION:
            task = replace(task, name="logistic regression")
        first = tasks[0] if tasks else task
        tasks.append(replace(task, train=first.train, test=first.test))
    return tasks


def _parts(
    config: AdaptiveDampingConfig, place: int, tasks: list[ImageTask]
) -> Iterator[Part[DampedRun]]:
    for optimiser in config.optimisers:
        for number, (damping, rate) in enumerate(config.settings(optimiser)):
            for run_number, task in enumerate(tasks):
                yield Part(
                    f"{place}-{optimiser.replace(' ', '-')}-{number}-{run_number}",
                    partial(
                        train_damped,
                        DampingTask(task, config.held_out, config.used),
                        optimiser,
                        replace(config.training, learning_rate=rate),
                        config.probe,
                        damping=damping,
                        run=run_number,
                        seed=config.seed,
                    ),
                )


EXPERIMENT = Experiment(
    "adaptive-damping", AdaptiveDampingConfig, DampingStudy, run, measure
)
