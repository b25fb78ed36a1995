"""Data sets that need no download."""

from eigenscape.training.data.mnist_digits import DigitSplit, mnist_digits

__all__ = ["DigitSplit", "mnist_digits"]
