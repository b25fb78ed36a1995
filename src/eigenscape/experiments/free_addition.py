"""Free addition under quantum unique ergodicity, and without it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.core import stream
from eigenscape.experiments.experiment import Experiment
from eigenscape.spectra.free_addition import (
    FreeAddition,
    SumOfEnsembles,
    compare_free_sum,
    compare_quantiles,
)
from eigenscape.theory import Discrete, Uniform
from eigenscape.theory.eigenvector_universality import (
    haar_overlaps,
    representative_indices,
)
from eigenscape.theory.ensembles import (
    GOE,
    BlockMatrix,
    Deterministic,
    RandomRegular,
    Wigner,
    Wishart,
    uniform_entries,
)
from eigenscape.theory.ensembles.shuffled import ShuffledDiagonal
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks


@dataclass(frozen=True)
class FreeAdditionConfig:
    """The sums of ensembles and how many matrices of which size.

    Attributes:
        size: N, even.
        samples: Matrices a sum.
        degree: Degree of the random regular graphs; the published one is not known.
        ratio: N/M of the Wishart matrices.
        null_draws: Draws of the null hypothesis of ergodic eigenvectors.
        seed: Master seed.
    """

    size: int = 500
    samples: int = 50
    degree: int = 3
    ratio: float = 0.5
    null_draws: int = 999
    seed: int = 0


def sums(config: FreeAdditionConfig) -> tuple[SumOfEnsembles, ...]:
    """List the sums, the negative controls last.

    Args:
        config: The configuration.

    Returns:
        Two pairs of sums with equal limits, sums with a diagonal matrix, and two sums
        whose eigenvectors are not ergodic: independent blocks aligned with those of a
        diagonal matrix, and two diagonal matrices.
    """
    regular, wishart = RandomRegular(config.degree), Wishart(config.ratio)
    uniform, gaussian = Wigner(uniform_entries), GOE()
    signs = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    halves = GaussianBlocks(np.diag([2.0, 8.0]), np.array([0.5, 0.5]), np.zeros(2))
    return (
        SumOfEnsembles("random regular + GOE", regular, gaussian),
        SumOfEnsembles("random regular + uniform Wigner", regular, uniform),
        SumOfEnsembles("Wishart + GOE", wishart, gaussian),
        SumOfEnsembles("Wishart + uniform Wigner", wishart, uniform),
        SumOfEnsembles(
            "diagonal + uniform Wigner", Deterministic(Uniform(-2.0, 2.0)), uniform
        ),
        SumOfEnsembles(
            "signs + two aligned blocks",
            Deterministic(signs),
            BlockMatrix(halves),
            ergodic=False,
        ),
        SumOfEnsembles(
            "signs + shuffled signs",
            Deterministic(signs),
            ShuffledDiagonal(signs),
            ergodic=False,
        ),
    )


def run(config: FreeAdditionConfig, directory: Path) -> FreeAddition:  # ruff: ignore[unused-function-argument] (nothing to keep)
    """Sample every sum and compare it with free addition.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        The comparisons.
    """
    count = representative_indices(config.size).size
    null = haar_overlaps(
        config.size,
        count,
        count,
        draws=config.null_draws,
        rng=stream(config.seed, "null"),
    )
    found = tuple(
        compare_free_sum(
            pair,
            config.size,
            config.samples,
            null=null,
            rng=stream(config.seed, pair.name),
        )
        for pair in sums(config)
    )
    pairs = (compare_quantiles(*found[:2]), compare_quantiles(*found[2:4]))
    return FreeAddition(config.size, config.samples, found, pairs)


def measure(found: FreeAddition) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The comparisons.

    Returns:
        The quantities by name.
    """
    free = [c for c in found.sums if c.ergodic]
    controls = [c for c in found.sums if not c.ergodic]
    least = min(c.distance_p_value for c in free)
    return {
        "levels from the free sum": max(c.levels for c in free),
        "levels between sums of equal limit": max(p.levels for p in found.pairs),
        "share rejected as not ergodic": float(np.mean([c.rejected() for c in free])),
        "p-value against rotated sums": min(1.0, len(free) * least),
        "levels from the free sum, controls, in N": min(c.levels for c in controls)
        / found.size,
        "share rejected as not ergodic, controls": min(c.rejected() for c in controls),
    }


EXPERIMENT = Experiment("free-addition", FreeAdditionConfig, FreeAddition, run, measure)
