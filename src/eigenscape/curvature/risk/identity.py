"""What tells one loss or model from another, in words that outlive the process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, cast

import torch
from torch import nn

Part = str | torch.Tensor
"""What ``resume.digest`` takes."""


def loss_parts(loss: Callable[..., Any]) -> Iterator[Part]:
    """Name a loss and its settings.

    Two functions of one name and one compiled code are told apart by the numbers,
    tensors and names of functions they close over, two modules by their settings and
    buffers.

    Args:
        loss: A function, a partial one, a module or another callable.

    Yields:
        Texts and tensors.
    """
    if isinstance(loss, partial):
        function = cast("partial[Any]", loss)
        yield from loss_parts(function.func)
        yield from _settings({**dict(enumerate(function.args)), **function.keywords})
        return
    named = loss if hasattr(loss, "__qualname__") else type(loss)
    yield f"{named.__module__}.{named.__qualname__}"
    code = getattr(loss, "__code__", None)
    if code is not None:
        yield f"{code.co_code.hex()} {code.co_names}"
        yield from _settings(dict(enumerate(code.co_consts)))
        cells = getattr(loss, "__closure__", None) or ()
        yield from _settings({k: cell.cell_contents for k, cell in enumerate(cells)})
    else:
        yield from _settings(getattr(loss, "__dict__", {}))
    if isinstance(loss, nn.Module):
        yield from _settings(loss.state_dict())


def model_parts(model: nn.Module) -> Iterator[Part]:
    """Name the modules of a model, and give its parameters and buffers.

    Args:
        model: The model.

    Yields:
        Texts and tensors.
    """
    for name, module in model.named_modules():
        yield f"{name} {type(module).__module__}.{type(module).__qualname__}"
    yield from _settings(dict(model.named_parameters()))
    yield from _settings(dict(model.named_buffers()))


def _settings(values: Mapping[Any, Any]) -> Iterator[Part]:
    for key, value in values.items():
        if isinstance(value, torch.Tensor):
            yield str(key)
            yield value
        elif isinstance(value, (str, int, float, type(None))):
            yield f"{key}={value}"
        elif hasattr(value, "__qualname__"):
            yield f"{key}={getattr(value, '__module__', '')}.{value.__qualname__}"
