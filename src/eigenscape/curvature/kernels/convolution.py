"""Convolutions whose second derivatives are two convolutions and their transposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

_backward = torch.ops.aten.convolution_backward.default


@dataclass(frozen=True)
class Geometry:
    """How a window moves; one number an axis.

    Attributes:
        stride: The steps.
        padding: Zeros on either side.
        dilation: Distance between the points of the window.
        groups: Sets of channels that do not mix.
    """

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int


def convolve(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    geometry: Geometry,
) -> torch.Tensor:
    """Convolve x ∗ w + b, as ``torch.nn.functional.conv2d`` and its kin do.

    With g the derivative by the result, those by x and w are g ⋆ w and g ⋆ x. The
    derivative of vₓ·(g ⋆ w) + v_w·(g ⋆ x) is vₓ ∗ w + x ∗ v_w by g, g ⋆ v_w by x and
    g ⋆ vₓ by w. PyTorch computes the last by a convolution with windows as large as
    the image; here each is the kernel that its shape is made for.

    Args:
        x: The argument: examples, channels, then axes of space.
        weight: The windows.
        bias: Shift of each channel; None for zero.
        geometry: How the windows move.

    Returns:
        The convolved argument.
    """
    return _convolution(x, weight, bias, geometry)


class _Convolution(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        geometry: Geometry,
    ) -> torch.Tensor:
        return _forward(x, weight, bias, geometry)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        x, weight, bias, ctx.geometry = inputs
        ctx.biased = bias is not None
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        by_x, by_weight, by_bias = ctx.needs_input_grad[:3]
        wanted = (by_x, by_weight, by_bias and ctx.biased)
        back = _slopes(slopes[0], x, weight, ctx.geometry, wanted)
        return *back, None


class _Slopes(torch.autograd.Function):
    """(g, x, w) ↦ g ⋆ w, g ⋆ x and the sum of g over all but channels."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        weight: torch.Tensor,
        geometry: Geometry,
        wanted: tuple[bool, bool, bool],
    ) -> tuple[torch.Tensor | None, ...]:
        return _back(g, x, weight, geometry, wanted)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        g, x, weight, ctx.geometry, _ = inputs
        ctx.save_for_backward(g, x, weight)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor | None) -> Any:
        g, x, weight = ctx.saved_tensors
        along_x, along_weight, along_bias = slopes
        geometry = ctx.geometry
        by_g = by_x = by_weight = None
        if ctx.needs_input_grad[0]:
            by_g = _sum(
                None if along_x is None else _forward(along_x, weight, None, geometry),
                None
                if along_weight is None
                else _forward(x, along_weight, along_bias, geometry),
            )
            if along_weight is None and along_bias is not None:
                shift = along_bias.view(1, -1, *[1] * (g.ndim - 2)).expand_as(g)
                by_g = _sum(by_g, shift)
        if along_weight is not None and ctx.needs_input_grad[1]:
            by_x = _back(g, x, along_weight, geometry, (True, False, False))[0]
        if along_x is not None and ctx.needs_input_grad[2]:
            by_weight = _back(g, along_x, weight, geometry, (False, True, False))[1]
        return by_g, by_x, by_weight, None, None


_convolution: Any = _Convolution.apply
_slopes: Any = _Slopes.apply


def _forward(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    geometry: Geometry,
) -> torch.Tensor:
    straight = (geometry.stride, geometry.padding, geometry.dilation, False)
    nothing = [0] * len(geometry.stride)
    return torch.convolution(x, weight, bias, *straight, nothing, geometry.groups)


def _back(
    g: torch.Tensor,
    x: torch.Tensor,
    weight: torch.Tensor,
    geometry: Geometry,
    wanted: tuple[bool, bool, bool],
) -> tuple[torch.Tensor | None, ...]:
    return _backward(
        g,
        x,
        weight,
        [len(weight)],
        geometry.stride,
        geometry.padding,
        geometry.dilation,
        False,
        [0] * len(geometry.stride),
        geometry.groups,
        list(wanted),
    )


def _sum(a: torch.Tensor | None, b: torch.Tensor | None) -> torch.Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b
