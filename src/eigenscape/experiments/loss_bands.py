"""Losses of trained networks of growing width, beside descent in spin glasses."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from eigenscape.core import stream, stream_seed
from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.exact_spectrum import exact_spectrum
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.kept_parts import Part, kept_parts
from eigenscape.landscape.annealed import lowest_energy, marginal_energy
from eigenscape.landscape.glass_survey import DescendedPoints, descend_instance
from eigenscape.landscape.loss_bands import (
    LossBands,
    TrainedIndices,
    WidthLosses,
    deviation_exponent,
)
from eigenscape.landscape.spin_glass import SpinGlass
from eigenscape.training.data.idx_images import mnist
from eigenscape.training.data.mnist_digits import mnist_digits
from eigenscape.training.data.resizing import resize
from eigenscape.training.loop import TrainingConfig, fit_model
from eigenscape.training.models.network_stack import (
    NetworkStack,
    cross_entropies,
    summed_cross_entropy,
)

Pair = tuple[torch.Tensor, torch.Tensor]

_CLASSES = 10
_DIGITS, _DIGITS_SIDE = 4000, 28


@dataclass(frozen=True)
class LossBandsConfig:
    """The networks and the glasses.

    Attributes:
        data: The bundled digits, or MNIST of which the user has the files.
        folder: Where these files lie.
        examples: Training digits; all if 0.
        side: Pixels along a side, to which digits are resampled.
        widths: Hidden units of the networks whose losses are compared.
        networks: Networks of each width.
        stack: Networks trained side by side; they share the order of the digits.
        training: How they are trained.
        index_widths: Hidden units of the networks whose Hessians are computed.
        index_networks: How many of each, at most one stack.
        degree: p of the glasses; 3 as published.
        dimensions: N of the glasses, one instance each.
        starts: Descents in each.
        seed: Master seed.
    """

    data: Literal["digits", "mnist"] = "digits"
    folder: str = ""
    examples: int = 0
    side: int = 10
    widths: tuple[int, ...] = (25, 50, 100, 250, 500)
    networks: int = 1000
    stack: int = 50
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(200, 100, 0.1, 0.0, 0.0, "linear decay")
    )
    index_widths: tuple[int, ...] = (10, 25, 50, 100)
    index_networks: int = 10
    degree: int = 3
    dimensions: tuple[int, ...] = (25, 50, 100, 250, 500)
    starts: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("stack", "index_networks"):
            if getattr(self, name) < 1:
                message = f"{name}: expected at least 1, got {getattr(self, name)}"
                raise ValueError(message)
        for name in ("networks", "starts"):
            if getattr(self, name) < 4:
                message = (
                    f"{name}: expected at least 4, of which a deviation can be "
                    f"estimated, got {getattr(self, name)}"
                )
                raise ValueError(message)
        for name in ("widths", "dimensions"):
            if len(set(getattr(self, name))) < 2:
                message = f"{name}: expected two that differ, got {getattr(self, name)}"
                raise ValueError(message)


def run(config: LossBandsConfig, directory: Path) -> LossBands:
    """Train the networks, compute Hessians, descend in the glasses.

    Args:
        config: The configuration.
        directory: Keeps finished parts and the last epoch of the one under way, from
            which an interrupted run goes on. What is left is forecast on standard
            error.

    Returns:
        Losses, indices and energies.
    """
    name, train, test = _digits(config)
    glass = SpinGlass.pure(config.degree)
    lowest = lowest_energy(glass)
    marginal = marginal_energy(glass)
    indices = kept_parts(
        TrainedIndices,
        [
            Part(
                f"width-{width}",
                partial(_indices, config, width, train, directory),
                float(width) ** 2,
            )
            for width in config.index_widths
        ],
        directory / "indices",
    )
    widths = _widths(config, train, test, directory)
    glasses = kept_parts(
        DescendedPoints,
        [
            Part(
                f"dimension-{n}",
                partial(_descended, config, n),
                float(n) ** config.degree,
            )
            for n in config.dimensions
        ],
        directory / "descents",
    )
    return LossBands(
        name,
        widths,
        indices,
        config.degree,
        glasses,
        marginal,
        marginal if lowest is None else lowest,
        deviation_exponent(
            np.array(config.widths), tuple(losses.test for losses in widths)
        ),
        deviation_exponent(
            np.array(config.dimensions), tuple(d.energies for d in glasses)
        ),
    )


def measure(found: LossBands) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name.
    """
    means = [float(losses.test.mean()) for losses in found.widths]
    return {
        "exponent of the deviation of test losses in width": (
            found.network_exponent.value
        ),
        "exponent of the deviation of energies in dimension": (
            found.glass_exponent.value
        ),
        "mean test loss, widest over narrowest": means[-1] / means[0],
        "correlation of training and test loss, widest less narrowest": (
            found.widths[-1].correlation - found.widths[0].correlation
        ),
        "share of negative eigenvalues, largest": max(
            float(i.index.max()) for i in found.indices
        ),
        "depth of negative eigenvalues over the largest, greatest": max(
            float(-i.lowest.min()) for i in found.indices
        ),
        "mean energy at the largest N, over −E∞": float(
            -found.glasses[-1].energies.mean() / found.marginal
        ),
    }


