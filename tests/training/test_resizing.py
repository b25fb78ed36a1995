import pytest
import torch
from torch.nn.functional import avg_pool2d

from eigenscape.training.data.resizing import resize


def pictures(side):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(3, 2, side, side, generator=generator)


def test_the_same_size_is_left_alone():
    images = pictures(8)
    assert resize(images, 8) is images


def test_a_linear_picture_stays_linear():
    """Pixel i of n stands at (i + ½)/n: a ramp there is a ramp at any finer size."""
    old, new = ((torch.arange(n) + 0.5) / n for n in (8, 16))
    ramp = old.expand(1, 1, 8, 8)
    inner = resize(ramp, 16)[0, 0, 8, 1:-1]
    torch.testing.assert_close(inner, new[1:-1])


def test_the_mean_is_kept_where_pixels_are_averaged():
    images = pictures(28)
    mean = resize(images, 7).mean(dim=(2, 3))
    # Triangles of the width of a new pixel: their weights add up away from the border.
    torch.testing.assert_close(mean, images.mean(dim=(2, 3)), atol=0.02, rtol=0)
    flat = torch.full((1, 1, 28, 28), 0.3)
    torch.testing.assert_close(resize(flat, 10), torch.full((1, 1, 10, 10), 0.3))
    assert resize(images, 7).std() < avg_pool2d(images, 2).std()


def test_no_pixels_are_refused():
    with pytest.raises(ValueError, match="side: expected a positive number"):
        resize(pictures(4), 0)
