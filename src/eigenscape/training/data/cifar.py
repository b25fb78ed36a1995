"""CIFAR-10 and CIFAR-100, from the official archives in a folder of the user's."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from eigenscape.core import MissingDataError
from eigenscape.training.data.image_split import ImageSplit, Labelled, image_split
from eigenscape.training.data.plain_pickle import StoredArray, read_plain_pickle

_SHAPE = (3, 32, 32)
_WHOLE = (50_000, 10_000)


@dataclass(frozen=True)
class _Archive:
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    labels: bytes


_ARCHIVES = {
    10: _Archive(
        "cifar-10-batches-py",
        tuple(f"data_batch_{i}" for i in range(1, 6)),
        ("test_batch",),
        b"labels",
    ),
    100: _Archive("cifar-100-python", ("train",), ("test",), b"fine_labels"),
}
_TAR = {10: "cifar-10-python.tar.gz", 100: "cifar-100-python.tar.gz"}


def cifar(folder: Path | str, *, classes: Literal[10, 100]) -> ImageSplit:
    """Load CIFAR-10 or CIFAR-100; nothing is ever downloaded, and no code is run.

    Args:
        folder: Holds the official "python version", unpacked (``cifar-100-python`` or
            the files themselves) or as ``cifar-100-python.tar.gz``.
        classes: 10 for CIFAR-10, 100 for CIFAR-100 with its fine labels.

    Returns:
        50,000 images for training and 10,000 for testing, channels normalised.

    Raises:
        MissingDataError: The folder holds no such archive.
        ValueError: A file is not what its name says.

    References:
        Krizhevsky (2009), Learning multiple layers of features from tiny images.
    """
    if classes not in _ARCHIVES:
        message = f"classes: expected 10 or 100, got {classes}"
        raise ValueError(message)
    archive, place = _ARCHIVES[classes], Path(folder)
    files = _read(place, classes)
    if files is None:
        message = (
            f"CIFAR-{classes}: expected {archive.folder} or {_TAR[classes]} in "
            f"{place}, found neither; get the official python version from "
            "https://www.cs.toronto.edu/~kriz/cifar.html"
        )
        raise MissingDataError(message)
    train, test = (
        _joined([_labelled(files[name], name, archive) for name in names])
        for names in (archive.train, archive.test)
    )
    return image_split(f"CIFAR-{classes}", classes, train, test, whole=_WHOLE)


def _read(place: Path, classes: int) -> dict[str, bytes] | None:
    """Read the files of an archive, unpacked or packed; None where there is none."""
    archive = _ARCHIVES[classes]
    names = archive.train + archive.test
    for inner in (place / archive.folder, place):
        if all((inner / name).is_file() for name in names):
            return {name: (inner / name).read_bytes() for name in names}
    packed = place / _TAR[classes]
    if not packed.is_file():
        return None
    try:
        with tarfile.open(packed) as tar:
            members = {name: f"{archive.folder}/{name}" for name in names}
            opened = {name: tar.extractfile(path) for name, path in members.items()}
            return {name: file.read() for name, file in opened.items() if file}
    except (tarfile.TarError, KeyError, OSError, EOFError) as error:
        message = f"{packed}: expected the official archive, got another ({error})"
        raise ValueError(message) from error


def _labelled(data: bytes, name: str, archive: _Archive) -> Labelled:
    source = f"{archive.folder}/{name}"
    content = read_plain_pickle(data, source)
    if not isinstance(content, dict) or not {b"data", archive.labels} <= set(content):
        known = sorted(content) if isinstance(content, dict) else type(content).__name__
        message = (
            f"{source}: expected the keys {b'data'!r} and {archive.labels!r}, got "
            f"{known}; it is not this archive"
        )
        raise ValueError(message)
    found = cast("dict[bytes, Any]", content)
    stored, labels = found[b"data"], found[archive.labels]
    pixels = stored.to_numpy() if isinstance(stored, StoredArray) else np.empty(0)
    whole = all(type(label) is int for label in labels)
    if pixels.shape != (len(labels), int(np.prod(_SHAPE))) or not whole:
        message = (
            f"{source}: expected a row of 3072 bytes and a whole number for each "
            f"image, got bytes of shape {pixels.shape} and {len(labels)} labels"
        )
        raise ValueError(message)
    return pixels.reshape(-1, *_SHAPE), np.array(labels, dtype=np.int64)


def _joined(parts: list[Labelled]) -> Labelled:
    return (
        np.concatenate([pixels for pixels, _ in parts]),
        np.concatenate([targets for _, targets in parts]),
    )
