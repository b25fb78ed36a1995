import numpy as np
import torch

from eigenscape.training.data.augmentation import flip_and_crop


def numbered(count=1, side=6):
    """Every pixel has its own positive number, so that a crop can be located."""
    image = torch.arange(1.0, side * side + 1).reshape(1, 1, side, side)
    return image.expand(count, 1, side, side).contiguous()


def reference(image, *, flip, down, right, padding):
    """One image, by NumPy: border, window, mirror."""
    bordered = np.pad(image, padding)
    side = image.shape[0]
    window = bordered[down : down + side, right : right + side]
    return window[:, ::-1] if flip else window


def test_every_outcome_is_a_crop_and_all_occur():
    padding, count = 1, 2000
    images = numbered(count)
    found = flip_and_crop(
        images, generator=torch.Generator().manual_seed(0), padding=padding
    )
    known = {
        reference(
            images[0, 0].numpy(), flip=flip, down=down, right=right, padding=padding
        ).tobytes(): 0
        for flip in (False, True)
        for down in range(3)
        for right in range(3)
    }
    assert len(known) == 18
    for image in found[:, 0].numpy():
        known[np.ascontiguousarray(image).tobytes()] += 1
    # 18 outcomes of equal probability: 111 ± 10 of each, five of them
    assert min(known.values()) > 111 - 50
    assert max(known.values()) < 111 + 50
    assert sum(known.values()) == count


def test_channels_move_together_and_the_caller_s_images_stay():
    images = torch.cat([numbered(4), 100 * numbered(4)], dim=1)
    kept = images.clone()
    found = flip_and_crop(images, generator=torch.Generator().manual_seed(3))
    assert torch.equal(found[:, 1], 100 * found[:, 0])
    assert torch.equal(images, kept)


def test_the_generator_decides():
    images = numbered(8)
    first, second = (
        flip_and_crop(images, generator=torch.Generator().manual_seed(seed))
        for seed in (5, 5)
    )
    other = flip_and_crop(images, generator=torch.Generator().manual_seed(6))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
