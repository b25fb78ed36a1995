"""Prevalence of minima, rough and smooth regions: closed forms, samples, a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from eigenscape.core import stream
from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.exact import exact_matrix
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.pooled_digits import (
    NetworkConfig,
    batches_of,
    trained_network,
)
from eigenscape.landscape.batch_landscape import minima_switch
from eigenscape.landscape.confined_field import sample_confined_field
from eigenscape.landscape.prevalence import PrevalenceOfMinima, sample_switch
from eigenscape.landscape.regions import Region, measured_region
from eigenscape.landscape.sampled_determinants import (
    DeterminantCheck,
    check_determinant,
)
from eigenscape.theory import Discrete, Semicircle, Uniform
from eigenscape.theory.ensembles import (
    GOE,
    Deterministic,
    RandomRegular,
    Wigner,
    Wishart,
    uniform_entries,
)
from eigenscape.training import Checkpoint


@dataclass(frozen=True)
class PrevalenceConfig:
    """Sizes of the sampled matrices, and the network.

    Attributes:
        size: N of a1 + GOE and of the sums of ensembles.
        samples: Matrices of each.
        field_size: N of the confined field.
        field_samples: Spectra of it.
        network: The network; its weight decay is part of the loss.
        seed: Master seed.
    """

    size: int = 500
    samples: int = 50
    field_size: int = 60
    field_samples: int = 2000
    network: NetworkConfig = field(default_factory=NetworkConfig)
    seed: int = 0


def run(config: PrevalenceConfig, directory: Path) -> PrevalenceOfMinima:
    """Sample the closed forms, then measure a network along its training.

    Args:
        config: The configuration.
        directory: Keeps the checkpoints of the network.

    Returns:
        All of it.
    """
    switch = sample_switch(
        np.linspace(1.0, 3.0, 21),
        config.size,
        config.samples,
        rng=stream(config.seed, "switch"),
    )
    confined = sample_confined_field(
        np.linspace(0.1, 1.6, 16),
        config.field_size,
        config.field_samples,
        rng=stream(config.seed, "field"),
    )
    regions, norms = _regions(config, directory)
    return PrevalenceOfMinima(switch, confined, _determinants(config), regions, norms)


def measure(found: PrevalenceOfMinima) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name. A rate of determinants errs by O((log N)/N), the unit
        of its errors.
    """
    switch, confined = found.switch, found.field
    m = np.minimum(confined.strengths, 1.0)
    exact = (m**2 - 1) / 2 - np.log(m)
    minima = (4 * m - m**2 - 3) / 2 - np.log(m)
    unit = np.log(switch.dimension) / switch.dimension
    field_unit = np.log(confined.dimension) / confined.dimension
    pairs = [abs(d.sampled.value - d.rate) for d in found.determinants]
    crowded = confined.strengths < 0.95
    measured = confined.sampled - confined.complexity
    return {
        "switch of minima, error": abs(
            minima_switch(Discrete.point_mass(1.0), Semicircle(1.0)) - 0.5
        ),
        "share positive at a ≤ 1.8 s": float(
            switch.positive[switch.strengths < 1.85].max()
        ),
        "share positive at a ≥ 2.2 s": float(
            switch.positive[switch.strengths > 2.15].min()
        ),
        "determinants of a1 + GOE, error in (log N)/N": float(
            np.abs(switch.sampled - switch.rates).max() / unit
        ),
        "determinants of sums, error in (log N)/N": max(pairs) / float(unit),
        "confined field, error of closed forms": float(
            max(
                np.abs(confined.complexity - exact).max(),
                np.abs(confined.minima_complexity - minima).max(),
            )
        ),
        "confined field, error of counts in (log N)/N": float(
            np.abs(measured[crowded]).max() / field_unit
        ),
        "network, free sum: error of the share of negative directions": max(
            abs(r.free.negative - r.sampled.negative) for r in found.regions
        ),
        "network, free sum: error of (1/N) log E|det|": max(
            abs(r.free.determinant_rate - r.sampled.determinant_rate)
            for r in found.regions
        ),
        "network, greatest p-value of ergodic noise": max(
            r.ergodicity_p_value for r in found.regions
        ),
    }


def _determinants(config: PrevalenceConfig) -> tuple[DeterminantCheck, ...]:
    signs = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    sums = (
        ("random regular + GOE", RandomRegular(3), GOE()),
        ("Wishart + GOE", Wishart(0.5), GOE()),
        ("signs + uniform Wigner", Deterministic(signs), Wigner(uniform_entries, 2.0)),
        ("diagonal + Wishart", Deterministic(Uniform(1.0, 3.0)), Wishart(0.5)),
    )
    return tuple(
        check_determinant(
            name,
            first,
            second,
            config.size,
            config.samples,
            rng=stream(config.seed, "determinants", name),
        )
        for name, first, second in sums
    )


def _regions(
    config: PrevalenceConfig, directory: Path
) -> tuple[tuple[Region, ...], np.ndarray]:
    regions: list[Region] = []
    norms: list[float] = []
    for checkpoint, risk in trained_network(
        config.network, directory, seed=config.seed
    ):
        weights = torch.nn.utils.parameters_to_vector(risk.params).detach().numpy()
        norms.append(float(np.linalg.norm(weights)))
        regions += _checkpoint_regions(config, checkpoint, risk, weights)
    return tuple(regions), np.array(norms)


def _checkpoint_regions(
    config: PrevalenceConfig,
    checkpoint: Checkpoint,
    risk: EmpiricalRisk,
    weights: np.ndarray,
) -> list[Region]:
    network, name = config.network, checkpoint.name
    decay = network.training.weight_decay
    whole = exact_matrix(Hessian(risk)).full()
    ridge = decay * np.eye(len(whole))
    gradient = risk.gradient().numpy()
    regions: list[Region] = []
    for size in network.batch_sizes:
        batches = list(batches_of(risk, name, size, network.draws, seed=config.seed))
        noise = np.array([batch.gradient().numpy() - gradient for batch in batches])
        matrices = [
            exact_matrix(Hessian(batch, check=False)).full() for batch in batches
        ]
        regions.append(
            measured_region(
                name,
                float(checkpoint.epoch),
                size,
                hessian=whole + ridge,
                batches=np.array(matrices) + ridge,
                gradient_norm=float(np.linalg.norm(gradient + decay * weights)),
                gradient_deviation=float(np.sqrt((noise**2).mean())),
                rng=stream(config.seed, "region", name, size),
            )
        )
    return regions


EXPERIMENT = Experiment(
    "prevalence-of-minima", PrevalenceConfig, PrevalenceOfMinima, run, measure
)
