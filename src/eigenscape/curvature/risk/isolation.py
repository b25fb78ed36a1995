"""Evaluate a model without leaving a trace, by operations with second derivatives."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Literal, get_args

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm  # ruff: ignore[import-private-name] all inherit it

Mode = Literal["as is", "eval", "train"]
"""Whether the modules of a model are left as they are, all evaluate or all train."""


@contextmanager
def keep_random_state(device: torch.device) -> Generator[None]:
    """Restore the global random states when the block ends.

    The states are those of Python, NumPy, torch on the processor and torch on
    ``device``: dropout and data augmentation draw from them.

    Args:
        device: The device whose state is kept besides the processor's.

    Yields:
        Nothing.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # ruff: ignore[numpy-legacy-random] the caller's
    devices = [] if device.type == "cpu" else [device]
    try:
        with torch.random.fork_rng(devices, device_type=device.type):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # ruff: ignore[numpy-legacy-random] the caller's


def reseed_random_state(device: torch.device) -> None:
    """Move each global random state to an unrelated place.

    Drawing one number would not do: a data set that draws one number an example
    would then see nearly the same sequence again, shifted by one.

    Args:
        device: The device whose state moves besides the processor's.
    """
    seed = random.getrandbits(31)
    random.seed(seed)
    np.random.seed(seed)  # ruff: ignore[numpy-legacy-random] the data set's
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


@contextmanager
def twice_differentiable(model: nn.Module, device: torch.device) -> Generator[None]:
    """Choose kernels that can be differentiated twice, and record gradients.

    Fused attention has no second derivative, so attention takes the mathematically
    equal route by matrix products; nor have the recurrent layers of cuDNN.

    Args:
        model: The model to be evaluated.
        device: Where its parameters live.

    Yields:
        Nothing.

    References:
        PyTorch issue 116350 (double backward of fused attention).
    """
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
        if device.type == "cuda" and recurrent:
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        yield


def require_mode(mode: str) -> None:
    """Refuse an unknown mode.

    Args:
        mode: The mode.

    Raises:
        ValueError: If there is none of this name.
    """
    if mode not in get_args(Mode):
        message = f"mode: expected one of {get_args(Mode)}, got {mode!r}; choose one"
        raise ValueError(message)


@contextmanager
def in_mode(model: nn.Module, mode: Mode) -> Generator[None]:
    """Put every module of a model in a mode, and each back in its own at the end.

    ``model.train()`` is not called: some models change their parameters in it.

    Args:
        model: The model.
        mode: The mode.

    Yields:
        Nothing.
    """
    trains = mode == "train"
    modules = () if mode == "as is" else model.modules()
    moved = [module for module in modules if module.training is not trains]
    try:
        for module in moved:
            module.training = trains
        yield
    finally:
        for module in moved:
            module.training = not trains


def couples_examples(model: nn.Module, mode: Mode) -> bool:
    """Tell whether an example's output depends on the others of its minibatch.

    Args:
        model: The model.
        mode: The mode in which it is evaluated.

    Returns:
        Whether a batch norm would take the statistics of the minibatch.
    """
    return any(
        module.running_mean is None
        or mode == "train"
        or (mode == "as is" and module.training)
        for module in model.modules()
        if isinstance(module, _BatchNorm)
    )
