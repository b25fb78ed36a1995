"""Noise in the format of digits, where a test is not about digits."""

import torch

from eigenscape.training import DigitSplit


def planted_digits(*, train, seed):
    """As many images as the bundled digits have in a fiftieth."""
    generator = torch.Generator().manual_seed(seed)
    train = min(train, 60)
    pixels = 2 * torch.rand(100, 784, generator=generator) - 1
    pixels[:, :28] = -1  # a border that never varies
    classes = torch.randint(0, 10, (100,), generator=generator)
    return DigitSplit(pixels[:train], classes[:train], pixels[train:], classes[train:])
