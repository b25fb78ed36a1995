"""Memory: what there is, what a graph takes, and what running out looks like."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

MEMINFO = Path("/proc/meminfo")
GROUP_LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)

GRAPH_SHARE = 0.5
"""Part of the available memory that graphs may take: bases and the caller's own work
have the rest."""


def available_memory(device: torch.device) -> int | None:
    """Tell how much memory could be taken now.

    Args:
        device: Where.

    Returns:
        Bytes: of an accelerator what is free; of the processor what the system calls
        available, within the limit of a container. None where the system does not say.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    bounds = [bound for bound in (_system(), _container()) if bound is not None]
    return min(bounds, default=None)


def graph_budget(device: torch.device) -> int | None:
    """Tell how much of the available memory graphs may take.

    Args:
        device: Where.

    Returns:
        Bytes, or None where the system does not say.
    """
    available = available_memory(device)
    return None if available is None else int(GRAPH_SHARE * available)


def graph_bytes(build: Callable[[], object], known: Iterable[torch.Tensor]) -> float:
    """Measure what autograd keeps for a graph.

    Args:
        build: Builds the graph, and returns what keeps it alive.
        known: Tensors that are in memory anyway, such as the parameters.

    Returns:
        Bytes of the tensors saved, each storage counted once; not a number for a model
        that uses ``torch.func`` inside, which forbids to look.

    Raises:
        RuntimeError: If the graph cannot be built.
    """
    shared = {tensor.untyped_storage().data_ptr() for tensor in known}
    sizes: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()

    try:
        with torch.autograd.graph.saved_tensors_hooks(note, _unchanged):
            graph = build()
    except RuntimeError as error:
        if "saved tensor hooks" in str(error):
            return math.nan
        raise
    del graph
    return float(sum(size for place, size in sizes.items() if place not in shared))


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Tell whether an error, or one that it comes from, is a lack of memory.

    Args:
        error: The error.

    Returns:
        Whether it is one; PyTorch has no type of its own for the processor.
    """
    while error is not None:
        if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
            return True
        if isinstance(error, RuntimeError) and "allocate memory" in str(error):
            return True
        error = error.__cause__
    return False


def _unchanged(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _system() -> int | None:
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return None


def _container() -> int | None:
    for limit, usage in GROUP_LIMITS:
        try:
            return _number(limit) - _number(usage)
        except (OSError, ValueError):  # "max" is no limit
            continue
    return None


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
