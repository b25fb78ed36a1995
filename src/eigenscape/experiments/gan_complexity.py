"""Complexity of the spin glasses of a GAN: spectra, counts, maps and phases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.landscape.gan.index_bands import IndexBands, index_bands
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import (
    BlockSpectrum,
    CircleCount,
    GanComplexity,
    Phases,
    complexity_map,
    count_on_circles,
    phases,
    sample_block_spectrum,
)

# x₁ and κ: merged, touching and separate in the published figure, and other shares.
_BLOCKS = ((1.1, 0.9), (1.5, 0.9), (4.0, 0.9), (1.5, 0.1), (1.5, 0.5))
_NOISES = (0.3, 1.0)


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
        band_noise: σ of the bands of both indices; minima of both losses are
            exponentially rare unless it is weak.
        band_points: Levels of the bands, a side.
        directions: The most negative directions in the bands, of both players.
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
    band_noise: float = 1e-3
    band_points: int = 60
    directions: int = 2
    seed: int = 0


def run(config: GanConfig, directory: Path) -> GanComplexity:
    """Sample Hessians, count on circles, compute the map, the phases and the bands.

    Args:
        config: The configuration.
        directory: Keeps finished spectra, counts, phases and bands, from which an
            interrupted run goes on. What is left is forecast on standard error.

    Returns:
        All of it.
    """
    model = GanGlass(
        config.discriminator_layers,
        config.generator_layers,
        config.noise,
        config.fraction,
    )
    spectra = [
        Part(f"shift-{shift}-share-{share}", partial(_spectrum, config, shift, share))
        for shift, share in _BLOCKS
    ]
    counts = [
        Part(f"noise-{noise}", partial(_counted, config, noise)) for noise in _NOISES
    ]
    sweeps = [
        Part("fraction", partial(_fractions, config, model)),
        Part("noise", partial(_noises, config, model)),
    ]
    weak = replace(model, noise=config.band_noise)
    own = partial(index_bands, weak, config.band_points, directions=config.directions)
    levels = np.linspace(-2.0, 2.0, config.map_points)
    spectra_found = kept_parts(BlockSpectrum, spectra, directory / "spectra")
    counted = kept_parts(CircleCount, counts, directory / "counts")
    fractions, noises = kept_parts(Phases, sweeps, directory / "phases")
    (bands,) = kept_parts(IndexBands, [Part("bands", own)], directory / "indices")
    heights = complexity_map(model, levels)
    return GanComplexity(
        model, spectra_found, counted, levels, heights, fractions, noises, bands
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


def _spectrum(config: GanConfig, shift: float, share: float) -> BlockSpectrum:
    return sample_block_spectrum(
        shift,
        config.size,
        config.samples,
        fraction=share,
        own=0.5,
        rng=stream(config.seed, "spectrum", str(shift), str(share)),
    )


def _counted(config: GanConfig, noise: float) -> CircleCount:
    return count_on_circles(
        GanGlass(2, 1, noise, 0.5),
        config.instances,
        40 * config.instances,
        rng=stream(config.seed, "circles", str(noise)),
    )


def _fractions(config: GanConfig, model: GanGlass) -> Phases:
    shares = np.linspace(0.05, 0.95, config.sweep_points)
    models = tuple(replace(model, fraction=k) for k in shares.tolist())
    return phases("κ", shares, models)


def _noises(config: GanConfig, model: GanGlass) -> Phases:
    noises = np.geomspace(1e-4, 1e2, config.sweep_points)
    models = tuple(replace(model, noise=s) for s in noises.tolist())
    return phases("σ", noises, models)


EXPERIMENT = Experiment("gan-complexity", GanConfig, GanComplexity, run, measure)
