"""Embeddings: features of a pre-trained network, from a file of the user's."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64

from eigenscape.core import MissingDataError

_PARTS = ("train", "test")


@dataclass(frozen=True)
class EmbeddingSplit:
    """Feature vectors and their classes.

    Attributes:
        name: The name of the file.
        classes: Number of classes.
        train_inputs: Features.
        train_targets: Classes from 0.
        test_inputs: Features not trained on.
        test_targets: Their classes.
    """

    name: str
    classes: int
    train_inputs: Float32[torch.Tensor, "n d"]
    train_targets: Int64[torch.Tensor, " n"]
    test_inputs: Float32[torch.Tensor, "t d"]
    test_targets: Int64[torch.Tensor, " t"]


def embeddings(file: Path | str) -> EmbeddingSplit:
    """Load feature vectors that a user computed; no code in the file is run.

    Args:
        file: An ``.npz`` with the arrays ``train_inputs`` and ``test_inputs``, a vector
            a row, and ``train_targets`` and ``test_targets``, whole numbers from 0.

    Returns:
        The features as they are, in float32.

    Raises:
        MissingDataError: There is no such file.
        ValueError: It holds other arrays.
    """
    path = Path(file)
    if not path.is_file():
        message = (
            f"embeddings: expected an .npz file at {path}, found none; save "
            "train_inputs, train_targets, test_inputs and test_targets by numpy.savez"
        )
        raise MissingDataError(message)
    try:
        with np.load(path, allow_pickle=False) as stored:
            pairs = [
                (stored[f"{part}_inputs"], stored[f"{part}_targets"]) for part in _PARTS
            ]
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        text = " ".join(str(error).split())
        message = f"{path}: expected arrays of inputs and targets, got others ({text})"
        raise ValueError(message) from error
    for part, (inputs, targets) in zip(_PARTS, pairs, strict=True):
        _require(path, part, inputs, targets)
    if pairs[0][0].shape[1] != pairs[1][0].shape[1]:
        widths = pairs[0][0].shape[1], pairs[1][0].shape[1]
        message = f"{path}: expected features of one length, got {widths}"
        raise ValueError(message)
    classes = 1 + int(max(targets.max() for _, targets in pairs))
    tensors = [
        tensor
        for inputs, targets in pairs
        for tensor in (
            torch.from_numpy(inputs.astype(np.float32)),
            torch.from_numpy(targets.astype(np.int64)),
        )
    ]
    return EmbeddingSplit(path.name, classes, *tensors)


def _require(path: Path, part: str, inputs: np.ndarray, targets: np.ndarray) -> None:
    shaped = inputs.ndim == 2 and targets.shape == inputs.shape[:1] and inputs.size
    if not shaped or inputs.dtype.kind != "f" or not np.isfinite(inputs).all():
        message = (
            f"{path}: expected {part}_inputs of finite numbers, one row a target, got "
            f"{inputs.dtype} {inputs.shape} for {targets.shape} targets"
        )
        raise ValueError(message)
    if targets.dtype.kind not in "iu" or targets.min() < 0:
        message = f"{path}: expected {part}_targets 0, 1, …, got {targets.dtype}"
        raise ValueError(message)
