"""What an experiment about the complexity of pure spin glasses finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eigenscape.core import Estimate
from eigenscape.landscape.annealed import (
    best_energy,
    cumulative_complexity,
    lowest_energy,
)
from eigenscape.landscape.exact_counts import exact_count, log_exact_count
from eigenscape.landscape.search.descent import search_critical_points
from eigenscape.landscape.search.sampled_glass import sample_glass
from eigenscape.landscape.search.sphere_points import all_critical_points
from eigenscape.landscape.spin_glass import SpinGlass

_AROUND = 200
_BINS = 40


@dataclass(frozen=True)
class ComplexityCurves:
    """Annealed complexity of a glass, and exact counts.

    Attributes:
        name: Its degrees.
        levels: u.
        total: Θ(u).
        layer_levels: u around the band from −E₀ to −E∞.
        by_index: Θₖ(u) there of index 0, 1, …, one a row.
        marginal: E∞ of a pure glass; of a mixture the energy of most marginal points.
        lowest: E₀, E₁, ….
        dimensions: N of the exact counts.
        exact: (1/N) log of the exact mean numbers, one N a row.
    """

    name: str
    levels: Float[np.ndarray, " n"]
    total: Float[np.ndarray, " n"]
    layer_levels: Float[np.ndarray, " m"]
    by_index: Float[np.ndarray, "k m"]
    marginal: float
    lowest: Float[np.ndarray, " k"]
    dimensions: Int[np.ndarray, " d"]
    exact: Float[np.ndarray, "d n"]


@dataclass(frozen=True)
class CountedPoints:
    """All critical points of sampled instances.

    Attributes:
        dimension: N, 2 or 3.
        energies: f/√N of all of them.
        indices: Their numbers of negative eigenvalues.
        count: The mean number an instance.
        exact: The exact mean number.
        edges: Energies.
        expected: Exact mean numbers of points between them, an instance.
    """

    dimension: int
    energies: Float[np.ndarray, " m"]
    indices: Int[np.ndarray, " m"]
    count: Estimate
    exact: float
    edges: Float[np.ndarray, " edges"]
    expected: Float[np.ndarray, " bins"]


@dataclass(frozen=True)
class DescendedPoints:
    """Where gradient flow and Newton's method end.

    Attributes:
        dimension: N.
        energies: f/√N, one a start.
        indices: Numbers of negative eigenvalues.
    """

    dimension: int
    energies: Float[np.ndarray, " m"]
    indices: Int[np.ndarray, " m"]


@dataclass(frozen=True)
class SpinGlassComplexity:
    """Theory, exact counts, all points of small instances, descent in larger ones.

    Attributes:
        curves: The theory.
        counted: All points at N = 2 and 3.
        descended: Ends of descent, by dimension.
    """

    curves: ComplexityCurves
    counted: tuple[CountedPoints, ...]
    descended: tuple[DescendedPoints, ...]


def complexity_curves(
    glass: SpinGlass, levels: Float[np.ndarray, " n"], dimensions: tuple[int, ...]
) -> ComplexityCurves:
    """Compute the curves of the theory beside exact counts.

    Args:
        glass: The glass.
        levels: u.
        dimensions: N of the exact counts.

    Returns:
        The curves, of indices 0 to 3.
    """
    indices = range(4)
    exact = [
        [log_exact_count(glass, n, u) / n for u in levels.tolist()] for n in dimensions
    ]
    lowest = [lowest_energy(glass, index=k) for k in indices]
    edge = -best_energy(glass, 0)
    width = (lowest[0] or edge) - edge
    around = np.linspace(-edge - 2 * width, width - edge, _AROUND)
    return ComplexityCurves(
        "p = " + ", ".join(map(str, glass.degrees)),
        levels,
        cumulative_complexity(glass, levels),
        around,
        np.array([cumulative_complexity(glass, around, index=k) for k in indices]),
        edge,
        np.array([math.nan if e is None else e for e in lowest]),
        np.array(dimensions, dtype=np.int64),
        np.array(exact).reshape(len(dimensions), levels.size),
    )


def count_points(
    degree: int, dimension: int, instances: int, *, rng: np.random.Generator
) -> CountedPoints:
    """Find all critical points of sampled pure glasses.

    Args:
        degree: p.
        dimension: N, 2 or 3.
        instances: How many.
        rng: Source of randomness.

    Returns:
        The points beside the exact mean number.
    """
    glass = SpinGlass.pure(degree)
    found = [
        all_critical_points(sample_glass(glass, dimension, rng=rng))
        for _ in range(instances)
    ]
    energies = np.concatenate([f.energies for f in found])
    edges = np.linspace(energies.min(), energies.max(), _BINS + 1)
    below = [exact_count(glass, dimension, u) for u in edges.tolist()]
    counts = np.array([f.energies.size for f in found])
    error = float(counts.std(ddof=1)) / math.sqrt(instances)
    return CountedPoints(
        dimension,
        energies,
        np.concatenate([f.indices for f in found]),
        Estimate(float(counts.mean()), error, instances),
        exact_count(glass, dimension),
        edges,
        np.diff(below),
    )


def descend_instance(
    degree: int, dimension: int, starts: int, *, rng: np.random.Generator
) -> DescendedPoints:
    """Descend in a sampled pure glass, and polish by Newton's method.

    Args:
        degree: p.
        dimension: N.
        starts: How many.
        rng: Source of randomness.

    Returns:
        The critical points where descent ends.
    """
    glass = sample_glass(SpinGlass.pure(degree), dimension, rng=rng)
    found = search_critical_points(glass, starts, rng=rng)
    return DescendedPoints(dimension, found.energies, found.indices)


def pooled(instances: Sequence[DescendedPoints]) -> DescendedPoints:
    """Put the points of several instances together.

    Args:
        instances: At least one, all of the same dimension.

    Returns:
        All their points.
    """
    return DescendedPoints(
        instances[0].dimension,
        np.concatenate([found.energies for found in instances]),
        np.concatenate([found.indices for found in instances]),
    )
