"""Critical points of least-squares networks, and the theory of their Hessians."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path

import numpy as np
import torch

from eigenscape.core import stream, stream_seed
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.pooled_digits import pooled_digits
from eigenscape.landscape.critical_point_study import (
    PUBLISHED_ENERGIES,
    PUBLISHED_TOLERANCE,
    CriticalPointStudy,
    RatioSearch,
    ReluParts,
    fitted_exponent,
    theory_curve,
)
from eigenscape.landscape.hessian_sum import HessianSum, compare_hessian_sum
from eigenscape.landscape.memorisation import Memorisation
from eigenscape.landscape.searched_points import PointTest, SearchedPoints, joined
from eigenscape.training.critical_points.gradient_roots import solve_gradient
from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.level_descent import descend_to_level
from eigenscape.training.critical_points.point_search import (
    PointSearch,
    find_critical_points,
)
from eigenscape.training.critical_points.point_status import judge_points

_RATIOS = tuple(PUBLISHED_ENERGIES)
_COMPARED = 1  # the second of them
_CURVES = [(phi, e) for phi in (0.25, 0.5, 0.75) for e in (0.0, 0.1, 0.5, 1.0)]
_NOISE_ENERGY = 50.0  # of Fig. 3: residuals of variance 100
_SIDE = 4
_HIGH, _LEAD_IN = (0.5, 0.7), 20  # of the search for saddles: few lie at low energies
_DOWNHILL = 100  # steps of gradient descent that Newton's descent gains from
_FEW, _FROM_START = 4, 120  # active units; steps, from initial weights on
_NO_MINIMA = 1e6  # for the error where none was found; results hold no infinities


@dataclass(frozen=True)
class CriticalPointsConfig:
    """Sizes of the networks and lengths of the searches.

    Attributes:
        width: n of the memorising networks; 16 in the paper.
        starts: Searches a ratio.
        descent_steps: The most steps of the descent to a level.
        steps: The most steps of the second-order search.
        minima: Descents a ratio for the energy of minima.
        nested: Descents a ratio with silent units, and as many searches for zeros of
            the gradient with nearly all of them silent.
        saddles: Searches a ratio for generic saddles, from high levels.
        compared: Starts of the comparison of both searches.
        first_order_steps: The most steps of the published search there.
        autoencoder_width: Hidden units of the ReLU autoencoder; 20 in Fig. 2.
        pictures: Its pictures; 150 in Fig. 2.
        rotations: Random rotations of the test of freeness.
        seed: Master seed.
    """

    width: int = 16
    starts: int = 1000
    descent_steps: int = 5000
    steps: int = 300
    minima: int = 200
    nested: int = 1000
    saddles: int = 200
    compared: int = 200
    first_order_steps: int = 50000
    autoencoder_width: int = 20
    pictures: int = 150
    rotations: int = 99
    seed: int = 0


def run(config: CriticalPointsConfig, directory: Path) -> CriticalPointStudy:
    """Compute the theory, search every ratio, and test the parts of a trained network.

    Args:
        config: The configuration.
        directory: Keeps finished parts of the searches.

    Returns:
        All of it.
    """
    first, polished, second = _compared(config, directory)
    counts = (32, 64, 128, 256, 512)
    pixels, _ = pooled_digits(max(*counts, config.pictures), _SIDE, seed=config.seed)
    return CriticalPointStudy(
        tuple(starmap(theory_curve, _CURVES)),
        tuple(_relu_parts(config, whitened(pixels[:m])) for m in counts),
        _freeness(config, whitened(pixels[: config.pictures])),
        tuple(_searched(config, ratio, directory) for ratio in _RATIOS),
        first,
        polished,
        second,
    )


def measure(found: CriticalPointStudy) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The study.

    Returns:
        The quantities by name.
    """
    exponents = [
        fitted_exponent(c.law.ratio, residual)
        for c in found.curves
        for residual in ("wigner", "relu")
        if c.law.energy > 0
    ]
    deviations = [
        abs(estimate.value / s.memorisation.observed_minimum - 1)
        for s in found.searches
        if (estimate := s.mean_energy)
    ]
    spread = [
        abs(np.mean(p.residual**2) / (p.energy * p.ratio / 2) - 1)
        for p in found.relu
        if p.ratio <= 1
    ]
    second, first = found.second, found.first
    return {
        "exponent of the theory, least": min(exponents),
        "exponent of the theory, greatest": max(exponents),
        "ratios with minima": float(len(deviations)),
        "energy of minima over ½(1 − φ)², greatest error": max(
            deviations, default=_NO_MINIMA
        ),
        "second moment of H₁, greatest relative error": float(max(spread)),
        "freeness, error of the index": abs(
            found.freeness.index - found.freeness.predicted_index
        ),
        "freeness, p-value": found.freeness.p_value,
        "second-order searches at |∇L|² ≤ 1e-6": float(
            second.accepted(PUBLISHED_TOLERANCE).mean()
        ),
        "first-order searches at |∇L|² ≤ 1e-6": float(
            first.accepted(PUBLISHED_TOLERANCE).mean()
        ),
        "median |∇L|², second over first": float(
            np.median(second.squares) / np.median(first.squares)
        ),
    }


