"""Images at another size."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch.nn.functional import interpolate


def resize(
    images: Float[torch.Tensor, "n c h w"], side: int
) -> Float[torch.Tensor, "n c s s"]:
    """Resample images bilinearly, averaging over what a new pixel covers.

    Args:
        images: The images.
        side: Pixels along a side.

    Returns:
        The images themselves if they have this size.

    Raises:
        ValueError: The side is not positive.
    """
    if side < 1:
        message = f"side: expected a positive number of pixels, got {side}"
        raise ValueError(message)
    if images.shape[2:] == (side, side):
        return images
    return interpolate(images, (side, side), mode="bilinear", antialias=True)