def _descended(config: LossBandsConfig, dimension: int) -> DescendedPoints:
    own = stream(config.seed, "descent", dimension)
    return descend_instance(config.degree, dimension, config.starts, rng=own)


def _widths(
    config: LossBandsConfig, train: Pair, test: Pair, directory: Path
) -> tuple[WidthLosses, ...]:
    firsts = range(0, config.networks, config.stack)
    parts = [
        Part(
            f"width-{width}-from-{first}",
            partial(_losses, config, width, first, train, test, directory),
            float(width * min(config.stack, config.networks - first)),
        )
        for width in config.widths
        for first in firsts
    ]
    found = kept_parts(WidthLosses, parts, directory / "losses")
    return tuple(
        WidthLosses(
            width,
            np.concatenate([f.train for f in found if f.width == width]),
            np.concatenate([f.test for f in found if f.width == width]),
        )
        for width in config.widths
    )


def _losses(
    config: LossBandsConfig,
    width: int,
    first: int,
    train: Pair,
    test: Pair,
    directory: Path,
) -> WidthLosses:
    count = min(config.stack, config.networks - first)
    stack = _trained(config, width, count, f"losses-{first}", train, directory)
    with torch.no_grad():
        found = [
            cross_entropies(stack(inputs), targets).double().numpy()
            for inputs, targets in (train, test)
        ]
    return WidthLosses(width, *found)


def _indices(
    config: LossBandsConfig, width: int, train: Pair, directory: Path
) -> TrainedIndices:
    stack = _trained(config, width, config.index_networks, "indices", train, directory)
    rows: list[tuple[int, int, float, float]] = []
    for i in range(config.index_networks):
        risk = EmpiricalRisk(stack.network(i), cross_entropy, train).double()
        spectrum = exact_spectrum(Hessian(risk, check=False))
        values = spectrum.resolved
        rows.append((
            int((values < 0).sum()),
            spectrum.unresolved + spectrum.known_zeros,
            float(values[0] / values[-1]),
            float(risk.gradient().norm()),
        ))
    negative, unresolved, lowest, norms = map(np.array, zip(*rows, strict=True))
    parameters = sum(p.numel() for p in stack.parameters()) // len(rows)
    return TrainedIndices(width, parameters, negative, unresolved, lowest, norms)


def _trained(
    config: LossBandsConfig,
    width: int,
    count: int,
    purpose: str,
    train: Pair,
    directory: Path,
) -> NetworkStack:
    seed = stream_seed(config.seed, purpose, width)
    weights = torch.Generator().manual_seed(stream_seed(seed, "model"))
    stack = NetworkStack(count, train[0].shape[1], width, _CLASSES, generator=weights)
    place = _under_way(directory / "under-way", f"{purpose}-{width}")
    fit_model(
        stack, summed_cross_entropy, train, config.training, seed=seed, directory=place
    )
    return stack


def _under_way(folder: Path, name: str) -> Path:
    """Open the folder of the training under way, and remove those of finished ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.iterdir():
        if other.name != name:
            shutil.rmtree(other)
    place = folder / name
    place.mkdir(exist_ok=True)
    return place


def _digits(config: LossBandsConfig) -> tuple[str, Pair, Pair]:
    if config.data == "digits":
        digits = mnist_digits(train=config.examples or _DIGITS, seed=config.seed)
        shape = (-1, 1, _DIGITS_SIDE, _DIGITS_SIDE)
        train = digits.train_inputs.view(shape), digits.train_targets
        test = digits.test_inputs.view(shape), digits.test_targets
        name = f"MNIST ({len(train[0])} of the 5,000 bundled digits)"
    else:
        if not config.folder:
            message = "folder: expected where the files of mnist lie, got none"
            raise ValueError(message)
        split = mnist(config.folder)
        chosen = slice(config.examples or None)
        train = split.train_inputs[chosen], split.train_targets[chosen]
        test = split.test_inputs, split.test_targets
        name = split.name
    name = f"{name}, {config.side} × {config.side} pixels"
    return name, _small(train, config.side), _small(test, config.side)


def _small(pair: Pair, side: int) -> Pair:
    return resize(pair[0], side).flatten(1), pair[1]


EXPERIMENT = Experiment("loss-bands", LossBandsConfig, LossBands, run, measure)
