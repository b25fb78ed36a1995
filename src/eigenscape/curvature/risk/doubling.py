"""A model and its loss copied to float64, with all that the loss holds of the model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, cast

import torch
from torch import nn

Memo = dict[int, Any]


def in_double(
    model: nn.Module, loss: Callable[..., Any]
) -> tuple[nn.Module, Callable[..., Any]]:
    """Copy a model and a loss to float64.

    A loss may hold the model or tensors of its own, such as a penalty on the weights
    or weights of classes: as a module, a method, a partial function, or a function
    that refers to them. The copy refers to the copies.

    Args:
        model: The model.
        loss: The loss.

    Returns:
        Both in float64; a loss that holds neither is not copied.
    """
    memo = _computed(model)
    copied = copy.deepcopy(model, memo).double()
    return copied, _doubled(loss, memo)


def _computed(model: nn.Module) -> Memo:
    """Copies of tensors that modules hold and compute anew, which have a graph."""
    held = [value for module in model.modules() for value in vars(module).values()]
    return {
        id(value): value.detach().clone()
        for value in held
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }


def _doubled(value: Any, memo: Memo) -> Any:
    if isinstance(value, torch.Tensor):
        copied = memo.get(id(value), value)
        return copied.double() if value.is_floating_point() else copied
    if isinstance(value, nn.Module):
        return copy.deepcopy(value, memo).double()
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, MethodType):
        return MethodType(value.__func__, _doubled_owner(value.__self__, memo))
    if isinstance(value, partial):
        made = cast("partial[Any]", value)
        args = _doubled(list(made.args), memo)
        return partial(_doubled(made.func, memo), *args, **_each(made.keywords, memo))
    if isinstance(value, FunctionType):
        return _doubled_function(value, memo)
    if type(value) in {list, tuple}:
        return type(value)(_doubled(item, memo) for item in value)
    return _each(value, memo) if type(value) is dict else value


def _each(values: Mapping[str, Any], memo: Memo) -> dict[str, Any]:
    return {key: _doubled(value, memo) for key, value in values.items()}


def _doubled_owner(owner: object, memo: Memo) -> object:
    if isinstance(owner, nn.Module) or not hasattr(owner, "__dict__"):
        return _doubled(owner, memo)
    copied = memo[id(owner)] = copy.copy(owner)
    vars(copied).update(_each(vars(owner), memo))
    return copied


def _doubled_function(function: FunctionType, memo: Memo) -> FunctionType:
    memo[id(function)] = function  # functions may refer to each other
    space = function.__globals__
    used = {
        name: space[name]
        for name in _names(function.__code__)
        if getattr(space.get(name), "__globals__", space) is space and name in space
    }
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    own = [used, held, function.__defaults__, function.__kwdefaults__]
    copied = _doubled(own, memo)
    if _same(own, copied):
        return function
    used, held, defaults, named_defaults = copied
    made = FunctionType(
        function.__code__,
        {**space, **used},
        function.__name__,
        defaults,
        tuple(CellType(value) for value in held),
    )
    made.__kwdefaults__ = named_defaults
    made.__qualname__ = function.__qualname__
    memo[id(function)] = made
    return made


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _same(before: Any, after: Any) -> bool:
    if type(before) in {list, tuple, dict}:
        pairs = zip(_leaves(before), _leaves(after), strict=True)
        return all(first is second for first, second in pairs)
    return before is after


def _leaves(value: Any) -> Iterator[Any]:
    if type(value) is dict:
        value = list(value.values())
    if type(value) in {list, tuple}:
        for item in value:
            yield from _leaves(item)
    else:
        yield value
