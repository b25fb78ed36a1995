"""A network small enough for exact Hessians: coarse MNIST digits, one hidden layer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy

from eigenscape.core import stream_seed
from eigenscape.curvature import EmpiricalRisk
from eigenscape.training import (
    Checkpoint,
    TrainingConfig,
    fit_model,
    mnist_digits,
    restore,
)

_SIDE = 28
_CLASSES = 10


@dataclass(frozen=True)
class NetworkConfig:
    """A network on coarse digits, its training, and the batches drawn from it.

    Attributes:
        train: Digits.
        side: Blocks of pixels along a side.
        width: Hidden units.
        batch_sizes: Batch sizes.
        draws: Batches of each.
        training: How it is trained.
    """

    train: int = 4000
    side: int = 7
    width: int = 12
    batch_sizes: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)
    draws: int = 10
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(40, 64, 0.05, 0.9, 5e-4)
    )


def trained_network(
    config: NetworkConfig, directory: Path, *, seed: int
) -> Iterator[tuple[Checkpoint, EmpiricalRisk]]:
    """Train a network and give its risk at the start, in the middle and at the end.

    Args:
        config: The network.
        directory: Keeps its checkpoints.
        seed: Master seed.

    Yields:
        Each checkpoint, and the risk of a model restored from it.
    """
    data = pooled_digits(config.train, config.side, seed=seed)
    model = tanh_network(data[0].shape[1], config.width, seed=seed)
    place = directory / "checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    for checkpoint in fit_model(
        model, cross_entropy, data, config.training, seed=seed, directory=place
    ):
        own = copy.deepcopy(model)
        restore(own, checkpoint)
        yield checkpoint, EmpiricalRisk(own, cross_entropy, data)


def batches_of(
    risk: EmpiricalRisk, checkpoint: str, batch_size: int, draws: int, *, seed: int
) -> Iterator[EmpiricalRisk]:
    """Draw the batches of one size, the same ones for every experiment.

    Args:
        risk: The risk on all the data.
        checkpoint: Name of the checkpoint.
        batch_size: b.
        draws: How many.
        seed: Master seed.

    Yields:
        The risk of each batch.
    """
    for draw in range(draws):
        own = stream_seed(seed, "batch", checkpoint, batch_size, draw)
        yield risk.subsample(batch_size, torch.Generator().manual_seed(own))


def pooled_digits(
    train: int, side: int, *, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Average blocks of pixels of real MNIST digits.

    Args:
        train: How many digits.
        side: Blocks along a side, a divisor of 28.
        seed: Master seed of the choice of digits.

    Returns:
        Standardised inputs, with pixels that never vary left out, and classes.

    Raises:
        ValueError: The side does not divide 28.
    """
    if side < 1 or _SIDE % side:
        message = f"side: expected a divisor of {_SIDE}, got {side}"
        raise ValueError(message)
    digits = mnist_digits(train=train, seed=seed)
    images = digits.train_inputs.view(-1, 1, _SIDE, _SIDE).double()
    pixels = avg_pool2d(images, _SIDE // side).flatten(1)
    spread = pixels.std(dim=0)
    varying = spread > 0.05 * spread.max()
    chosen = pixels[:, varying]
    return (chosen - chosen.mean(dim=0)) / chosen.std(dim=0), digits.train_targets


def tanh_network(inputs: int, width: int, *, seed: int) -> nn.Sequential:
    """Build a network of one hidden layer in float64, smooth so that Hessians exist.

    Args:
        inputs: Pixels.
        width: Hidden units.
        seed: Master seed of the initial weights.

    Returns:
        Weights normal of variance 1/fan-in, biases zero.
    """
    generator = torch.Generator().manual_seed(stream_seed(seed, "model"))
    layers = [nn.Linear(inputs, width), nn.Linear(width, _CLASSES)]
    for layer in layers:
        scale = layer.in_features**-0.5
        nn.init.normal_(layer.weight, std=scale, generator=generator)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1]).double()
