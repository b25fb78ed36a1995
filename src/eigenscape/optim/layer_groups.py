"""Parameter groups of single layers, so that each may have options of its own."""

from __future__ import annotations

from typing import Any

from torch import nn

from eigenscape.curvature.risk.parameters import group_names


def layer_groups(model: nn.Module, **options: Any) -> list[dict[str, Any]]:
    """Make a parameter group of each layer, so that each has a damping of its own.

    Args:
        model: The model.
        **options: Options that all groups share.

    Returns:
        Groups for an optimiser, with the layer's name under "name".
    """
    trainable = {n: p for n, p in model.named_parameters() if p.requires_grad}
    return [
        {"params": [trainable[name] for name in names], "name": layer, **options}
        for layer, names in group_names(model, trainable, "layer").items()
    ]
