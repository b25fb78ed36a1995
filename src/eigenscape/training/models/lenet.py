"""LeNet for images of 32 × 32 pixels."""

from __future__ import annotations

import torch
from torch import nn

from eigenscape.training.models.initialisation import initialise

_SIDE = 5
_HIDDEN = (35, 50)


def lenet(
    *, classes: int, generator: torch.Generator, channels: int = 3
) -> nn.Sequential:
    """Build the LeNet whose spectra were published: 19,217 parameters for CIFAR-10.

    Two convolutions of 5 × 5 with 6 and 16 channels, each followed by pooling, then
    hidden layers of 35 and 50.

    Args:
        classes: Outputs.
        generator: Source of the initial weights, He's normal law.
        channels: Channels of the images.

    Returns:
        The network.

    References:
        LeCun, Bottou, Bengio and Haffner (1998), Proc. IEEE 86, for the kind; the
        public code of Baskerville, Granziol and Keating (2022), arXiv 2102.06740, for
        the widths.
    """
    with torch.random.fork_rng(devices=[]):
        model = nn.Sequential(
            nn.Conv2d(channels, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * _SIDE**2, _HIDDEN[0]),
            nn.ReLU(),
            nn.Linear(*_HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN[1], classes),
        )
    initialise(model, generator=generator)
    return model
