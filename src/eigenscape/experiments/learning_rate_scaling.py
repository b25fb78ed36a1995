"""The largest stable learning rate against the batch size: theory, and training."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from eigenscape.core import stream, stream_seed
from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.curvature_variance import curvature_variance
from eigenscape.curvature.population_curvature import population_curvature
from eigenscape.experiments import image_networks, pooled_digits
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.optim.learning_rate_scaling import (
    HeavyBallRule,
    batch_size_grid,
    population_laws,
    scale_learning_rate,
)
from eigenscape.spectra.rate_search import RateSearch, Recipe, StableRates
from eigenscape.spectra.sampling_noise.prediction import noise_batch_size
from eigenscape.training.loop import TrainingConfig, fit_model
from eigenscape.training.stability_search import (
    Data,
    StabilitySettings,
    forecast_seconds,
    stable_rates,
)


@dataclass(frozen=True)
class MeasurementConfig:
    """How the curvature is measured.

    Attributes:
        spikes: Eigenpairs on all the data.
        examples: Examples whose own curvature is measured; all if None.
        tolerance: Residual of the eigenpairs, relative to the largest.
        variance_batch: Examples of the batches that the noise s² is measured on.
        probes: Random vectors of that measurement.
    """

    spikes: int = 60
    examples: int | None = None
    tolerance: float = 1e-3
    variance_batch: int = 64
    probes: int = 4


@dataclass(frozen=True)
class LearningRateScalingConfig:
    """The network, its training, and the search for stable rates.

    Attributes:
        task: Coarse digits and a small network, or one of the image networks.
        digits: The small network and its training; its batch sizes are of no use here.
        network: Which image network.
        images: Which images.
        training: How the image network is trained.
        measurement: How the curvature is measured.
        batch_sizes: Batch sizes searched, ascending.
        search: How rates are tried.
        recipes: Published rates to compare with.
        minibatch: Most examples pushed through the network at once.
        device: "cpu" or an accelerator's name.
        seed: Master seed.
    """

    task: Literal["pooled digits", "images"] = "pooled digits"
    digits: pooled_digits.NetworkConfig = field(
        default_factory=pooled_digits.NetworkConfig
    )
    network: image_networks.NetworkConfig = field(
        default_factory=image_networks.NetworkConfig
    )
    images: image_networks.ImagesConfig = field(
        default_factory=image_networks.ImagesConfig
    )
    training: TrainingConfig = field(default_factory=TrainingConfig)
    measurement: MeasurementConfig = field(default_factory=MeasurementConfig)
    batch_sizes: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 512)
    search: StabilitySettings = field(default_factory=StabilitySettings)
    recipes: tuple[Recipe, ...] = ()
    minibatch: int = 1024
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Task:
    name: str
    model: nn.Module
    data: Data
    risk: EmpiricalRisk


def run(config: LearningRateScalingConfig, directory: Path) -> StableRates:
    """Train a network, predict its stable rates, and search for them by training.

    Checkpoints and finished searches are kept in the directory, where an interrupted
    run goes on. The searches are forecast on standard error before they begin.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        Predicted and found rates.
    """
    prepare = _digits if config.task == "pooled digits" else _images
    task = prepare(config, directory)
    population = population_curvature(
        task.risk,
        count=config.measurement.spikes,
        matrix="hessian",
        projections=False,
        generator=_generator(config, "curvature"),
        tolerance=config.measurement.tolerance,
        examples=config.measurement.examples,
        checkpoint=directory / "curvature",
        progress=sys.stderr.isatty(),
    )
    n = task.risk.examples
    laws = population_laws(
        population,
        parameters=task.risk.size,
        curvature_variance=_example_variance(config, task.risk),
        rng=stream(config.seed, "laws"),
    )
    scalings = tuple(
        scale_learning_rate(
            law, HeavyBallRule(momentum), batch_size_grid(n), population=n
        )
        for law in laws
        for momentum in config.search.momenta
    )
    return StableRates(
        network=task.name,
        parameters=task.risk.size,
        examples=n,
        loss=task.risk.value(),
        growth=config.search.growth,
        top=float(population.spikes[0]),
        noise_batch_size=noise_batch_size(population),
        scalings=scalings,
        searches=_searches(config, task, directory),
        recipes=config.recipes,
    )


def measure(found: StableRates) -> Mapping[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name: how far each law is off, as a factor, at the batch size
        where it is worst; and the measured exponents at both ends.
    """
    quantities: dict[str, float] = {}
    for momentum in found.momenta:
        for law in found.laws:
            off = np.abs(np.log(found.factors(law, momentum)))
            name = f"{law}, momentum {momentum:g}: worst factor"
            quantities[name] = float(np.exp(off.max(initial=0.0)))
        rates = found.measured(momentum)
        last = rates.batch_sizes.size - 1
        if last >= 2:
            name = f"measured exponent, momentum {momentum:g}: "
            quantities[name + "smallest batches"] = rates.exponent(0, 2)
            quantities[name + "largest batches"] = rates.exponent(last - 1, last)
        quantities[f"rates found, momentum {momentum:g}"] = float(last + 1)
    return quantities


