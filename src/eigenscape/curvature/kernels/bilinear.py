"""Layers linear in their argument and in their weights: matrices and convolutions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, final

import torch

Wanted = tuple[bool, bool, bool]
"""Whether the slopes by argument, weights and bias are wanted."""


class Bilinear(ABC):
    """A map (x, w) ↦ x ∗ w, linear in x and in w."""

    @abstractmethod
    def product(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """Multiply: x ∗ w + b.

        Args:
            x: The argument.
            weight: The weights.
            bias: Shift of each channel; None for zero.

        Returns:
            The image.
        """

    @abstractmethod
    def add_product(
        self, image: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Add x ∗ w to an image that nobody else holds.

        Args:
            image: What to add to; lost.
            x: The argument.
            weight: The weights.

        Returns:
            The sum.
        """

    @abstractmethod
    def slopes(
        self, g: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, wanted: Wanted
    ) -> tuple[torch.Tensor | None, ...]:
        """Differentiate g·(x ∗ w + b).

        Args:
            g: The slope by the image.
            x: The argument.
            weight: The weights.
            wanted: By what.

        Returns:
            The slopes g ⋆ w by x, g ⋆ x by w and the sums of g by b; None where they
            are not wanted.
        """


@final
@dataclass(frozen=True)
class Matrix(Bilinear):
    """x ↦ x wᵀ, as ``torch.nn.functional.linear`` has it."""

    def product(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """See Bilinear."""
        shape = (*x.shape[:-1], len(weight))
        rows = x.reshape(-1, x.shape[-1])
        if bias is None:
            return _shaped(rows @ weight.T, shape)
        return _shaped(torch.addmm(bias, rows, weight.T), shape)

    def add_product(
        self, image: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """See Bilinear."""
        rows = x.reshape(-1, x.shape[-1])
        if _may_change(image):
            image.view(len(rows), -1).addmm_(rows, weight.T)
            return image
        sums = torch.addmm(image.reshape(len(rows), -1), rows, weight.T)
        return _shaped(sums, image.shape)

    def slopes(
        self, g: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, wanted: Wanted
    ) -> tuple[torch.Tensor | None, ...]:
        """See Bilinear."""
        rows = g.reshape(-1, g.shape[-1])
        return (
            _shaped(rows @ weight, x.shape) if wanted[0] else None,
            rows.T @ x.reshape(-1, x.shape[-1]) if wanted[1] else None,
            rows.sum(0) if wanted[2] else None,
        )


@final
@dataclass(frozen=True)
class Convolution(Bilinear):
    """The window w moved over x; one number an axis.

    Attributes:
        stride: The steps.
        padding: Zeros on either side.
        dilation: Distance between the points of the window.
        groups: Sets of channels that do not mix.
    """

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    def product(
        self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """See Bilinear."""
        image: torch.Tensor = _convolve(x, weight, bias, *self._moves, self.groups)
        return image

    def add_product(
        self, image: torch.Tensor, x: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """See Bilinear."""
        product = self.product(x, weight, None)
        return image.add_(product) if _may_change(image) else image + product

    def slopes(
        self, g: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, wanted: Wanted
    ) -> tuple[torch.Tensor | None, ...]:
        """See Bilinear."""
        shape, moves = [len(weight)], self._moves
        return _convolution_slopes(g, x, weight, shape, *moves, self.groups, wanted)

    @property
    def _moves(self) -> tuple[Any, ...]:
        not_transposed, nothing = False, [0] * len(self.stride)
        return self.stride, self.padding, self.dilation, not_transposed, nothing


def bilinear(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    kind: Bilinear,
) -> torch.Tensor:
    """Apply a layer x ∗ w + b.

    With g the slope by the image, those by x and w are g ⋆ w and g ⋆ x. The derivative
    of vₓ·(g ⋆ w) + v_w·(g ⋆ x) is vₓ ∗ w + x ∗ v_w by g, g ⋆ v_w by x and g ⋆ vₓ by w:
    the layer's own kernels. PyTorch computes the last, for a convolution, by windows as
    large as the image, and all of it, for a matrix, through views and sums in between.

    Args:
        x: The argument.
        weight: The weights.
        bias: Shift of each channel; None for zero.
        kind: The layer.

    Returns:
        The image.
    """
    return _layer(x, weight, bias, kind)


class _Layer(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        kind: Bilinear,
    ) -> torch.Tensor:
        return kind.product(x, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        x, weight, bias, ctx.kind = inputs
        ctx.biased = bias is not None
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        by_x, by_weight, by_bias = ctx.needs_input_grad[:3]
        wanted = (by_x, by_weight, by_bias and ctx.biased)
        if torch.is_grad_enabled():
            return *_slopes(slopes[0], x, weight, ctx.kind, wanted), None
        return *ctx.kind.slopes(slopes[0], x, weight, wanted), None


class _Slopes(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        weight: torch.Tensor,
        kind: Bilinear,
        wanted: Wanted,
    ) -> tuple[torch.Tensor | None, ...]:
        return kind.slopes(g, x, weight, wanted)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        g, x, weight, ctx.kind, _ = inputs
        ctx.save_for_backward(g, x, weight)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor | None) -> Any:
        g, x, weight = ctx.saved_tensors
        along_x, along_weight, along_bias = slopes
        kind: Bilinear = ctx.kind
        by_g = by_x = by_weight = None
        if along_weight is not None:
            by_g = kind.product(x, along_weight, along_bias)
            if ctx.needs_input_grad[1]:
                by_x = kind.slopes(g, x, along_weight, (True, False, False))[0]
        elif along_bias is not None:
            axis = 1 if isinstance(kind, Convolution) else -1
            shape = [1] * g.ndim
            shape[axis] = -1
            by_g = torch.zeros_like(g) + along_bias.view(shape)
        if along_x is not None:
            if by_g is None:
                by_g = kind.product(along_x, weight, None)
            else:
                by_g = kind.add_product(by_g, along_x, weight)
            if ctx.needs_input_grad[2]:
                by_weight = kind.slopes(g, along_x, weight, (False, True, False))[1]
        return by_g, by_x, by_weight, None, None


def _shaped(rows: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    # A plain view holds its base, and PyTorch adds slopes in place only to tensors that
    # nobody else holds.
    return rows if rows.shape == shape else _unsafe_view(rows, shape)


def _may_change(image: torch.Tensor) -> bool:
    """Tell whether no graph and no further axis of vmap hangs on a new tensor."""
    return not (torch.is_grad_enabled() or has_further_axis(image))


_layer: Any = _Layer.apply
_slopes: Any = _Slopes.apply
has_further_axis: Any = cast("Any", torch._C)._functorch.is_batchedtensor
_unsafe_view: Any = torch.ops.aten._unsafe_view.default
_convolve: Any = torch.convolution
_convolution_slopes: Any = torch.ops.aten.convolution_backward.default
