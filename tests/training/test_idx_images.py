import gzip
import struct

import numpy as np
import pytest

from eigenscape.core import MissingDataError
from eigenscape.training.data.idx_images import fashion_mnist, mnist, read_idx


def idx(array):
    head = struct.pack(">HBB", 0, 8, array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def pixels(count, mean, *, seed=0):
    """Images whose mean pixel is a share of full scale."""
    rng = np.random.default_rng(seed)
    return (255 * (rng.random((count, 28, 28)) < mean)).astype(np.uint8)


def write(folder, *, mean, dash="-", pack=True):
    parts = {"train": pixels(30, mean), "t10k": pixels(10, mean, seed=1)}
    for part, images in parts.items():
        labels = (np.arange(len(images)) % 10).astype(np.uint8)
        for kind, array in (("images", images), ("labels", labels)):
            name = f"{part}-{kind}{dash}idx{array.ndim}-ubyte"
            data = idx(array)
            path = folder / (name + ".gz" if pack else name)
            path.write_bytes(gzip.compress(data) if pack else data)
    return parts


@pytest.mark.parametrize(("dash", "pack"), [("-", True), ("-", False), (".", False)])
def test_digits_are_read_under_every_usual_name(tmp_path, dash, pack):
    parts = write(tmp_path, mean=0.13, dash=dash, pack=pack)
    found = mnist(tmp_path)
    assert found.name == "MNIST (a part: 30 of 60000 images for training)"
    assert found.train_inputs.shape == (30, 1, 28, 28)
    assert found.test_targets.tolist() == list(range(10))
    mean, deviation = parts["train"].mean(), parts["train"].std()
    expected = (float(parts["t10k"][3, 5, 6]) - mean) / deviation
    assert found.test_inputs[3, 0, 5, 6].item() == pytest.approx(expected, rel=1e-5)
    assert abs(found.train_inputs.mean().item()) < 1e-5


def test_fashion_is_padded_on_request(tmp_path):
    parts = write(tmp_path, mean=0.29)
    found = fashion_mnist(tmp_path, padding=2)
    assert found.name.startswith("Fashion-MNIST")
    assert found.train_inputs.shape == (30, 1, 32, 32)
    border = found.train_inputs[:, :, :2]
    assert border.eq(border[0, 0, 0, 0]).all()
    inner = found.train_inputs[0, 0, 2:-2, 2:-2].numpy()
    assert np.corrcoef(inner.ravel(), parts["train"][0].ravel())[0, 1] > 0.999


def test_one_is_not_taken_for_the_other(tmp_path):
    write(tmp_path, mean=0.29)
    with pytest.raises(ValueError, match="which is that of Fashion-MNIST"):
        mnist(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingDataError, match="expected train-images-idx3-ubyte"):
        mnist(tmp_path)


GOOD = idx(np.zeros((2, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "expected an IDX file of bytes"),
        (b"<html>", "expected an IDX file of bytes"),
        (b"\0\0\x0d" + GOOD[3:], "expected an IDX file of bytes"),
        (GOOD[:6], "expected an IDX file of bytes"),
        (GOOD[:-1], r"expected 6 bytes of shape \(2, 3\), got 5"),
        (GOOD + b"x", r"expected 6 bytes of shape \(2, 3\), got 7"),
    ],
)
def test_what_is_no_idx_file_is_told(tmp_path, data, told):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=told):
        read_idx(path)


@pytest.mark.parametrize(
    "data", [b"not packed", gzip.compress(GOOD)[:-9]], ids=["not packed", "cut short"]
)
def test_a_damaged_packed_file_is_told(tmp_path, data):
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="cannot be read"):
        read_idx(path)


def test_images_and_labels_must_belong_together(tmp_path):
    write(tmp_path, mean=0.13, pack=False)
    fewer = idx(np.zeros(29, dtype=np.uint8))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(fewer)
    with pytest.raises(ValueError, match="a train image of 28 × 28 for each label"):
        mnist(tmp_path)