def _digits(config: LearningRateScalingConfig, directory: Path) -> _Task:
    network, seed = config.digits, config.seed
    data = pooled_digits.pooled_digits(network.train, network.side, seed=seed)
    model = pooled_digits.tanh_network(data[0].shape[1], network.width, seed=seed)
    fit_model(
        model,
        cross_entropy,
        data,
        network.training,
        seed=seed,
        directory=directory / "checkpoints",
    )
    name = f"{network.width} hidden units on digits of {network.side} × {network.side}"
    return _Task(name, model, data, EmpiricalRisk(model, cross_entropy, data))


def _images(config: LearningRateScalingConfig, directory: Path) -> _Task:
    task = image_networks.image_task(
        config.network,
        config.images,
        seed=config.seed,
        generator=_generator(config, "model"),
    )
    task.model.to(config.device)
    fit_model(
        task.model,
        cross_entropy,
        task.train,
        config.training,
        seed=config.seed,
        directory=directory / "checkpoints",
        augment=task.augment,
    )
    risk = EmpiricalRisk(
        task.model,
        cross_entropy,
        task.train,
        batch_size=config.minibatch,
        mode="eval",
    )
    return _Task(f"{task.name} on {task.data}", task.model, task.train, risk)


def _example_variance(config: LearningRateScalingConfig, risk: EmpiricalRisk) -> float:
    """Measure s² = E‖(Hᵢ − H)z‖², by batches: b times that of batches of size b."""
    settings = config.measurement
    size = min(settings.variance_batch, risk.examples // 2)
    found = curvature_variance(
        Hessian(risk.with_batch_size(size), check=False),
        generator=_generator(config, "variance"),
        probes=settings.probes,
    )
    return size * max(found.noise.value, 0.0)


def _searches(
    config: LearningRateScalingConfig, task: _Task, directory: Path
) -> tuple[RateSearch, ...]:
    momenta = np.array(config.search.momenta)

    def part(size: int) -> Part[RateSearch]:
        def compute() -> RateSearch:
            rates = stable_rates(
                task.model,
                cross_entropy,
                task.data,
                size,
                config.search,
                seed=config.seed,
            )
            return RateSearch(size, momenta, rates)

        return Part(f"b-{size}", compute, float(size))

    seconds = forecast_seconds(
        task.model, cross_entropy, task.data, config.batch_sizes, config.search
    )
    tqdm.write(f"searches for stable rates: {seconds:.0f} s", file=sys.stderr)
    return kept_parts(
        RateSearch, [part(size) for size in config.batch_sizes], directory / "searches"
    )


def _generator(config: LearningRateScalingConfig, name: str) -> torch.Generator:
    return torch.Generator().manual_seed(stream_seed(config.seed, name))


EXPERIMENT = Experiment(
    name="learning-rate-scaling",
    config=LearningRateScalingConfig,
    result=StableRates,
    run=run,
    measure=measure,
)
