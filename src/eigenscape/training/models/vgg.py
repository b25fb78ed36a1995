"""VGG16 for images of 32 × 32 pixels, with and without batch norm."""

from __future__ import annotations

import torch
from torch import nn

from eigenscape.training.models.initialisation import initialise

_BLOCKS = ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8))
_BASE_WIDTH = 64
_DROPOUT = 0.5


def vgg(
    *,
    classes: int,
    generator: torch.Generator,
    batch_norm: bool = False,
    width: int = _BASE_WIDTH,
    dropout: float = _DROPOUT,
    channels: int = 3,
) -> nn.Sequential:
    """Build VGG16 with the head that CIFAR networks of the papers have.

    Thirteen convolutions in five blocks (configuration D), each block ended by
    pooling, which leaves one pixel of 32 × 32; then dropout, two hidden layers as wide
    as the last block, and the classes.

    Args:
        classes: Outputs.
        generator: Source of the initial weights, He's normal law.
        batch_norm: Whether every convolution is followed by batch norm.
        width: Channels of the first block, 64 as published; small for quick runs.
        dropout: Share of activations dropped in training before each hidden layer.
        channels: Channels of the images.

    Returns:
        The network, in training mode.

    Raises:
        ValueError: The width is not positive.

    References:
        Simonyan and Zisserman (2015), ICLR, Table 1 D; for the head, the public code
        of Baskerville et al. (2022), arXiv 2205.08601.
    """
    if width < 1:
        message = f"width: expected a positive number of channels, got {width}"
        raise ValueError(message)
    layers: list[nn.Module] = []
    inputs = channels
    with torch.random.fork_rng(devices=[]):
        for block in _BLOCKS:
            for factor in block:
                layers.append(nn.Conv2d(inputs, factor * width, 3, padding=1))
                inputs = factor * width
                layers += [nn.BatchNorm2d(inputs)] if batch_norm else []
                layers.append(nn.ReLU())
            layers.append(nn.MaxPool2d(2))
        layers.append(nn.Flatten())
        for _ in range(2):
            layers += [nn.Dropout(dropout), nn.Linear(inputs, inputs), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Linear(inputs, classes))
    initialise(model, generator=generator)
    return model
