"""Files from which an interrupted run goes on, and only on what it began with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from eigenscape.core import StorageError

DIGITS = 16
"""Hexadecimal digits of a digest: two of a billion runs agree by chance with
probability 0.03."""


def digest(parts: Iterable[str | torch.Tensor]) -> str:
    """Digest texts and tensors, bit for bit.

    Args:
        parts: What to digest; tensors with their types and shapes.

    Returns:
        Sixteen hexadecimal digits.
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(part.encode())
        else:
            flat = part.detach().cpu().reshape(-1)
            if flat.stride(0) != 1:  # a single entry may keep one
                flat = flat.clone(memory_format=torch.contiguous_format)
            total.update(f"{part.dtype} {tuple(part.shape)}".encode())
            total.update(flat.view(torch.uint8).numpy().tobytes())
        total.update(b"|")
    return total.hexdigest()[:DIGITS]


def save_state(state: dict[str, torch.Tensor], path: Path, identity: str) -> None:
    """Write the state of a run, whole or not at all.

    Args:
        state: Named tensors.
        path: The file; its folder is made if need be.
        identity: What the run was begun with.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    tensors = {name: tensor.contiguous() for name, tensor in state.items()}
    try:
        save_file(tensors, unfinished, {"identity": identity})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_state(
    path: Path, identity: str, device: torch.device
) -> dict[str, torch.Tensor]:
    """Read the state of a run.

    Args:
        path: The file.
        identity: What the run is begun with now.
        device: Where floating-point tensors of more than one axis go.

    Returns:
        The tensors.

    Raises:
        StorageError: If the file is damaged, or the state of another run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            found = (file.metadata() or {}).get("identity")
            state = {name: file.get_tensor(name) for name in file.keys()}  # ruff: ignore[in-dict-keys] not a dict
    except (OSError, SafetensorError) as error:
        message = f"{path}: expected the state of a run, got a file that cannot be read"
        raise StorageError(message) from error
    if found != identity:
        message = (
            f"{path}: expected the state of this run ({identity}), got that of another "
            f"({found}): its parameters, data or settings differ; choose another file"
        )
        raise StorageError(message)
    # copies: those of the file are not aligned, which changes sums in their last bits
    return {
        name: tensor.clone().to(device) if tensor.ndim > 1 else tensor.clone()
        for name, tensor in state.items()
    }
