"""What an experiment about the complexity of GANs finds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.landscape.gan.complexity import gan_complexity, lowest_losses
from eigenscape.landscape.gan.counts import gan_critical_point_count
from eigenscape.landscape.gan.index_bands import IndexBands
from eigenscape.landscape.gan.model import GanGlass, block_law
from eigenscape.landscape.gan.two_circles import two_circle_points
from eigenscape.theory.ensembles import GOE

_GRID = 400


@dataclass(frozen=True)
class BlockSpectrum:
    """Sampled Hessians of one shift and share beside their law.

    Attributes:
        shift: x₁.
        fraction: κ.
        eigenvalues: Pooled over the samples.
        grid: Where the density was evaluated.
        density: The law.
    """

    shift: float
    fraction: float
    eigenvalues: Float[np.ndarray, " m"]
    grid: Float[np.ndarray, " n"]
    density: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class CircleCount:
    """Exact counts on two circles beside the law.

    Attributes:
        model: The two glasses.
        counted: The mean number of points of sampled instances.
        law: The mean by the formula of Kac and Rice.
    """

    model: GanGlass
    counted: Estimate
    law: Estimate


@dataclass(frozen=True)
class Phases:
    """Complexity and lowest losses along one parameter.

    Attributes:
        name: The parameter.
        values: Its values.
        total: Θ of all points.
        discriminator: The lowest u_D with Θ ≥ 0.
        generator: The lowest u_G.
    """

    name: str
    values: Float[np.ndarray, " k"]
    total: Float[np.ndarray, " k"]
    discriminator: Float[np.ndarray, " k"]
    generator: Float[np.ndarray, " k"]


@dataclass(frozen=True)
class GanComplexity:
    """Spectra, counts, a map over both losses, bands of both indices, and phases.

    Attributes:
        model: The glasses of the map.
        spectra: Sampled Hessians at several shifts and shares κ.
        counts: Counts on two circles.
        levels: u_D and u_G of the map.
        complexity: Θ(u_D, u_G), u_D along rows.
        fractions: Phases along κ.
        noises: Phases along σ.
        bands: The complexity at fixed indices, where the noise is weak.
    """

    model: GanGlass
    spectra: tuple[BlockSpectrum, ...]
    counts: tuple[CircleCount, ...]
    levels: Float[np.ndarray, " n"]
    complexity: Float[np.ndarray, "n n"]
    fractions: Phases
    noises: Phases
    bands: IndexBands


def sample_block_spectrum(
    shift: float,
    size: int,
    samples: int,
    *,
    fraction: float,
    own: float,
    rng: np.random.Generator,
) -> BlockSpectrum:
    """Sample M + b₁ diag(M₁, 0) − x₁ diag(1, 0).

    Args:
        shift: x₁.
        size: N.
        samples: How many matrices.
        fraction: κ.
        own: b₁.
        rng: Source of randomness.

    Returns:
        Eigenvalues and the law.
    """
    first = round(fraction * size)
    spectra: list[np.ndarray] = []
    for _ in range(samples):
        matrix = GOE(0.5).sample(size, rng=rng)
        block = matrix[:first, :first]
        block += own * GOE(0.5).sample(first, rng=rng) - shift * np.eye(first)
        spectra.append(np.linalg.eigvalsh(matrix))
    law = block_law(shift, first / size, 1.0, own)
    ends = law.hull
    grid = np.linspace(ends.lower - 0.1, ends.upper + 0.1, _GRID)
    return BlockSpectrum(
        shift, fraction, np.concatenate(spectra), grid, law.density(grid)
    )


def count_on_circles(
    model: GanGlass, instances: int, samples: int, *, rng: np.random.Generator
) -> CircleCount:
    """Count all points of instances on two circles.

    Args:
        model: The two glasses.
        instances: How many.
        samples: Hessians of the law.
        rng: Source of randomness.

    Returns:
        Both means.
    """
    counts = np.array([
        len(two_circle_points(model, rng=rng).angles) for _ in range(instances)
    ])
    error = float(counts.std(ddof=1)) / math.sqrt(instances)
    law = gan_critical_point_count(model, dimensions=(2, 2), samples=samples, rng=rng)
    return CircleCount(model, Estimate(float(counts.mean()), error, instances), law)


def complexity_map(
    model: GanGlass, levels: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n n"]:
    """Evaluate the complexity over both losses.

    Args:
        model: The two glasses.
        levels: u_D and u_G.

    Returns:
        Θ, u_D along rows.
    """
    losses = np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1)
    return gan_complexity(model, losses.reshape(-1, 2)).reshape(len(levels), -1)


def phases(
    name: str, values: Float[np.ndarray, " k"], models: tuple[GanGlass, ...]
) -> Phases:
    """Evaluate the complexity and the lowest losses along a parameter.

    Args:
        name: The parameter.
        values: Its values.
        models: A GAN for each.

    Returns:
        The phases.
    """
    everything = np.array([[math.inf, math.inf]])
    lowest = np.array([lowest_losses(model) for model in models])
    total = [float(gan_complexity(model, everything)[0]) for model in models]
    return Phases(name, values, np.array(total), lowest[:, 0], lowest[:, 1])
