"""Normalisations whose second derivatives take few passes over the data."""

from __future__ import annotations

from typing import Any

import torch


def layer_norm(
    x: torch.Tensor,
    axes: tuple[int, ...],
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> torch.Tensor:
    """Normalise over the last axes, as ``torch.nn.functional.layer_norm`` does.

    With n numbers in each group, x̂ = (x − mean)/σ and r = 1/σ, the derivative of x̂ is
    the symmetric map B h = r (h − mean h − x̂ mean(h x̂)), and that of v·B h in x is
    −r (x̂ mean(v Bh) + Bh mean(v x̂) + Bv mean(h x̂)), of which Bh and mean(h x̂) are
    kept in the graph; h is the slope times the weight.

    Args:
        x: The argument.
        axes: The axes normalised over, counted from the end.
        weight: Scale of each number; None for one.
        bias: Shift of each number; None for zero.
        eps: Added to the variance.

    Returns:
        x̂ ∘ weight + bias.
    """
    return _layer_norm(x, weight, bias, axes, eps)[0]


def batch_norm(
    x: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> torch.Tensor:
    """Apply batch norm with given statistics: an affine map of each channel.

    Args:
        x: The argument, channels on the second axis.
        mean: The channels' means.
        variance: The channels' variances.
        weight: Scale of each channel; None for one.
        bias: Shift of each channel; None for zero.
        eps: Added to the variance.

    Returns:
        (x − mean)/√(variance + eps) ∘ weight + bias.
    """
    shape = [1, -1] + [1] * (x.ndim - 2)
    rate = torch.rsqrt(variance + eps)
    scale = (rate if weight is None else weight * rate).view(shape)
    # not torch.addcmul, whose backward keeps a copy of its argument
    scaled = (x - mean.view(shape)) * scale
    return scaled if bias is None else scaled + bias.view(shape)


class _LayerNorm(torch.autograd.Function):
    """The normalised argument, and beside it means and r of the groups."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        axes: tuple[int, ...],
        eps: float,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return torch.native_layer_norm(x, x.shape[axes[0] :], weight, bias, eps)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, weight, bias, ctx.axes, ctx.eps = inputs
        ctx.save_for_backward(x, weight, bias, *output[1:])
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        g, axes, eps = slopes[0], ctx.axes, ctx.eps
        if g is None:
            return (None,) * 5
        back = _slopes if torch.is_grad_enabled() else _Slopes.forward
        x, weight, bias, mean, rate = ctx.saved_tensors
        return *back(g, x, weight, bias, mean, rate, axes, eps), None, None


class _Slopes(torch.autograd.Function):
    """(g, x, weight) ↦ B h, and the sums of g x̂ and of g over the groups."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        mean: torch.Tensor,
        rate: torch.Tensor,
        axes: tuple[int, ...],
        eps: float,
    ) -> tuple[torch.Tensor | None, ...]:
        del eps
        wanted = [True, weight is not None, bias is not None]
        shape = x.shape[axes[0] :]
        return _fused(g, x, shape, mean, rate, weight, bias, wanted)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        g, x, weight, _, mean, rate, ctx.axes, ctx.eps = inputs
        normal = (x - mean) * rate
        along = _dot(g if weight is None else g * weight, normal, ctx.axes)
        ctx.save_for_backward(g, x, weight, mean, rate, normal, along, output[0])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        if torch.is_grad_enabled():  # to be differentiated once more
            g, x, weight = ctx.saved_tensors[:3]
            normal, rate = _normalised(x, ctx.axes, ctx.eps)

            def through(u: torch.Tensor) -> torch.Tensor:
                return _through(u, normal, rate, ctx.axes)

            scaled = g if weight is None else g * weight
            along, image = _dot(scaled, normal, ctx.axes), through(scaled)
        else:
            g, x, weight, mean, rate, normal, along, image = ctx.saved_tensors

            def through(u: torch.Tensor) -> torch.Tensor:
                shape = x.shape[ctx.axes[0] :]
                only = [True, False, False]
                return _fused(u, x, shape, mean, rate, None, None, only)[0]

        by_g = by_x = by_weight = None
        v, by_scale, by_shift = slopes
        if v is not None:
            image_of_v = through(v)
            by_g = image_of_v if weight is None else image_of_v * weight
            if weight is not None:
                by_weight = (g * image_of_v).sum_to_size(weight.shape)
            bend = torch.addcmul(
                normal * _dot(v, image, ctx.axes), image, _dot(v, normal, ctx.axes)
            )
            by_x = torch.addcmul(bend, image_of_v, along) * -rate
        if by_scale is not None:
            by_g = _sum(by_g, normal * by_scale)
            by_x = _sum(by_x, through(g * by_scale))
        if by_shift is not None:
            by_g = _sum(by_g, by_shift.expand_as(g))
        return by_g, by_x, by_weight, *[None] * 5


_layer_norm: Any = _LayerNorm.apply
_slopes: Any = _Slopes.apply
_fused: Any = torch.ops.aten.native_layer_norm_backward.default


def _dot(a: torch.Tensor, b: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    return (a * b).mean(axes, keepdim=True)


def _sum(a: torch.Tensor | None, b: torch.Tensor) -> torch.Tensor:
    return b if a is None else a + b


def _through(
    u: torch.Tensor, normal: torch.Tensor, rate: torch.Tensor, axes: tuple[int, ...]
) -> torch.Tensor:
    centred = u - u.mean(axes, keepdim=True)
    return (centred - normal * _dot(u, normal, axes)) * rate


def _normalised(
    x: torch.Tensor, axes: tuple[int, ...], eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    rate = torch.rsqrt(variance + eps)
    return (x - mean) * rate, rate
