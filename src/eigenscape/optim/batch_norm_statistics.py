"""Statistics of batch norm that belong to the present weights, as averages need."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, get_args

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # ruff: ignore[import-private-name] all inherit it

from eigenscape.curvature.risk.data import as_arguments, map_tensors
from eigenscape.curvature.risk.isolation import Mode, in_mode, keep_random_state

Trained = Literal["batch norm", "model"]
"""Which modules train during the pass."""


def recompute_batch_norm(
    model: nn.Module, inputs: Iterable[Any], *, trained: Trained = "batch norm"
) -> int:
    """Replace the running statistics of batch norm by those of one pass over the data.

    A layer that has seen n values a channel moves by b/(n + b) on the next b, so that
    at the end its mean is that of all the data, and its variance the mean of the
    minibatches' unbiased ones, each by its size. A layer called several times a
    minibatch counts every call; one never called keeps what it had. Nothing else of
    the model changes: modes, momenta, gradients and global random states are as before.

    Args:
        model: The model.
        inputs: Minibatches of what the model is called with: a tensor, a mapping for
            named arguments, or a tuple or list for several. From a loader of pairs:
            ``(x for x, _ in loader)``.
        trained: What trains during the pass: the layers of batch norm alone, so that
            they see what they will see in evaluation; or, as published, the whole
            model, dropout and all.

    Returns:
        The minibatches passed; none are taken if the model has no such statistics.

    Raises:
        ValueError: There are no minibatches.

    References:
        Izmailov et al. (2018), UAI, section 3.2; b/(n + b) from the public training
        code of Granziol, Wan et al. (2020), arXiv 2003.01247.
    """
    _require_known(trained)
    layers = _tracking(model)
    if not layers:
        return 0
    before = [_statistics(layer) for layer in layers]
    passed, untouched = 0, layers
    try:
        passed = _pass(model, layers, inputs, "train" if trained == "model" else "eval")
        untouched = [one for one in layers if not int(_calls(one))]
    finally:
        for layer, old in zip(layers, before, strict=True):
            if layer in untouched:
                _put(layer, old)
    if not passed:
        message = "inputs: expected at least one minibatch, got none; give the data"
        raise ValueError(message)
    return passed


@contextmanager
def recomputed_batch_norm(
    model: nn.Module, inputs: Iterable[Any], *, trained: Trained = "batch norm"
) -> Generator[None]:
    """Recompute the statistics for the length of a block.

    Args:
        model: The model.
        inputs: As for `recompute_batch_norm`.
        trained: Likewise.

    Yields:
        Nothing. The statistics come back bit for bit, whatever happens.
    """
    layers = _tracking(model)
    before = [_statistics(layer) for layer in layers]
    try:
        recompute_batch_norm(model, inputs, trained=trained)
        yield
    finally:
        for layer, old in zip(layers, before, strict=True):
            _put(layer, old)


def _require_known(trained: str) -> None:
    if trained not in get_args(Trained):
        message = f"trained: expected one of {get_args(Trained)}, got {trained!r}"
        raise ValueError(message)


def _pass(
    model: nn.Module, layers: list[_BatchNorm], inputs: Iterable[Any], mode: Mode
) -> int:
    passed, device = 0, _calls(layers[0]).device
    with ExitStack() as stack:
        stack.enter_context(keep_random_state(device))
        stack.enter_context(in_mode(model, mode))
        for layer in layers:
            stack.enter_context(_cumulative(layer))
        stack.enter_context(torch.no_grad())
        for batch in inputs:
            moved = map_tensors(lambda tensor: tensor.to(device), batch)
            positional, named = as_arguments(moved)
            model(*positional, **named)
            passed += 1
    return passed


def _calls(layer: _BatchNorm) -> torch.Tensor:
    return layer.get_buffer("num_batches_tracked")


def _tracking(model: nn.Module) -> list[_BatchNorm]:
    return [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.running_mean is not None
    ]


def _statistics(layer: _BatchNorm) -> dict[str, torch.Tensor]:
    buffers = layer.named_buffers(recurse=False)
    return {name: buffer.clone() for name, buffer in buffers}


def _put(layer: _BatchNorm, statistics: dict[str, torch.Tensor]) -> None:
    for name, value in statistics.items():
        layer.get_buffer(name).copy_(value)


@contextmanager
def _cumulative(layer: _BatchNorm) -> Generator[None]:
    """Let a layer train, from nothing, by the momentum of a cumulative average."""
    momentum, training, seen = layer.momentum, layer.training, 0

    def weigh(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        values = arguments[0].numel() // layer.num_features
        seen += values
        layer.momentum = values / seen

    layer.reset_running_stats()
    layer.training = True
    hook = layer.register_forward_pre_hook(weigh)
    try:
        yield
    finally:
        hook.remove()
        layer.momentum, layer.training = momentum, training
