"""The networks and images of the experiments, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import nn

from eigenscape.curvature.risk.isolation import in_mode
from eigenscape.training.data.augmentation import flip_and_crop
from eigenscape.training.data.cifar import cifar
from eigenscape.training.data.idx_images import fashion_mnist, mnist
from eigenscape.training.data.image_split import ImageSplit
from eigenscape.training.data.mnist_digits import mnist_digits
from eigenscape.training.models.mlp import mlp
from eigenscape.training.models.pre_activation_resnet import pre_activation_resnet
from eigenscape.training.models.vgg import vgg

_DIGITS = 4000
_BORDER = 2


@dataclass(frozen=True)
class NetworkConfig:
    """Which network; the defaults are those of the published networks.

    Attributes:
        kind: Fully connected, pre-activation ResNet, VGG16 without or with batch norm.
        hidden: Hidden widths of the fully connected network.
        width: Channels of the first stage or block; as published if 0.
        depth: Layers of the ResNet.
        bottleneck: Whether the ResNet has bottlenecks.
    """

    kind: Literal["mlp", "resnet", "vgg", "vgg-batch-norm"] = "mlp"
    hidden: tuple[int, ...] = (10, 100)
    width: int = 0
    depth: int = 110
    bottleneck: bool = True


@dataclass(frozen=True)
class ImagesConfig:
    """Which images.

    Attributes:
        data: The bundled digits, or a data set of which the user has the files.
        folder: Where these files lie.
        augment: Whether training images are flipped and shifted at random.
    """

    data: Literal["digits", "mnist", "fashion-mnist", "cifar-10", "cifar-100"] = (
        "digits"
    )
    folder: str = ""
    augment: bool = False


@dataclass(frozen=True, eq=False)
class ImageTask:
    """A network and the images it classifies.

    Attributes:
        name: What the network is.
        model: The network.
        data: What the images are.
        train: Inputs and targets for training.
        test: Inputs and targets for testing.
        augment: The augmentation of training; None for none.
    """

    name: str
    model: nn.Module
    data: str
    train: tuple[torch.Tensor, torch.Tensor]
    test: tuple[torch.Tensor, torch.Tensor]
    augment: Callable[[Any, torch.Generator], Any] | None


def image_task(
    network: NetworkConfig,
    images: ImagesConfig,
    *,
    seed: int,
    generator: torch.Generator,
) -> ImageTask:
    """Build a network for some images.

    Args:
        network: Which network.
        images: Which images.
        seed: Seed of the choice of digits.
        generator: Source of the initial weights.

    Returns:
        The network and the images. Fashion-MNIST is called a stand-in.

    Raises:
        ValueError: A data set other than the digits has no folder, or digits are given
            to a convolutional network.
    """
    if images.data == "digits":
        if network.kind != "mlp":
            message = (
                f"network: expected mlp for the bundled digits, got {network.kind!r}; "
                "convolutional networks take images of 32 × 32 from a folder"
            )
            raise ValueError(message)
        digits = mnist_digits(train=_DIGITS, seed=seed)
        train = digits.train_inputs, digits.train_targets
        test = digits.test_inputs, digits.test_targets
        name, classes = f"MNIST ({_DIGITS} of the 5,000 bundled digits)", 10
    else:
        split = _images(images)
        shaped = torch.Tensor.flatten if network.kind == "mlp" else _as_they_are
        train = shaped(split.train_inputs, 1), split.train_targets
        test = shaped(split.test_inputs, 1), split.test_targets
        name, classes = split.name, split.classes
    model, title = image_network(
        network, train[0].shape[1], classes, generator=generator
    )
    augment = _flips if images.augment else None
    return ImageTask(title, model, name, train, test, augment)


def accuracy(
    model: nn.Module, data: tuple[torch.Tensor, torch.Tensor], *, batch_size: int
) -> float:
    """Count the examples a network classifies rightly, in evaluation mode.

    Args:
        model: The network; its mode is restored.
        data: Inputs and targets.
        batch_size: Most examples at once.

    Returns:
        Their share.
    """
    device = next(model.parameters()).device
    right = 0
    with torch.no_grad(), in_mode(model, "eval"):
        for inputs, targets in zip(*(t.split(batch_size) for t in data), strict=True):
            found = model(inputs.to(device)).argmax(1)
            right += int((found == targets.to(device)).sum())
    return right / len(data[1])


def _images(images: ImagesConfig) -> ImageSplit:
    folder = images.folder
    if not folder:
        message = f"folder: expected where the files of {images.data} lie, got none"
        raise ValueError(message)
    if images.data == "mnist":
        return mnist(folder, padding=_BORDER)
    if images.data == "fashion-mnist":
        split = fashion_mnist(folder, padding=_BORDER)
        return replace(split, name=f"{split.name}, a stand-in for CIFAR")
    return cifar(folder, classes=10 if images.data == "cifar-10" else 100)


def _as_they_are(images: torch.Tensor, _: int) -> torch.Tensor:
    return images


def _flips(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return flip_and_crop(images, generator=generator)


def image_network(
    network: NetworkConfig, inputs: int, classes: int, *, generator: torch.Generator
) -> tuple[nn.Module, str]:
    """Build a network, untrained.

    Args:
        network: Which.
        inputs: Numbers an image for an "mlp", else its channels.
        classes: Outputs.
        generator: Source of the weights.

    Returns:
        The network, and what to call it.
    """
    if network.kind == "mlp":
        widths = (inputs, *network.hidden, classes)
        return mlp(widths, generator=generator), "MLP " + "-".join(map(str, widths))
    options: dict[str, Any] = {"classes": classes, "channels": inputs}
    options |= {"width": network.width} if network.width else {}
    told = f" of width {network.width}" if network.width else ""
    if network.kind == "resnet":
        model = pre_activation_resnet(
            network.depth,
            bottleneck=network.bottleneck,
            generator=generator,
            **options,
        )
        return model, f"pre-activation ResNet-{network.depth}{told}"
    normed = network.kind == "vgg-batch-norm"
    model = vgg(batch_norm=normed, generator=generator, **options)
    return model, f"VGG16{' with batch norm' if normed else ''}{told}"
