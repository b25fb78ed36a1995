"""Rows of embeddings that stand for padding, which PyTorch holds fixed."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import nn

from eigenscape.curvature.risk.parameters import Parameters


def padding_positions(
    model: nn.Module, parameters: Parameters
) -> Int64[torch.Tensor, " k"]:
    """Tell which coordinates of θ an ``nn.Embedding`` with ``padding_idx`` holds fixed.

    Their slopes through the embedding are zero by definition, whatever the loss does
    when they move.

    Args:
        model: The model.
        parameters: Those that form θ.

    Returns:
        The coordinates.
    """
    places = torch.arange(parameters.size).split(parameters.lengths)
    where = {id(tensor): k for k, tensor in enumerate(parameters.tensors)}
    rows = [
        places[where[id(module.weight)]].view(module.weight.shape)[module.padding_idx]
        for module in model.modules()
        if isinstance(module, nn.Embedding)
        and module.padding_idx is not None
        and id(module.weight) in where
    ]
    return torch.cat([*rows, torch.arange(0)])
