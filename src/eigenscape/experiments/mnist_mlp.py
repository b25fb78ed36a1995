"""The default target: a small ReLU network on real MNIST digits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import TensorDataset

from eigenscape.core import stream_seed
from eigenscape.training import mlp, mnist_digits

WIDTHS = (784, 32, 32, 10)
TRAIN = 4000


def build(
    seed: int = 0,
) -> tuple[
    nn.Module, Callable[[torch.Tensor, torch.Tensor], torch.Tensor], TensorDataset
]:
    """Build the network and the digits.

    784-32-32-10 is the network on which our law of batch outliers was measured, small
    enough (P = 26,506) to be surveyed in a minute.

    Args:
        seed: Master seed of the initial weights and of the choice of digits.

    Returns:
        The model, cross-entropy, and 4,000 digits.
    """
    generator = torch.Generator().manual_seed(stream_seed(seed, "model"))
    digits = mnist_digits(train=TRAIN, seed=seed)
    data = TensorDataset(digits.train_inputs, digits.train_targets)
    return mlp(WIDTHS, generator=generator), cross_entropy, data
