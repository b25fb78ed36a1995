"""Complexity of the spin glasses of a GAN: spectra, counts, a map and phases."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import (
    GanComplexity,
    complexity_map,
    count_on_circles,
    phases,
    sample_block_spectrum,
)


@dataclass(frozen=True)
class GanConfig:
    """The glasses, sizes and sweeps.

    Attributes:
        discriminator_layers: p.
        generator_layers: q.
        noise: σ of the map and of the sweep of κ.
        fraction: κ of the map and of the sweep of σ.
        size: N of the sampled Hessians.
        samples: How many of them.
        instances: Instances on two circles of which all points are found.
        map_points: Levels of the map, a side.
        sweep_points: Values of κ and of σ.
        seed: Master seed.
    """

    discriminator_layers: int = 3
    generator_layers: int = 3
    noise: float = 1.0
    fraction: float = 0.9
    size: int = 300
    samples: int = 100
    instances: int = 1000
    map_points: int = 200
    sweep_points: int = 50
    seed: int = 0


def run(config: GanConfig, directory: Path) -> GanComplexity:  # ruff: ignore[unused-function-argument] (nothing to keep)
    """Sample Hessians, count on circles, compute the map and the phases.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        All of it.
    """
    model = GanGlass(
        config.discriminator_layers,
        config.generator_layers,
        config.noise,
        config.fraction,
    )
    shares = np.linspace(0.05, 0.95, config.sweep_points)
    noises = np.geomspace(1e-4, 1e2, config.sweep_points)
    levels = np.linspace(-2.0, 2.0, config.map_points)
    return GanComplexity(
        model,
        tuple(
            sample_block_spectrum(
                shift,
                config.size,
                config.samples,
                fraction=0.9,
                own=0.5,
                rng=stream(config.seed, "spectrum", str(shift)),
            )
            for shift in (1.1, 1.5, 4.0)
        ),
        tuple(
            count_on_circles(
                GanGlass(2, 1, noise, 0.5),
                config.instances,
                40 * config.instances,
                rng=stream(config.seed, "circles", str(noise)),
            )
            for noise in (0.3, 1.0)
        ),
        levels,
        complexity_map(model, levels),
        phases(
            "κ",
            shares,
            tuple(dataclasses.replace(model, fraction=k) for k in shares.tolist()),
        ),
        phases(
            "σ",
            noises,
            tuple(dataclasses.replace(model, noise=s) for s in noises.tolist()),
        ),
    )


def measure(found: GanComplexity) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name.
    """
    scores: list[float] = []
    for count in found.counts:
        errors = count.counted.standard_error, count.law.standard_error
        gap = count.counted.value - count.law.value
        scores.append(abs(gap) / float(np.hypot(*errors)))
    distances: list[float] = []
    for spectrum in found.spectra:
        step = spectrum.grid[1] - spectrum.grid[0]
        law = np.cumsum(spectrum.density) * step
        below = np.searchsorted(np.sort(spectrum.eigenvalues), spectrum.grid)
        distances.append(float(np.abs(below / spectrum.eigenvalues.size - law).max()))
    p, m = found.model.discriminator_layers, found.model.degree
    k = found.model.fraction
    weak = k / 2 * np.log(p - 1) + (1 - k) / 2 * np.log((m - 1) / 2)
    return {
        "counts on two circles, standard errors": max(scores),
        "spectra, distance of the distributions": max(distances),
        "complexity, share of the bound log(m − 1)": float(
            max(found.complexity.max(), found.noises.total.max()) / np.log(m - 1)
        ),
        "complexity at the weakest noise, error": float(
            abs(found.noises.total[0] - weak)
        ),
    }


EXPERIMENT = Experiment("gan-complexity", GanConfig, GanComplexity, run, measure)
