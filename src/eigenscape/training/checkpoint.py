"""Checkpoint: a model's state along training, and its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from eigenscape.core import StorageError, write_atomically


@dataclass(frozen=True)
class Checkpoint:
    """The state of a model after a number of epochs.

    Attributes:
        name: What it is called, such as "middle".
        epoch: Epochs trained.
        state: The model's state dictionary.
        momentum: The optimiser's momentum buffers by parameter name; empty at the
            start.
        losses: Mean training loss of each epoch so far.
    """

    name: str
    epoch: int
    state: dict[str, torch.Tensor]
    momentum: dict[str, torch.Tensor]
    losses: tuple[float, ...]


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint as one safetensors file, whole or not at all.

    Args:
        checkpoint: The checkpoint.
        path: The file.
    """
    tensors = {f"state.{k}": v.contiguous() for k, v in checkpoint.state.items()}
    tensors |= {f"momentum.{k}": v.contiguous() for k, v in checkpoint.momentum.items()}
    metadata = {
        "name": checkpoint.name,
        "epoch": str(checkpoint.epoch),
        "losses": json.dumps(checkpoint.losses),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, save(tensors, metadata))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint back.

    Args:
        path: The file.

    Returns:
        The checkpoint, bit for bit as it was saved.

    Raises:
        StorageError: The file is missing or damaged.
    """
    try:
        data = path.read_bytes()
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length])["__metadata__"]
        return Checkpoint(
            name=metadata["name"],
            epoch=int(metadata["epoch"]),
            state=_under("state.", tensors),
            momentum=_under("momentum.", tensors),
            losses=tuple(json.loads(metadata["losses"])),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        message = (
            f"{path}: missing or damaged checkpoint ({error}); delete it to train again"
        )
        raise StorageError(message) from error


def restore(model: nn.Module, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's state into a model.

    Args:
        model: The model; its parameters are overwritten.
        checkpoint: The checkpoint.

    Raises:
        ValueError: The checkpoint is of another model.
    """
    try:
        model.load_state_dict(checkpoint.state)
    except RuntimeError as error:
        text = " ".join(str(error).split())
        message = f"checkpoint {checkpoint.name}: does not fit the model ({text})"
        raise ValueError(message) from error


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        key.removeprefix(prefix): value
        for key, value in tensors.items()
        if key.startswith(prefix)
    }
