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

    With n numbers in each group, x̂ = (x − mean)/σ and r = 1/σ, the derivative is the
    symmetric map B g = r (g − mean g − x̂ mean(g x̂)), and that of v·B g in x is
    −r (x̂ mean(v Bg) + Bg mean(v x̂) + Bv mean(g x̂)), of which Bg and mean(g x̂) are
    kept in the graph.

    Args:
        x: The argument.
        axes: The axes normalised over, counted from the end.
        weight: Scale of each number; None for one.
        bias: Shift of each number; None for zero.
        eps: Added to the variance.

    Returns:
        x̂ ∘ weight + bias.
    """
    normal = _normal(x, axes, eps)[0]
    scaled = normal if weight is None else normal * weight
    return scaled if bias is None else scaled + bias


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


class _Normal(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor, axes: tuple[int, ...], eps: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return _normalised(x, axes, eps)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.axes, ctx.eps = inputs
        ctx.save_for_backward(x, *output)
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        x, normal, rate = ctx.saved_tensors
        back = _back(slopes[0], x, normal.detach(), rate, ctx.axes, ctx.eps)
        return back[0], None, None


class _Back(torch.autograd.Function):
    """(g, x) ↦ B g."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        normal: torch.Tensor,
        rate: torch.Tensor,
        axes: tuple[int, ...],
        eps: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        del x, eps
        along = (g * normal).mean(axes, keepdim=True)
        return _through(g, normal, rate, along, axes), along

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        g, x, normal, rate, ctx.axes, ctx.eps = inputs
        ctx.save_for_backward(g, x, normal, rate, *output)
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        g, x, normal, rate, image, along = ctx.saved_tensors
        v, axes = slopes[0], ctx.axes
        if torch.is_grad_enabled():  # to be differentiated once more
            normal, rate = _normalised(x, axes, ctx.eps)
            along = (g * normal).mean(axes, keepdim=True)
            image = _through(g, normal, rate, along, axes)
        own = (v * normal).mean(axes, keepdim=True)
        through = _through(v, normal, rate, own, axes)
        both = (v * image).mean(axes, keepdim=True)
        bend = torch.addcmul(normal * both, image, own)
        bend = torch.addcmul(bend, through, along) * -rate
        return through, bend, None, None, None, None


_normal: Any = _Normal.apply
_back: Any = _Back.apply


def _through(
    g: torch.Tensor,
    normal: torch.Tensor,
    rate: torch.Tensor,
    along: torch.Tensor,
    axes: tuple[int, ...],
) -> torch.Tensor:
    centred = g - g.mean(axes, keepdim=True)
    return torch.addcmul(centred, normal, along, value=-1) * rate


def _normalised(
    x: torch.Tensor, axes: tuple[int, ...], eps: float
) -> tuple[torch.Tensor, torch.Tensor]:
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    rate = torch.rsqrt(variance + eps)
    return (x - mean) * rate, rate
