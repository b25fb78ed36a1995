import numpy as np
import pytest
import torch

from cifar_archives import batch, images, packed, pickled, text
from eigenscape.core import MissingDataError
from eigenscape.training.data.cifar import cifar


def hundred(count=120):
    """The files of a small archive in the format of CIFAR-100's."""
    train, test = images(count, classes=100), images(20, classes=100, seed=1)
    files = {
        "train": batch(*train, key=b"fine_labels"),
        "test": batch(*test, key=b"fine_labels"),
    }
    return files, train, test


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def test_cifar_hundred_unpacked(tmp_path):
    files, train, test = hundred()
    write(tmp_path / "cifar-100-python", files)
    found = cifar(tmp_path, classes=100)
    assert found.name == "CIFAR-100 (a part: 120 of 50000 images for training)"
    assert found.train_inputs.shape == (120, 3, 32, 32)
    np.testing.assert_array_equal(found.train_targets, train[1])
    np.testing.assert_array_equal(found.test_targets, test[1])
    # row-major planes of red, green and blue, normalised by the training images
    planes = train[0].reshape(-1, 3, 32, 32).astype(float)
    mean, deviation = planes.mean((0, 2, 3)), planes.std((0, 2, 3))
    expected = (test[0][7].reshape(3, 32, 32)[1, 4, 9] - mean[1]) / deviation[1]
    assert found.test_inputs[7, 1, 4, 9].item() == pytest.approx(expected, rel=1e-5)
    again = cifar(tmp_path / "cifar-100-python", classes=100)
    assert torch.equal(again.train_inputs, found.train_inputs)


def test_cifar_hundred_packed(tmp_path):
    files, train, _ = hundred()
    archive = packed("cifar-100-python", files)
    (tmp_path / "cifar-100-python.tar.gz").write_bytes(archive)
    found = cifar(str(tmp_path), classes=100)
    np.testing.assert_array_equal(found.train_targets, train[1])


def test_cifar_ten_joins_its_five_batches(tmp_path):
    parts = [images(4, classes=10, seed=i) for i in range(6)]
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    files = {
        name: batch(*part, key=b"labels")
        for name, part in zip(names, parts, strict=True)
    }
    write(tmp_path, files)
    found = cifar(tmp_path, classes=10)
    assert found.train_inputs.shape == (20, 3, 32, 32)
    assert found.test_targets.tolist() == [0, 1, 2, 3]


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(MissingDataError, match=r"CIFAR-100: expected cifar-100-python"):
        cifar(tmp_path, classes=100)


def damaged():
    pixels, labels = images(6, classes=100)
    yield "keys", batch(pixels, labels, key=b"labels"), "expected the keys"
    yield "no mapping", b"\x80\x02](e.", "expected the keys"
    yield "no pickle", b"<html>", "expected a pickle of plain arrays"
    short = batch(pixels[:, :3000], labels, key=b"fine_labels")
    yield "row length", short, "expected a row of 3072 bytes"
    fewer = batch(pixels, labels[:5], key=b"fine_labels")
    yield "label count", fewer, "expected a row of 3072 bytes"
    many = batch(pixels, labels + 99, key=b"fine_labels")
    yield "label range", many, "expected train classes 0 … 99"
    words = pickled({b"data": text(b"x"), b"fine_labels": text(b"")})
    yield "no array", words, "expected a row of 3072 bytes"


@pytest.mark.parametrize(
    ("content", "told"), [pytest.param(c, t, id=i) for i, c, t in damaged()]
)
def test_what_is_not_the_archive_is_told_in_one_line(tmp_path, content, told):
    files, _, _ = hundred(8)
    write(tmp_path, {**files, "train": content})
    with pytest.raises(ValueError, match=told) as error:
        cifar(tmp_path, classes=100)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"not a tar", packed("other", {"train": b""})],
    ids=["no archive", "another archive"],
)
def test_a_foreign_archive_is_told(tmp_path, content):
    (tmp_path / "cifar-100-python.tar.gz").write_bytes(content)
    with pytest.raises(ValueError, match="expected the official archive, got another"):
        cifar(tmp_path, classes=100)


def test_other_numbers_of_classes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="classes: expected 10 or 100, got 20"):
        cifar.__wrapped__(tmp_path, classes=20)
