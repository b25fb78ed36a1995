"""Complexity of a pure spin glass: theory, exact counts, points that searches find."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.landscape.glass_survey import (
    SpinGlassComplexity,
    complexity_curves,
    count_points,
    descend_instances,
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


def run(config: SpinGlassConfig, directory: Path) -> SpinGlassComplexity:  # ruff: ignore[unused-function-argument] (nothing to keep)
    """Compute the curves, count all points of small glasses, descend in large ones.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        All of it.
    """
    levels = np.linspace(-2.0, 0.5, config.levels)
    return SpinGlassComplexity(
        complexity_curves(
            SpinGlass.pure(config.degree), levels, config.exact_dimensions
        ),
        tuple(
            count_points(
                config.degree,
                n,
                config.small_instances,
                rng=stream(config.seed, "count", n),
            )
            for n in (2, 3)
        ),
        tuple(
            descend_instances(
                config.degree,
                n,
                config.instances,
                config.starts,
                rng=stream(config.seed, "descent", n),
            )
            for n in config.dimensions
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
    scores = [
        abs(c.count.value - c.exact) / c.count.standard_error for c in found.counted
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


EXPERIMENT = Experiment(
    "spin-glass-complexity", SpinGlassConfig, SpinGlassComplexity, run, measure
)
