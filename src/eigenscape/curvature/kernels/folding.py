"""A layer and the batch norm with given statistics behind it, made one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from eigenscape.curvature.kernels.bilinear import (
    Bilinear,
    Convolution,
    bilinear,
    has_further_axis,
)

ORIGIN = "_origin_of_bilinear_image"


@dataclass(frozen=True, eq=False)
class _Origin:
    x: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor | None
    kind: Bilinear
    version: int


def remembered(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, kind: Bilinear
) -> torch.Tensor:
    """Apply a layer, and note on its image where that comes from.

    Args:
        x: The argument.
        weight: The weights.
        bias: Shift of each channel; None for zero.
        kind: The layer.

    Returns:
        x ∗ w + b.
    """
    image: Any = bilinear(x, weight, bias, kind)
    setattr(image, ORIGIN, _Origin(x, weight, bias, kind, image._version))
    return image


def normalised_layer(
    image: torch.Tensor,
    mean: torch.Tensor,
    variance: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> torch.Tensor | None:
    """Apply batch norm with given statistics to the image of a layer.

    With the scale s of each channel, s (x ∗ w + b − mean) + bias is a layer of weights
    s w. It is evaluated once more, and the graph of the first time is dropped with its
    image: what stays has half as many tensors, and products pass over half as many.

    Args:
        image: The image, channels on the second axis.
        mean: The channels' means.
        variance: The channels' variances.
        weight: Scale of each channel; None for one.
        bias: Shift of each channel; None for zero.
        eps: Added to the variance.

    Returns:
        The normalised image; None where it is of no layer, or was changed since.
    """
    origin: _Origin | None = getattr(image, ORIGIN, None)
    if origin is None or image._version != origin.version or has_further_axis(image):
        return None
    if not isinstance(origin.kind, Convolution) and image.ndim != 2:
        return None  # channels are not on the last axis
    rate = torch.rsqrt(variance + eps)
    scale = rate if weight is None else weight * rate
    shift = -mean if origin.bias is None else origin.bias - mean
    shift = scale * shift if bias is None else bias + scale * shift
    folded = origin.weight * scale.view(-1, *[1] * (origin.weight.ndim - 1))
    return bilinear(origin.x, folded, shift, origin.kind)
