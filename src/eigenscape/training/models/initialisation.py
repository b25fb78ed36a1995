"""The initial weights of convolutional networks."""

from __future__ import annotations

import torch
from torch import nn


def initialise(model: nn.Module, *, generator: torch.Generator) -> None:
    """Draw initial weights: He's normal law, zero biases, norms the identity.

    Convolutions have deviation √(2 / fan_out), linear layers √(2 / fan_in), the head
    included.

    Args:
        model: The model; its weights are overwritten.
        generator: Source of the weights.

    References:
        He, Zhang, Ren and Sun (2015), ICCV, Sec. 2.2, eqs. (10) and (14).
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(
                module.weight, nonlinearity="relu", generator=generator
            )
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
