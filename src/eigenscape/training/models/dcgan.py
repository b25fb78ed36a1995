"""The generator and the discriminator of a deep convolutional GAN."""

from __future__ import annotations

import math

import torch
from torch import nn

_SMALLEST, _LARGEST = 8, 256
_COARSE = 4
_LEAK = 0.2
_WEIGHTS = 0.02


def dcgan_generator(
    *,
    side: int,
    latent: int,
    width: int,
    channels: int,
    generator: torch.Generator,
) -> nn.Sequential:
    """Build the network that makes images of latent vectors.

    Transposed convolutions: the first makes 4 × 4 pixels, each other one doubles their
    number along a side and halves the channels; batch norm and ReLU in between, a
    hyperbolic tangent at the end.

    Args:
        side: Pixels along a side, a power of two from 8 to 256; 64 as published.
        latent: Numbers in a latent vector, given as that many channels of one pixel.
        width: Channels before the last layer.
        channels: Channels of an image.
        generator: Source of the initial weights: normal of deviation 0.02, and gains of
            batch norm of that deviation around 1.

    Returns:
        log₂(side) − 1 convolutions; five for 64 pixels.

    References:
        Radford, Metz and Chintala (2016), ICLR, Fig. 1 and Sec. 4; the form of
        Baskerville et al. (2022), Journal of Statistical Physics 186, is that of
        PyTorch's tutorial.
    """
    depth = _depth(side, width)
    layers: list[nn.Module] = []
    inputs = latent
    with torch.random.fork_rng(devices=[]):
        for i in range(depth - 1):
            outputs = width << (depth - 2 - i)
            layers += [
                _transposed(inputs, outputs, first=i == 0),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            inputs = outputs
        layers += [_transposed(inputs, channels, first=False), nn.Tanh()]
        network = nn.Sequential(*layers)
    _initialise(network, generator=generator)
    return network


def dcgan_discriminator(
    *, side: int, width: int, channels: int, generator: torch.Generator
) -> nn.Sequential:
    """Build the network that tells real images from made ones.

    Convolutions: each halves the pixels along a side and doubles the channels, until 4
    × 4 pixels are left, of which the last makes one number; batch norm, but for the
    first, and leaky ReLU of slope 0.2 in between.

    Args:
        side: Pixels along a side, a power of two from 8 to 256; 64 as published.
        width: Channels after the first layer.
        channels: Channels of an image.
        generator: Source of the initial weights, as of `dcgan_generator`.

    Returns:
        log₂(side) − 1 convolutions. The output, of shape (n,), is the log-odds of a
        real image: the sigmoid is part of the loss.

    References:
        Radford, Metz and Chintala (2016), ICLR, Sec. 3 and 4.
    """
    depth = _depth(side, width)
    layers: list[nn.Module] = []
    inputs = channels
    with torch.random.fork_rng(devices=[]):
        for i in range(depth - 1):
            outputs = width << i
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
            layers += [nn.BatchNorm2d(outputs)] if i else []
            layers.append(nn.LeakyReLU(_LEAK))
            inputs = outputs
        layers += [nn.Conv2d(inputs, 1, _COARSE, bias=False), nn.Flatten(0)]
        network = nn.Sequential(*layers)
    _initialise(network, generator=generator)
    return network


def _depth(side: int, width: int) -> int:
    if not _SMALLEST <= side <= _LARGEST or side & (side - 1):
        message = (
            f"side: expected a power of two from {_SMALLEST} to {_LARGEST}, got {side}"
        )
        raise ValueError(message)
    if width < 1:
        message = f"width: expected a positive number of channels, got {width}"
        raise ValueError(message)
    return round(math.log2(side)) - 1


def _transposed(inputs: int, outputs: int, *, first: bool) -> nn.ConvTranspose2d:
    step, border = (1, 0) if first else (2, 1)
    return nn.ConvTranspose2d(inputs, outputs, _COARSE, step, border, bias=False)


def _initialise(network: nn.Module, *, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, _WEIGHTS, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, _WEIGHTS, generator=generator)
            nn.init.zeros_(module.bias)
