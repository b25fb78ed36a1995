"""CheapSecondDerivatives: where the layers of a model are replaced while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast, final

import torch
from torch.autograd import forward_ad
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils import checkpoint

from eigenscape.curvature.kernels.activations import (
    GELU,
    GELU_TANH,
    SILU,
    activate,
    rectify,
)
from eigenscape.curvature.kernels.alignments import ctc_loss
from eigenscape.curvature.kernels.bilinear import Convolution, Matrix
from eigenscape.curvature.kernels.folding import normalised_layer, remembered
from eigenscape.curvature.kernels.normalisations import batch_norm, layer_norm
from eigenscape.curvature.kernels.once_differentiable import (
    cdist,
    embedding,
    embedding_bag,
    hardsigmoid,
    multi_margin_loss,
    pdist,
)
from eigenscape.curvature.kernels.softmax import log_softmax, softmax

_saved_tensors_hooks = cast("Any", torch._C)._autograd._top_saved_tensors_default_hooks

PLAIN = {torch.Tensor, torch.nn.Parameter}


@final
class CheapSecondDerivatives(TorchFunctionMode):
    """Inside, some functions of ``torch.nn.functional`` are computed in another way.

    ReLU, GELU, SiLU, softmax, cross-entropy of classes, layer norm, batch norm with
    given statistics, linear layers and convolutions: the values are the same to
    rounding, and derivatives of every order right, but a product through a graph that
    is kept takes fewer passes over the activations. Weight norm is replaced because
    PyTorch's second derivative of it is wrong; the hard sigmoid, distances, embeddings
    in bags or with sparse gradients, CTC and margin losses because there is none.
    (Pooling, attention in one call and recurrent layers are PyTorch's.)

    To save the tensors for cheap products takes time in the forward pass: it pays from
    the second product with a graph on. For a single one only that is replaced which
    PyTorch gets wrong or refuses.
    """

    def __init__(self, *, kept: bool = True) -> None:
        """Say what the graph is for.

        Args:
            kept: Whether more than one product is taken with a graph.
        """
        super().__init__()
        self._replacements = REPLACEMENTS if kept else MISSING

    def __torch_function__(  # ruff: ignore[bad-dunder-method-name] PyTorch's
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call a function of PyTorch, or what stands for it.

        Args:
            func: The function.
            types: Kinds of tensors with functions of their own: none are replaced.
            args: Its arguments.
            kwargs: Its named arguments.

        Returns:
            What it returns.
        """
        options = dict(kwargs or {})
        if "input" in options:
            args = (options.pop("input"), *args)
        replacement = self._replacements.get(func)
        foreign = not set(types) <= PLAIN
        if replacement is None or foreign or _in_another_way():
            return func(*args, **options)
        found = replacement(*args, **options)
        return func(*args, **options) if found is None else found


def _in_another_way() -> bool:
    """Tell of forward mode, of types changed on the way, and of checkpointed layers."""
    changing = any(torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda"))
    # Layers evaluated again during a derivative must save the same tensors then, and
    # PyTorch suspends this mode during derivatives.
    hooks = _saved_tensors_hooks(True)
    again = hooks is not None and hooks[0].__module__ == checkpoint.__name__
    return changing or again or forward_ad._current_level >= 0


def _gelu(x: torch.Tensor, *, approximate: str = "none") -> torch.Tensor | None:
    kinds = {"none": GELU, "tanh": GELU_TANH}
    return activate(x, kinds[approximate]) if approximate in kinds else None


def _silu(x: torch.Tensor, inplace: bool = False) -> torch.Tensor | None:
    return None if inplace else activate(x, SILU)


def _relu(x: torch.Tensor, inplace: bool = False) -> torch.Tensor | None:
    return None if inplace else rectify(x)


def _layer_norm(
    x: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> torch.Tensor | None:
    if tuple(x.shape[-len(normalized_shape) :]) != tuple(normalized_shape):
        return None
    return layer_norm(x, tuple(range(-len(normalized_shape), 0)), weight, bias, eps)


def _batch_norm(
    x: torch.Tensor,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor | None:
    del momentum
    if training or running_mean is None or running_var is None:
        return None
    given = (x, running_mean, running_var, weight, bias, eps)
    folded = normalised_layer(*given)
    return batch_norm(*given) if folded is None else folded


def _linear(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor | None:
    plain = x.ndim > 1 and weight.ndim == 2 and (bias is None or bias.ndim == 1)
    some = weight.numel() > 0
    return remembered(x, weight, bias, Matrix()) if plain and some else None


def _convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> torch.Tensor | None:
    axes = weight.ndim - 2
    if isinstance(padding, str) or x.ndim != weight.ndim:
        return None
    moves = [_each_axis(move, axes) for move in (stride, padding, dilation)]
    kind = Convolution(moves[0], moves[1], moves[2], groups)
    return remembered(x, weight, bias, kind)


def _each_axis(move: int | Sequence[int], axes: int) -> tuple[int, ...]:
    moves = (move,) if isinstance(move, int) else tuple(move)
    return moves * axes if len(moves) == 1 else moves


def _softmax(
    x: torch.Tensor, dim: int | None = None, *rest: object, **options: object
) -> torch.Tensor | None:
    return None if dim is None or rest or options else softmax(x, dim)


def _log_softmax(
    x: torch.Tensor, dim: int | None = None, *rest: object, **options: object
) -> torch.Tensor | None:
    return None if dim is None or rest or options else log_softmax(x, dim)


def _cross_entropy(
    x: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    *rest: object,
    ignore_index: int = -100,
    reduction: str = "mean",
    **options: object,
) -> torch.Tensor | None:
    if rest or any(options.values()) or target.is_floating_point():
        return None
    logarithms = log_softmax(x, min(1, x.ndim - 1))
    return functional.nll_loss(
        logarithms, target, weight, ignore_index=ignore_index, reduction=reduction
    )


def _weight_norm(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> torch.Tensor:
    # Second derivatives of PyTorch's own (2.13) are not even symmetric.
    others = [axis for axis in range(v.ndim) if dim == -1 or axis != dim]
    return v * (g / torch.linalg.vector_norm(v, dim=others, keepdim=True))


MISSING: dict[Callable[..., Any], Callable[..., torch.Tensor | None]] = {
    cast("Any", torch)._weight_norm: _weight_norm,
    functional.hardsigmoid: hardsigmoid,
    functional.pdist: pdist,
    torch.pdist: pdist,
    torch.cdist: cdist,
    functional.embedding: embedding,
    functional.embedding_bag: embedding_bag,
    functional.ctc_loss: ctc_loss,
    functional.multi_margin_loss: multi_margin_loss,
}
"""What PyTorch has no second derivative of, or a wrong one."""

REPLACEMENTS: dict[Callable[..., Any], Callable[..., torch.Tensor | None]] = {
    functional.gelu: _gelu,
    functional.silu: _silu,
    functional.relu: _relu,
    torch.relu: _relu,
    torch.Tensor.relu: _relu,
    functional.layer_norm: _layer_norm,
    functional.batch_norm: _batch_norm,
    functional.softmax: _softmax,
    torch.softmax: _softmax,
    torch.Tensor.softmax: _softmax,
    functional.log_softmax: _log_softmax,
    torch.log_softmax: _log_softmax,
    torch.Tensor.log_softmax: _log_softmax,
    functional.cross_entropy: _cross_entropy,
    functional.linear: _linear,
    functional.conv1d: _convolution,
    functional.conv2d: _convolution,
    functional.conv3d: _convolution,
    **MISSING,
}
