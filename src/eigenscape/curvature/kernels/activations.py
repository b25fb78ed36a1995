"""Activations with their first two derivatives computed once a graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

TANH_SCALE = math.sqrt(2 / math.pi)
TANH_CUBE = 0.044715
"""Constants of the tanh approximation of GELU (Hendrycks and Gimpel, 2016)."""


@dataclass(frozen=True)
class Activation:
    """A function of one number, and its derivatives.

    Attributes:
        value: x ↦ f(x), by PyTorch's own kernel.
        derivatives: x ↦ f′(x), f″(x), by operations that can be differentiated.
    """

    value: Callable[[torch.Tensor], torch.Tensor]
    derivatives: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


def activate(x: torch.Tensor, kind: Activation) -> torch.Tensor:
    """Apply an activation whose second derivatives are multiplications.

    PyTorch evaluates the special functions anew in every product; here f′ and g f″,
    where g is the slope, are tensors of the graph. Derivatives of any further order go
    through the operations that make f′ and f″.

    Args:
        x: The argument.
        kind: The activation.

    Returns:
        f(x).
    """
    return _value(x, kind)[0]


class _Value(torch.autograd.Function):
    """x ↦ f(x), and beside it f′(x) and f″(x) for the backward passes."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, kind: Activation) -> tuple[torch.Tensor, ...]:
        return kind.value(x), *kind.derivatives(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.kind = inputs
        ctx.save_for_backward(x, *output[1:])
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        x, slope, bend = ctx.saved_tensors
        g = slopes[0]
        if g is None or not torch.is_grad_enabled():
            return None if g is None else g * slope, None
        return _slope(g, x, slope, bend, ctx.kind), None


class _Slope(torch.autograd.Function):
    """(g, x) ↦ g ∘ f′(x)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        slope: torch.Tensor,
        bend: torch.Tensor,
        kind: Activation,
    ) -> torch.Tensor:
        del x, bend, kind
        return g * slope

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        g, x, slope, bend, ctx.kind = inputs
        ctx.save_for_backward(g, x, slope, g * bend)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        g, x, slope, bent = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated once more
            slope, bend = ctx.kind.derivatives(x)
            bent = g * bend
        return slopes[0] * slope, slopes[0] * bent, None, None, None


def rectify(x: torch.Tensor) -> torch.Tensor:
    """Apply max(x, 0), whose slope is constant where it is defined.

    PyTorch's derivative of the slope by x is a tensor of zeros, which it adds to the
    others in every product; here there is none.

    Args:
        x: The argument.

    Returns:
        max(x, 0).
    """
    return _rectified(x)


class _Rectified(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        y = ctx.saved_tensors[0].detach()
        keep = _kept if torch.is_grad_enabled() else _where_above
        return keep(slopes[0], y, 0.0)


class _Kept(torch.autograd.Function):
    """g where y exceeds a bound, 0 elsewhere: linear in g."""

    generate_vmap_rule = True

    @staticmethod
    def forward(g: torch.Tensor, y: torch.Tensor, bound: float) -> torch.Tensor:
        return _where_above(g, y, bound)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        _, y, ctx.bound = inputs
        ctx.save_for_backward(y)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        keep = _kept if torch.is_grad_enabled() else _where_above
        return keep(slopes[0], ctx.saved_tensors[0], ctx.bound), None, None


_value: Any = _Value.apply
_slope: Any = _Slope.apply
_rectified: Any = _Rectified.apply
_kept: Any = _Kept.apply
_where_above: Any = torch.ops.aten.threshold_backward.default


def _gelu(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    density = torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    return below + x * density, density * (2 - x * x)


def _gelu_tanh(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    t = torch.tanh(TANH_SCALE * (x + TANH_CUBE * x**3))
    first = TANH_SCALE * (1 + 3 * TANH_CUBE * x * x)
    second = 6 * TANH_SCALE * TANH_CUBE * x
    steep = 1 - t * t
    slope = 0.5 * (1 + t) + 0.5 * x * steep * first
    bend = steep * (first + 0.5 * x * (second - 2 * t * first * first))
    return slope, bend


def _silu(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    s = torch.sigmoid(x)
    steep = s * (1 - s)
    return s + x * steep, steep * (2 + x * (1 - 2 * s))


def _value_of_gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return functional.gelu(x, approximate="tanh")


GELU = Activation(functional.gelu, _gelu)
GELU_TANH = Activation(_value_of_gelu_tanh, _gelu_tanh)
SILU = Activation(functional.silu, _silu)
