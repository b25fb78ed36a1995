"""ImageSplit: labelled images for training and for testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8


@dataclass(frozen=True)
class ImageSplit:
    """Labelled images, normalised by the channel statistics of the training images.

    Attributes:
        name: What they are, and how many where that is not the whole data set.
        classes: Number of classes.
        train_inputs: Images.
        train_targets: Their classes, from 0.
        test_inputs: Images not trained on.
        test_targets: Their classes.
    """

    name: str
    classes: int
    train_inputs: Float32[torch.Tensor, "n c h w"]
    train_targets: Int64[torch.Tensor, " n"]
    test_inputs: Float32[torch.Tensor, "t c h w"]
    test_targets: Int64[torch.Tensor, " t"]


Labelled = tuple[UInt8[np.ndarray, "_ c h w"], Int64[np.ndarray, " _"]]
"""Pixels 0 … 255 and classes."""


def image_split(
    name: str, classes: int, train: Labelled, test: Labelled, *, whole: tuple[int, int]
) -> ImageSplit:
    """Normalise the channels to mean 0 and deviation 1 over the training images.

    Args:
        name: What the images are.
        classes: Number of classes.
        train: Training images.
        test: Test images.
        whole: How many images for training and testing the whole data set has.

    Returns:
        The split, named for a part of the data set if it is not the whole.

    Raises:
        ValueError: A class is out of range, or there are no images.
    """
    for part, (pixels, targets) in (("train", train), ("test", test)):
        if not len(targets) or targets.min() < 0 or targets.max() >= classes:
            found = sorted(set(targets.tolist()))[:5]
            message = (
                f"{name}: expected {part} classes 0 … {classes - 1}, got {found} … for "
                f"{len(pixels)} images"
            )
            raise ValueError(message)
    counts = len(train[1]), len(test[1])
    if counts != whole:
        name += f" (a part: {counts[0]} of {whole[0]} images for training)"
    pixels = train[0].astype(np.float32)
    mean = pixels.mean(axis=(0, 2, 3), dtype=np.float64)[:, None, None]
    deviation = pixels.std(axis=(0, 2, 3), dtype=np.float64)[:, None, None]
    tensors = [
        tensor
        for images, targets in (train, test)
        for tensor in (
            torch.from_numpy(((images - mean) / deviation).astype(np.float32)),
            torch.from_numpy(targets),
        )
    ]
    return ImageSplit(name, classes, *tensors)
