"""Read eigenvalues or matrices from files: .npy, .npz, .txt, .csv, .tsv."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

_TEXT: Final = {".txt", ".csv", ".tsv", ".dat"}
_BINARY: Final = {".npy", ".npz"}


def read_arrays(paths: Sequence[str]) -> list[np.ndarray]:
    """Read every array of every file.

    Args:
        paths: The files.

    Returns:
        The arrays, those of an archive in its order.

    Raises:
        ValueError: A file is of another kind, damaged, or holds no numbers.
    """
    arrays: list[np.ndarray] = []
    for name in paths:
        path = Path(name)
        suffix = path.suffix.lower()
        if suffix not in _TEXT | _BINARY:
            message = (
                f"{name}: expected .npy, .npz, .txt, .csv or .tsv, got {suffix!r}; "
                "save the array with numpy.save"
            )
            raise ValueError(message)
        try:
            found = _read_binary(path) if suffix in _BINARY else [_read_text(path)]
        except (ValueError, EOFError, zipfile.BadZipFile, UnicodeDecodeError) as error:
            message = f"{name}: expected numbers, got a file without ({error})"
            raise ValueError(message) from error
        for array in found:
            if array.dtype.kind not in "biufc" or not array.size:
                message = (
                    f"{name}: expected numbers, got an array of type {array.dtype} "
                    f"and shape {array.shape}"
                )
                raise ValueError(message)
            if not np.isfinite(array).all():
                message = f"{name}: expected finite numbers, got NaN or infinity"
                raise ValueError(message)
        arrays += found
    return arrays


def _read_binary(path: Path) -> list[np.ndarray]:
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return [np.atleast_1d(loaded)]
        with loaded as archive:
            arrays = [np.atleast_1d(archive[name]) for name in archive.files]
    if not arrays:
        message = "an empty archive"
        raise ValueError(message)
    return arrays


def _read_text(path: Path) -> np.ndarray:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    if not rows:
        message = "an empty file"
        raise ValueError(message)
    # names of columns may have other marks than the numbers below them
    delimiter = next((mark for mark in ";,\t" if mark in rows[-1]), None)
    if delimiter == ";":
        rows = [row.replace(",", ".") for row in rows]  # decimals as Europe writes them
    names, width = rows[0].split(delimiter), len(rows[-1].split(delimiter))
    rows_are_named = width > 1 and not names[0].strip()
    if len(rows) > 1 and (rows_are_named or not any(map(_is_number, names))):
        rows = rows[1:]
    kind = complex if any("j" in row for row in rows) else float
    columns = range(1, width) if rows_are_named else None
    return np.loadtxt(rows, kind, delimiter=delimiter, usecols=columns, ndmin=1)


def _is_number(cell: str) -> bool:
    try:
        complex(cell)
    except ValueError:
        return False
    return True
