import numpy as np
import pytest

from eigenscape.training.data.image_split import image_split


def part(count, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 2, 4, 4), dtype=np.uint8)
    return pixels, np.arange(count, dtype=np.int64) % 3


def test_channels_are_normalised_by_the_training_images():
    train, test = part(50, 0), part(20, 1)
    found = image_split("made", 3, train, test, whole=(50, 20))
    assert found.name == "made"
    channels = found.train_inputs.double().transpose(0, 1).flatten(1)
    # float32 images: rounding of 1e-7 a pixel
    np.testing.assert_allclose(channels.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(channels.std(1, correction=0), 1, atol=1e-6)
    assert found.test_inputs.double().mean().abs() > 1e-4


def test_a_part_says_so():
    found = image_split("made", 3, part(9, 0), part(3, 1), whole=(50, 20))
    assert found.name == "made (a part: 9 of 50 images for training)"


@pytest.mark.parametrize("classes", [2, 0])
def test_classes_out_of_range_are_refused(classes):
    with pytest.raises(ValueError, match="made: expected train classes 0 …"):
        image_split("made", classes, part(9, 0), part(3, 1), whole=(50, 20))


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="made: expected test classes"):
        image_split("made", 3, part(9, 0), part(0, 1), whole=(50, 20))
