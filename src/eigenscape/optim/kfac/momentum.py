"""The last part of a step: weight decay, heavy-ball momentum and the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

Tensors = Sequence[torch.Tensor]

_torch: Any = torch  # whose _foreach_ functions carry no types


def descend(
    params: Tensors,
    directions: Tensors,
    buffers: Tensors | None,
    *,
    scale: float,
    rate: float,
    momentum: float,
    weight_decay: float,
    decoupled: bool,
    foreach: bool,
) -> None:
    """Step along directions with momentum, in place.

    w ← (1 − ηω) w if the decay ω is decoupled, d = νv + ωw else; then m ← μm + d and
    w ← w − ηm.

    Args:
        params: The parameters w.
        directions: The directions v, whose memory may be used.
        buffers: The buffers m; none without momentum.
        scale: Factor ν on directions.
        rate: Learning rate η.
        momentum: Momentum μ.
        weight_decay: Decay ω.
        decoupled: Whether the decay passes by the momentum.
        foreach: Whether all parameters are taken at once.
    """
    if foreach and params:
        _together(params, directions, buffers, scale, rate, momentum, weight_decay,
                  decoupled)  # fmt: skip
        return
    for index, (param, along) in enumerate(zip(params, directions, strict=True)):
        if weight_decay and (decoupled or buffers is None):
            param.mul_(1 - rate * weight_decay)
        if buffers is None:
            param.add_(along, alpha=-rate * scale)
            continue
        buffer = buffers[index].mul_(momentum).add_(along, alpha=scale)
        if weight_decay and not decoupled:
            buffer.add_(param, alpha=weight_decay)
        param.add_(buffer, alpha=-rate)


def _together(
    params: Tensors,
    directions: Tensors,
    buffers: Tensors | None,
    scale: float,
    rate: float,
    momentum: float,
    weight_decay: float,
    decoupled: bool,
) -> None:
    if weight_decay and (decoupled or buffers is None):
        _torch._foreach_mul_(params, 1 - rate * weight_decay)
    if buffers is None:
        _torch._foreach_add_(params, directions, alpha=-rate * scale)
        return
    coupled = 0.0 if decoupled else weight_decay
    if _fusible((*params, *directions, *buffers)):
        if scale != 1:
            _torch._foreach_mul_(directions, scale)
        _torch._fused_sgd_(
            params, directions, buffers, weight_decay=coupled, momentum=momentum,
            lr=rate, dampening=0.0, nesterov=False, maximize=False, is_first_step=False,
        )  # fmt: skip
        return
    _torch._foreach_mul_(buffers, momentum)
    _torch._foreach_add_(buffers, directions, alpha=scale)
    if coupled:
        _torch._foreach_add_(buffers, params, alpha=coupled)
    _torch._foreach_add_(params, buffers, alpha=-rate)


def _fusible(tensors: Tensors) -> bool:
    """Whether PyTorch's fused kernel, blind to strides, takes them."""
    kinds = {(tensor.dtype, tensor.device) for tensor in tensors}
    (dtype, device), *others = kinds
    wide = dtype in {torch.float32, torch.float64}
    if others or not wide or device.type not in {"cpu", "cuda"}:
        return False
    return all(tensor.is_contiguous() for tensor in tensors)
