"""The augmentation of the CIFAR recipe: random flips and shifts."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch.nn.functional import pad

_PADDING = 4


def flip_and_crop(
    images: Float[torch.Tensor, "n c h w"],
    *,
    generator: torch.Generator,
    padding: int = _PADDING,
) -> Float[torch.Tensor, "n c h w"]:
    """Mirror each image with probability ½ and shift it by up to `padding` pixels.

    The shift is a crop of the image's size from the image with a border of zeros,
    which after normalisation is the mean colour.

    Args:
        images: The images.
        generator: Source of flips and shifts, on the processor.
        padding: Width of the border. Default from the CIFAR recipe of He et al.
            (2016), CVPR, Sec. 4.2.

    Returns:
        As many images.
    """
    count, _, height, width = images.shape
    flips = torch.rand(count, generator=generator) < 0.5
    shifts = torch.randint(0, 2 * padding + 1, (2, count), generator=generator)
    columns = torch.arange(width).expand(count, width)
    columns = torch.where(flips[:, None], width - 1 - columns, columns)
    rows = (torch.arange(height) + shifts[0][:, None]).to(images.device)
    columns = (columns + shifts[1][:, None]).to(images.device)
    bordered = pad(images, (padding,) * 4)
    which = torch.arange(count, device=images.device)[:, None, None]
    taken = bordered.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]]
    return taken.permute(0, 3, 1, 2).contiguous()
