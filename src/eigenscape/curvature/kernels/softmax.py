"""Softmax and its logarithm, with second derivatives in five or six passes."""

from __future__ import annotations

from typing import Any

import torch


def softmax(x: torch.Tensor, axis: int) -> torch.Tensor:
    """Apply the softmax, p, along an axis.

    The derivative is the symmetric map J u = p ∘ (u − ⟨p, u⟩), and that of v·J g in x
    is J ((g − ⟨p, g⟩) ∘ (v − ⟨p, v⟩)), of which g − ⟨p, g⟩ is kept in the graph.

    Args:
        x: The argument.
        axis: The axis along which the result sums to one.

    Returns:
        p.
    """
    return _softmax(x, axis)


def log_softmax(x: torch.Tensor, axis: int) -> torch.Tensor:
    """Apply log softmax(x) along an axis.

    The derivative takes g to g − p ⟨1, g⟩, and that of v·(g − p ⟨1, g⟩) in x is
    −⟨1, g⟩ J v. Where a probability pₖ rounds to 1, what is left of either is of the
    size of 1 − pₖ: so gₖ − pₖ ⟨1, g⟩ is made of those of the other classes, with which
    it sums to 0, and vₖ is taken from v, which leaves J v as it is.

    Args:
        x: The argument.
        axis: The axis along which the exponentials of the result sum to one.

    Returns:
        The logarithms.
    """
    return _log_softmax(x, axis)


def likeliest(p: torch.Tensor, axis: int) -> torch.Tensor:
    """Find the class that is more likely than all others together.

    Args:
        p: Probabilities.
        axis: The axis of the classes.

    Returns:
        Its number, the axis kept; 0 where there is none. Cheaper than `argmax`.
    """
    kind = torch.promote_types(p.dtype, torch.float32)
    number = torch.arange(p.shape[axis], device=p.device, dtype=kind)
    found = p.round().to(kind).movedim(axis, -1) @ number
    return found.nan_to_num(0.0).long().unsqueeze(axis)


class _Softmax(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, axis: int) -> torch.Tensor:
        return torch.softmax(x, axis)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.axis = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        x, p = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _slope(slopes[0], x, p.detach(), ctx.axis)[0], None
        return _through(slopes[0], p, ctx.axis), None


class _Slope(torch.autograd.Function):
    """(g, x) ↦ J g, and g − ⟨p, g⟩ beside it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor, x: torch.Tensor, p: torch.Tensor, axis: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        del x
        centred = _centred(g, p, axis)
        return p * centred, centred

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        g, x, p, ctx.axis = inputs
        ctx.save_for_backward(g, x, p, output[1])
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> Any:
        g, x, p, centred = ctx.saved_tensors
        if slopes[0] is None:
            return (None,) * 4
        if torch.is_grad_enabled():  # to be differentiated once more
            p = torch.softmax(x, ctx.axis)
            centred = _centred(g, p, ctx.axis)
        along = _centred(slopes[0], p, ctx.axis)
        return p * along, _through(centred * along, p, ctx.axis), None, None


class _LogSoftmax(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, axis: int) -> torch.Tensor:
        return torch.log_softmax(x, axis)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.axis = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        x, logarithms = ctx.saved_tensors
        if not torch.is_grad_enabled():
            return _log_through(slopes[0], logarithms, ctx.axis, x.dtype), None
        p = logarithms.detach().exp()
        top = likeliest(p, ctx.axis)
        return _log_slope(slopes[0], x, p, top, ctx.axis), None


class _LogSlope(torch.autograd.Function):
    """(g, x) ↦ g − p ⟨1, g⟩."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor, x: torch.Tensor, p: torch.Tensor, top: torch.Tensor, axis: int
    ) -> torch.Tensor:
        del x
        found = torch.addcmul(g, p, g.sum(axis, keepdim=True), value=-1)
        found.scatter_add_(axis, top, -found.gather(axis, top))
        return found.scatter_add_(axis, top, -found.sum(axis, keepdim=True))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        g, x, p, top, ctx.axis = inputs
        ctx.save_for_backward(g, x, p, top)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        g, x, p, top = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated once more
            p = torch.softmax(x, ctx.axis)
        v = slopes[0] - slopes[0].gather(ctx.axis, top)
        along = _centred(v, p, ctx.axis)
        bent = p * along * -g.sum(ctx.axis, keepdim=True)
        return along, bent, None, None, None


_softmax: Any = _Softmax.apply
_slope: Any = _Slope.apply
_log_softmax: Any = _LogSoftmax.apply
_log_slope: Any = _LogSlope.apply
_log_through: Any = torch.ops.aten._log_softmax_backward_data.default
_fused: Any = torch.ops.aten._softmax_backward_data.default


def _centred(u: torch.Tensor, p: torch.Tensor, axis: int) -> torch.Tensor:
    return u - (u * p).sum(axis, keepdim=True)


def _through(u: torch.Tensor, p: torch.Tensor, axis: int) -> torch.Tensor:
    return _fused(u, p, axis, p.dtype)
