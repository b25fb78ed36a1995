"""ProjectedAttention: multi-head attention with its projections in the open.

``nn.MultiheadAttention`` hands its weights to one function, so that no hook sees the
inputs and outputs of its four projections. While passes are recorded these are computed
first, and the module attends with identity matrices in their place.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, Protocol, cast, final, runtime_checkable

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from eigenscape.optim.kfac.discovery import Use


@runtime_checkable
class Watcher(Protocol):
    """Who waits for gradients of outputs."""

    def recording(self) -> bool:
        """Say whether a forward pass would be recorded now."""
        ...

    def watch(self, use: Use, inputs: torch.Tensor, output: torch.Tensor) -> None:
        """Wait for the gradient of a layer's output."""
        ...


@final
class ProjectedAttention:
    """Stands in for the ``forward`` of an attention module until it is removed.

    A pass that is not recorded is the module's own; a recorded one differs from it by
    rounding. Copies and pickles of the module have its own ``forward`` again.
    """

    def __init__(
        self,
        attention: nn.Module,
        uses: Mapping[str, Use],
        watcher: weakref.ref[Any],
    ) -> None:
        """Put itself in place.

        Args:
            attention: The ``nn.MultiheadAttention``.
            uses: Its projections that have factors: query, key, value, out.
            watcher: Who waits for the gradients of their outputs.
        """
        self._attention = weakref.ref(cast("nn.MultiheadAttention", attention))
        self._uses = uses
        self._watcher = watcher
        attention.forward = self

    def remove(self) -> None:
        """Give the module its own ``forward`` back."""
        attention = self._attention()
        if attention is not None and attention.__dict__.get("forward") is self:
            del attention.__dict__["forward"]

    def __call__(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Attend.

        Args:
            query: See ``nn.MultiheadAttention``, as all else.
            key: The keys.
            value: The values.
            args: More arguments.
            kwargs: And others.

        Returns:
            What the module returns.
        """
        attention = cast("nn.MultiheadAttention", self._attention())
        watcher: Watcher | None = self._watcher()
        if watcher is None or not watcher.recording():
            forward = type(attention).forward
            return forward(attention, query, key, value, *args, **kwargs)
        inputs = {"query": query, "key": key, "value": value}
        projected = [
            self._map(watcher, part, tensor, *_projection(attention, index))
            for index, (part, tensor) in enumerate(inputs.items())
        ]
        core = _Core(attention)
        mixed, weights = functional_call(
            core, _identities(attention), (*projected, *args), kwargs
        )
        out = attention.out_proj
        return self._map(watcher, "out", mixed, out.weight, out.bias), weights

    def __reduce__(self) -> tuple[Any, ...]:
        return _own_forward, (self._attention(),)

    def _map(
        self,
        watcher: Watcher,
        part: str,
        inputs: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
    ) -> torch.Tensor:
        output = functional.linear(inputs, weight, bias)
        if part in self._uses:
            watcher.watch(self._uses[part], inputs, output)
        return output


@final
class _Core(nn.Module):
    """Calls the module's own ``forward``, past its hooks."""

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return type(self.attention).forward(self.attention, *args, **kwargs)


def _projection(
    attention: nn.MultiheadAttention, index: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    width = attention.embed_dim
    stretch = slice(index * width, (index + 1) * width)
    held = attention._parameters
    bias, packed = held["in_proj_bias"], held["in_proj_weight"]
    part = None if bias is None else bias[stretch]
    if packed is not None:
        return packed[stretch], part
    return cast("torch.Tensor", held[f"{'qkv'[index]}_proj_weight"]), part


def _identities(attention: nn.MultiheadAttention) -> dict[str, torch.Tensor]:
    weight = attention.out_proj.weight
    eye = torch.eye(attention.embed_dim, dtype=weight.dtype, device=weight.device)
    found = {"attention.out_proj.weight": eye}
    held = attention._parameters
    if held["in_proj_weight"] is not None:
        found["attention.in_proj_weight"] = eye.repeat(3, 1)
    else:
        names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        found |= {f"attention.{name}": eye for name in names}
    biases = {
        "attention.out_proj.bias": attention.out_proj._parameters["bias"],
        "attention.in_proj_bias": held["in_proj_bias"],
    }
    zeros = {n: torch.zeros_like(b) for n, b in biases.items() if b is not None}
    return found | zeros


def _own_forward(attention: nn.Module) -> Any:
    """Bind the module's own ``forward``; a copy of the module keeps that.

    Returns:
        The method.
    """
    return type(attention).forward.__get__(attention)
