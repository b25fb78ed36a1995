"""How much of a noisy second-order step is rescaled gradient descent."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.exact import exact_matrix
from eigenscape.curvature.operators import GaussNewton
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.pooled_digits import (
    NetworkConfig,
    batches_of,
    trained_network,
)
from eigenscape.spectra.preconditioning import (
    Preconditioning,
    StepComparison,
    StepShares,
    compare_steps,
)
from eigenscape.theory import Affine, Semicircle
from eigenscape.theory.ensembles import (
    GOE,
    Deterministic,
    Ensemble,
    RandomRegular,
    Wigner,
    Wishart,
    uniform_entries,
)
from eigenscape.theory.noisy_resolvent import NoisyStep

_SPIKES = (5.0, 3.0)
_ALONG_SPIKES = (0.5, 0.3)  # of the energy of the gradient


@dataclass(frozen=True)
class PreconditioningConfig:
    """Sampled matrices, and the network.

    Attributes:
        size: N of the sampled matrices.
        samples: How many of each.
        noise: s, the scale of their noise.
        dampings: δ of their steps, above the 2s where noise makes H indefinite.
        network: The network.
        relative_dampings: δ of its steps, in units of the largest eigenvalue of its
            Gauss-Newton matrix.
        seed: Master seed.
    """

    size: int = 1000
    samples: int = 10
    noise: float = 0.5
    dampings: tuple[float, ...] = (1.2, 2.0, 4.0)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    relative_dampings: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0)
    seed: int = 0


def run(config: PreconditioningConfig, directory: Path) -> Preconditioning:
    """Take noisy steps on sampled matrices and on a network along its training.

    Args:
        config: The configuration.
        directory: Keeps the checkpoints of the network.

    Returns:
        All comparisons.
    """
    low_rank, covariance = None, Wishart(0.5)
    pairs: tuple[tuple[str, Ensemble | None, Ensemble], ...] = (
        ("two spikes + GOE", low_rank, GOE()),
        ("two spikes + uniform Wigner", low_rank, Wigner(uniform_entries)),
        ("two spikes + random regular", low_rank, RandomRegular(3)),
        ("Wishart and two spikes + GOE", covariance, GOE()),
    )
    ensembles = [
        compared
        for name, bulk, noise in pairs
        for compared in _ensemble(config, name, bulk, noise)
    ]
    return Preconditioning(tuple(ensembles), tuple(_network(config, directory)))


def measure(found: Preconditioning) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The comparisons.

    Returns:
        The quantities by name.
    """
    errors = [
        np.sqrt(c.size) * _difference(c.predicted, c.measured)
        for c in found.ensembles
        if c.predicted is not None and c.measured is not None
    ]
    network = [c for c in found.network if c.measured is not None]
    both = [
        (c.predicted, c.rotated, c.measured)
        for c in network
        if c.predicted is not None and c.rotated is not None and c.measured is not None
    ]
    return {
        "sampled matrices: steps compared": float(len(errors)),
        "sampled matrices: error of the shares in N^(-1/2)": max(
            errors, default=np.inf
        ),
        "network: steps that free noise predicts": len(both) / len(found.network),
        "network: error of the shares by free noise": max(
            (_difference(p, m) for p, _, m in both), default=np.inf
        ),
        "network: error of the shares by rotated noise": max(
            (_difference(r, m) for _, r, m in both), default=np.inf
        ),
    }


def _difference(
    predicted: NoisyStep | StepShares | None, measured: StepShares | None
) -> float:
    if predicted is None or measured is None:
        return np.inf
    return max(
        abs(predicted.gradient_share - measured.gradient_share),
        abs(predicted.random_share - measured.random_share),
        abs(predicted.exact_share - measured.exact_share),
    )


def _ensemble(
    config: PreconditioningConfig, name: str, bulk: Ensemble | None, noise: Ensemble
) -> tuple[StepComparison, ...]:
    rng = stream(config.seed, "ensemble", name)
    rest = config.size - len(_SPIKES)
    inner = (
        np.zeros(rest)
        if bulk is None
        else Deterministic(bulk.law).sample_eigenvalues(rest, rng=rng)
    )
    curvature = np.diag(np.append(inner, _SPIKES))
    # A fixed direction: it has to be independent of the noise, not random.
    even = np.sqrt((1 - sum(_ALONG_SPIKES)) / rest)
    gradient = np.append(np.full(rest, even), np.sqrt(_ALONG_SPIKES))
    gradient[: rest // 2] *= -1
    draws = [
        curvature + config.noise * noise.sample(config.size, rng=rng)
        for _ in range(config.samples)
    ]
    law = Affine(noise.law, config.noise)
    return compare_steps(
        name, curvature, np.array(draws), gradient, config.dampings, noise=law, rng=rng
    )


def _network(config: PreconditioningConfig, directory: Path) -> list[StepComparison]:
    return [
        compared
        for checkpoint, risk in trained_network(
            config.network, directory, seed=config.seed
        )
        for compared in _checkpoint(config, checkpoint.name, risk)
    ]


def _checkpoint(
    config: PreconditioningConfig, name: str, risk: EmpiricalRisk
) -> list[StepComparison]:
    whole = exact_matrix(GaussNewton(risk)).full()
    gradient = risk.gradient().numpy()
    top = float(np.linalg.eigvalsh(whole)[-1])
    network, found = config.network, list[StepComparison]()
    for size in network.batch_sizes:
        batches = list(batches_of(risk, name, size, network.draws, seed=config.seed))
        draws = np.array([
            exact_matrix(GaussNewton(batch, check=False)).full() for batch in batches
        ])
        variance = float(((draws - whole) ** 2).sum(axis=(1, 2)).mean()) / len(whole)
        found += compare_steps(
            name,
            whole,
            draws,
            gradient,
            [top * damping for damping in config.relative_dampings],
            noise=Semicircle(variance),
            batch_size=size,
            batch_gradients=np.array([batch.gradient().numpy() for batch in batches]),
            rng=stream(config.seed, "rotations", name, size),
        )
    return found


EXPERIMENT = Experiment(
    "preconditioning", PreconditioningConfig, Preconditioning, run, measure
)
