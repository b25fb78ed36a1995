"""MNIST and Fashion-MNIST, from their official IDX files in a folder of the user's."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from eigenscape.core import MissingDataError
from eigenscape.training.data.image_split import ImageSplit, Labelled, image_split

_MAGIC = b"\0\0\x08"
_SIDE = 28
_CLASSES = 10
_WHOLE = (60_000, 10_000)
_MEAN_PIXEL = {"MNIST": 0.1307, "Fashion-MNIST": 0.2860}
_SOURCES = {
    "MNIST": "the MNIST database",
    "Fashion-MNIST": "https://github.com/zalandoresearch/fashion-mnist",
}


def mnist(folder: Path | str, *, padding: int = 0) -> ImageSplit:
    """Load MNIST; nothing is ever downloaded.

    Args:
        folder: Holds the four official IDX files, packed (.gz) or not.
        padding: Black pixels added on every side; 2 make 32 × 32.

    Returns:
        60,000 digits for training and 10,000 for testing, normalised.

    References:
        LeCun, Bottou, Bengio and Haffner (1998), Proc. IEEE 86.
    """
    return _load(Path(folder), "MNIST", padding)


def fashion_mnist(folder: Path | str, *, padding: int = 0) -> ImageSplit:
    """Load Fashion-MNIST; nothing is ever downloaded.

    Args:
        folder: Holds the four official IDX files, packed (.gz) or not.
        padding: Black pixels added on every side; 2 make 32 × 32.

    Returns:
        60,000 images for training and 10,000 for testing, normalised.

    References:
        Xiao, Rasul and Vollgraf (2017), arXiv 1708.07747.
    """
    return _load(Path(folder), "Fashion-MNIST", padding)


def read_idx(path: Path) -> UInt8[np.ndarray, ...]:
    """Read an IDX file of bytes.

    Args:
        path: The file; unpacked first if its name ends in .gz.

    Returns:
        The array.

    Raises:
        ValueError: It is not an IDX file of bytes, or is cut short.
    """
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        message = f"{path}: cannot be read ({error})"
        raise ValueError(message) from error
    start = 4 + 4 * data[3] if len(data) > 3 else 4
    if data[:3] != _MAGIC or len(data) < start:
        message = f"{path}: expected an IDX file of bytes, got another kind of file"
        raise ValueError(message)
    shape = tuple(np.frombuffer(data[4:start], ">u4").tolist())
    size = int(np.prod(shape, dtype=np.int64))
    if len(data) != start + size:
        message = (
            f"{path}: expected {size} bytes of shape {shape}, got {len(data) - start}"
        )
        raise ValueError(message)
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _load(folder: Path, name: str, padding: int) -> ImageSplit:
    train, test = (_labelled(folder, name, part) for part in ("train", "t10k"))
    mean = float(train[0].mean()) / 255
    closest = min(_MEAN_PIXEL, key=lambda known: abs(_MEAN_PIXEL[known] - mean))
    if closest != name:
        message = (
            f"{folder}: expected {name}, whose mean pixel is {_MEAN_PIXEL[name]:.3f} "
            f"of full scale, got {mean:.3f}, which is that of {closest}"
        )
        raise ValueError(message)
    border = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = [(np.pad(pixels, border), targets) for pixels, targets in (train, test)]
    return image_split(name, _CLASSES, *padded, whole=_WHOLE)


def _labelled(folder: Path, name: str, part: str) -> Labelled:
    pixels = read_idx(_find(folder, name, f"{part}-images", "idx3-ubyte"))
    labels = read_idx(_find(folder, name, f"{part}-labels", "idx1-ubyte"))
    if pixels.shape != (labels.size, _SIDE, _SIDE) or labels.ndim != 1:
        message = (
            f"{folder}: expected a {part} image of {_SIDE} × {_SIDE} for each label, "
            f"got shapes {pixels.shape} and {labels.shape}"
        )
        raise ValueError(message)
    return pixels[:, None], labels.astype(np.int64)


def _find(folder: Path, name: str, stem: str, kind: str) -> Path:
    names = [f"{stem}{dash}{kind}{end}" for dash in "-." for end in ("", ".gz")]
    for candidate in names:
        if (folder / candidate).is_file():
            return folder / candidate
    message = (
        f"{name}: expected {names[0]} or {names[1]} in {folder}, found neither; get "
        f"the four files from {_SOURCES[name]}"
    )
    raise MissingDataError(message)
