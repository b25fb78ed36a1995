"""Complexity of a pure spin glass: theory, exact counts, points that searches find."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.landscape.glass_survey import (
    CountedPoints,
    DescendedPoints,
    SpinGlassComplexity,
    complexity_curves,
    count_points,
    descend_instance,
    pooled,
)
from eigenscape.landscape.spin_glass import SpinGlass


@dataclass(frozen=True)
class SpinGlassConfig:
    """The glass, the sizes and how many instances.

    Attributes:
        degree: p, the number of layers of the network it stands for.
        levels: How many energies the curves have.
        exact_dimensions: N of the exact counts.
        small_instances: Instances at N = 2 and 3 of which all points are found.
        dimensions: N of the descents.
        instances: Instances of each.
        starts: Starts in each instance.
        seed: Master seed.
    """

    degree: int = 3
    levels: int = 200
    exact_dimensions: tuple[int, ...] = (10, 50, 500)
    small_instances: int = 1000
    dimensions: tuple[int, ...] = (25, 50, 100, 250, 500)
    instances: int = 20
    starts: int = 50
    seed: int = 0


def run(config: SpinGlassConfig, directory: Path) -> SpinGlassComplexity:
    """Compute the curves, count all points of small glasses, descend in large ones.

    Args:
        config: The configuration.
        directory: Keeps finished counts and descents, from which an interrupted run
            goes on. What is left is forecast on standard error.

    Returns:
        All of it.
    """
    levels = np.linspace(-2.0, 0.5, config.levels)
    counts = [
        Part(f"dimension-{n}", partial(_counted, config, n), float(n**config.degree))
        for n in (2, 3)
    ]
    descents = [
        Part(
            f"dimension-{n}-instance-{i:03}",
            partial(_descended, config, n, i),
            float(n**config.degree),
        )
        for n in config.dimensions
        for i in range(config.instances)
    ]
    counted = kept_parts(CountedPoints, counts, directory / "counts")
    found = kept_parts(DescendedPoints, descents, directory / "descents")
    return SpinGlassComplexity(
        complexity_curves(
            SpinGlass.pure(config.degree), levels, config.exact_dimensions
        ),
        counted,
        tuple(
            pooled([f for f in found if f.dimension == n]) for n in config.dimensions
        ),
    )


def measure(found: SpinGlassComplexity) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name.
    """
    curves, last = found.curves, found.descended[-1]
    n = int(curves.dimensions[-1])
    gap = np.abs(curves.exact[-1] - curves.total).max()
    # Equal counts in a few instances are uncertain by one point in all of them.
    scores = [
        abs(c.count.value - c.exact) / max(c.count.standard_error, 1 / c.count.samples)
        for c in found.counted
    ]
    spreads = [d.energies.std() for d in found.descended]
    return {
        "exact counts, error of the rate in (log N)/N": float(gap * n / np.log(n)),
        "all points at N = 2 and 3, standard errors": max(scores),
        "share of descents that end in minima": float((last.indices == 0).mean()),
        "spread of the energies, largest N over smallest": float(
            spreads[-1] / spreads[0]
        ),
        "mean energy at the largest N, over −E∞": float(
            -last.energies.mean() / curves.marginal
        ),
    }


def _counted(config: SpinGlassConfig, dimension: int) -> CountedPoints:
    own = stream(config.seed, "count", dimension)
    return count_points(config.degree, dimension, config.small_instances, rng=own)


def _descended(
    config: SpinGlassConfig, dimension: int, instance: int
) -> DescendedPoints:
    own = stream(config.seed, "descent", dimension, instance)
    return descend_instance(config.degree, dimension, config.starts, rng=own)


EXPERIMENT = Experiment(
    "spin-glass-complexity", SpinGlassConfig, SpinGlassComplexity, run, measure
)
