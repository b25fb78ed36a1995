"""Fully connected networks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn


def mlp(widths: Sequence[int], *, generator: torch.Generator) -> nn.Sequential:
    """Build a fully connected ReLU network.

    Weights are uniform on ±√(6 / fan_in) (He), biases zero.

    Args:
        widths: Inputs, hidden widths, outputs; at least two numbers.
        generator: Source of the initial weights.

    Returns:
        Linear layers with ReLU between them.

    Raises:
        ValueError: There are fewer than two widths, or one is not positive.

    References:
        He, Zhang, Ren and Sun (2015), ICCV, Sec. 2.2.
    """
    if len(widths) < 2 or min(widths) < 1:
        message = f"widths: expected at least two positive numbers, got {list(widths)}"
        raise ValueError(message)
    layers: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        for fan_in, fan_out in itertools.pairwise(widths):
            layer = nn.Linear(fan_in, fan_out)
            nn.init.kaiming_uniform_(
                layer.weight, nonlinearity="relu", generator=generator
            )
            nn.init.zeros_(layer.bias)
            layers.extend([layer, nn.ReLU()])
    return nn.Sequential(*layers[:-1])