def memorising_network(width: int, examples: int, *, seed: int) -> HiddenLayer:
    """Build a tanh network with normal inputs and targets.

    Args:
        width: n, inputs, units and outputs.
        examples: m.
        seed: Master seed.

    Returns:
        The problem.
    """
    rng = stream(seed, "memorisation", width, examples)
    inputs, targets = rng.standard_normal((2, examples, width))
    return HiddenLayer(torch.from_numpy(inputs), torch.from_numpy(targets), width)


def whitened(pictures: torch.Tensor) -> torch.Tensor:
    """Whiten pictures.

    Args:
        pictures: One row a picture; more of them than pixels.

    Returns:
        Pictures of mean zero and unit covariance.
    """
    centred = pictures - pictures.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(pictures))
    return centred @ vectors / values.sqrt()


def _searched(
    config: CriticalPointsConfig, ratio: float, directory: Path
) -> RatioSearch:
    shape = Memorisation(config.width, round(2 * config.width / ratio))
    problem = memorising_network(shape.width, shape.examples, seed=config.seed)
    search = PointSearch(
        config.starts, descent_steps=config.descent_steps, steps=config.steps, chunk=64
    )
    descent = replace(
        search,
        starts=config.minima,
        method="minimum",
        levels=(0.0, 0.0),
        descent_steps=min(config.descent_steps, _DOWNHILL),
    )
    silent = replace(descent, starts=config.nested, chunk=4, active=(1, config.width))
    few = replace(
        silent,
        method="second-order",
        levels=(1.0, 1.0),
        steps=min(config.steps, _FROM_START),
        active=(1, min(_FEW, config.width)),
    )
    saddles = PointSearch(
        config.saddles,
        method="saddle",
        levels=_HIGH,
        descent_steps=_LEAD_IN,
        steps=config.steps,
        chunk=8,
    )
    kinds = {
        "second-order": search,
        "minimum": descent,
        "silent": silent,
        "few": few,
        "saddle": saddles,
    }
    found = {
        name: find_critical_points(
            problem,
            kind,
            seed=stream_seed(config.seed, "search", shape.examples),
            directory=directory / "searches" / f"{name}-{shape.examples}",
        )
        for name, kind in kinds.items()
    }
    return RatioSearch(
        shape,
        found["second-order"],
        found["minimum"],
        joined([found["silent"], found["few"]]),
        found["saddle"],
    )


def _compared(
    config: CriticalPointsConfig, directory: Path
) -> tuple[SearchedPoints, SearchedPoints, SearchedPoints]:
    examples = round(2 * config.width / _RATIOS[_COMPARED])
    problem = memorising_network(config.width, examples, seed=config.seed)
    seed = stream_seed(config.seed, "compared")
    second = PointSearch(
        config.compared,
        descent_steps=config.descent_steps,
        steps=config.steps,
        chunk=64,
    )
    first = replace(
        second,
        method="first-order",
        steps=config.first_order_steps,
        test=PointTest(tolerance=PUBLISHED_TOLERANCE),
    )
    searched = [
        find_critical_points(
            problem, search, seed=seed, directory=directory / search.method
        )
        for search in (first, second)
    ]
    ends = torch.from_numpy(searched[0].points)
    points, steps = solve_gradient(
        problem, ends, tolerance=second.test.tolerance, steps=config.steps
    )
    polished = judge_points(
        problem,
        points,
        test=second.test,
        start_energies=problem.energy(ends),
        steps=steps,
    )
    return searched[0], polished, searched[1]


def _relu_parts(config: CriticalPointsConfig, pictures: torch.Tensor) -> ReluParts:
    own = torch.Generator().manual_seed(stream_seed(config.seed, "relu", len(pictures)))
    width = pictures.shape[1]
    problem = HiddenLayer(pictures, pictures, width, activation="relu")
    point = problem.starts(1, generator=own)
    # Residuals are replaced by normal ones: ŷ − y = e for targets y = ŷ − e.
    noise = (2 * _NOISE_ENERGY) ** 0.5 * torch.randn(
        pictures.shape, generator=own, dtype=torch.float64
    )
    first, second = (part.view(width, -1) for part in point[0].chunk(2))
    outputs = (pictures @ first.T).clamp(min=0) @ second.view(-1, width).T
    noisy = HiddenLayer(pictures, outputs - noise, width, activation="relu")
    gauss_newton = noisy.gauss_newton(point)[0]
    residual = noisy.hessian(point)[0] - gauss_newton
    return ReluParts(
        problem.ratio,
        _NOISE_ENERGY,
        torch.linalg.eigvalsh(residual).numpy(),
        torch.linalg.eigvalsh(gauss_newton).numpy(),
        width,
    )


def _freeness(config: CriticalPointsConfig, pictures: torch.Tensor) -> HessianSum:
    own = torch.Generator().manual_seed(stream_seed(config.seed, "autoencoder"))
    problem = HiddenLayer(
        pictures, pictures, config.autoencoder_width, activation="relu"
    )
    start = problem.starts(1, generator=own)
    trained = descend_to_level(
        problem, start, torch.zeros(1).double(), steps=config.descent_steps
    )
    gauss_newton = problem.gauss_newton(trained)[0]
    residual = problem.hessian(trained)[0] - gauss_newton
    return compare_hessian_sum(
        gauss_newton.numpy(),
        residual.numpy(),
        draws=config.rotations,
        rng=stream(config.seed, "rotations"),
    )


EXPERIMENT = Experiment(
    "critical-points", CriticalPointsConfig, CriticalPointStudy, run, measure
)
