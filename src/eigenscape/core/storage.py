"""Save and load any frozen dataclass of arrays, scalars, tuples and dataclasses.

One directory a result: ``manifest.json`` (structure and scalars, no NaN) and
``arrays.npz`` (no pickle). The manifest is written last and carries the digest of
the arrays, so a directory is either whole or recognisably damaged.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from eigenscape.core.errors import StorageError

MANIFEST = "manifest.json"
ARRAYS = "arrays.npz"

R = TypeVar("R")


def save(result: object, directory: Path) -> None:
    """Write a result; an interruption leaves no half-written one behind.

    Args:
        result: A dataclass instance.
        directory: Where to; created when absent.

    Raises:
        StorageError: The directory holds a result already.
    """
    if (directory / MANIFEST).exists():
        message = f"{directory}: holds a result already; choose another directory"
        raise StorageError(message)
    directory.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    content = _encode(result, type(result).__name__, arrays)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **typing.cast("Any", arrays))
    manifest = {
        "type": type(result).__name__,
        "arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "content": content,
    }
    text = json.dumps(manifest, indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(directory / ARRAYS, buffer.getvalue())
    write_atomically(directory / MANIFEST, text.encode())


def load(cls: type[R], directory: Path) -> R:
    """Read a result back.

    Args:
        cls: The type that was saved.
        directory: Where it lies.

    Returns:
        An instance equal to the one saved.

    Raises:
        StorageError: There is no result, it is damaged, or it is of another type.
    """
    try:
        return _read(cls, directory)
    except FileNotFoundError as error:
        name = Path(error.filename).name
        message = f"{directory}: no finished result there ({name} is missing)"
        raise StorageError(message) from error
    except StorageError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        StopIteration,
        RecursionError,
    ) as error:
        message = f"{directory}: damaged ({type(error).__name__}: {error})"
        raise StorageError(message) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Args:
        path: The file; replaced when it exists.
        data: Its new content.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read(cls: type[R], directory: Path) -> R:
    manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    data = (directory / ARRAYS).read_bytes()
    if manifest["type"] != cls.__name__:
        message = f"{directory}: holds a {manifest['type']}, not a {cls.__name__}"
        raise StorageError(message)
    if hashlib.sha256(data).hexdigest() != manifest["arrays_sha256"]:
        message = f"{directory}: damaged ({ARRAYS} does not match {MANIFEST})"
        raise StorageError(message)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return _decode(cls, manifest["content"], dict(arrays))


def _encode(value: Any, key: str, arrays: dict[str, np.ndarray]) -> Any:
    if dataclasses.is_dataclass(value):
        content = {
            f.name: _encode(getattr(value, f.name), f"{key}.{f.name}", arrays)
            for f in dataclasses.fields(value)
        }
        return {"dataclass": type(value).__name__, "fields": content}
    if isinstance(value, np.ndarray):
        arrays[key] = typing.cast("np.ndarray", value)
        return {"array": key}
    if isinstance(value, tuple):
        items = typing.cast("tuple[Any, ...]", value)
        return [_encode(v, f"{key}.{i}", arrays) for i, v in enumerate(items)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    message = f"{key}: cannot store a {type(value).__name__}"
    raise TypeError(message)


def _decode(hint: Any, content: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(content, dict):
        node = typing.cast("dict[str, Any]", content)
        if "array" in node:
            if not any(map(_holds_array, _options(hint))):
                message = f"expected {hint}, got an array"
                raise TypeError(message)
            return arrays[node["array"]]
        cls = _allowed(hint, node["dataclass"])
        hints = typing.get_type_hints(cls)
        fields = {k: _decode(hints[k], v, arrays) for k, v in node["fields"].items()}
        return cls(**fields)
    if isinstance(content, list):
        items = typing.cast("list[Any]", content)
        whole = next(o for o in _options(hint) if typing.get_origin(o) is tuple)
        inner = typing.get_args(whole)
        each = inner[:1] * len(items) if Ellipsis in inner else inner
        pairs = zip(each, items, strict=True)
        return tuple(_decode(h, v, arrays) for h, v in pairs)
    kinds = [o for o in _options(hint) if isinstance(o, type)]
    if float in kinds:
        kinds.append(int)
    if Any in _options(hint) or type(content) in kinds:
        return content
    message = f"expected {hint}, got {content!r}"
    raise TypeError(message)


def _holds_array(hint: Any) -> bool:
    return hint is Any or hint is np.ndarray or hasattr(hint, "array_type")


def _options(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return typing.get_args(hint)
    return (hint,)


def _allowed(hint: Any, name: str) -> Any:
    candidates = list(_options(hint))
    while candidates:
        cls = candidates.pop()
        if isinstance(cls, type):
            if cls.__name__ == name:
                return cls
            candidates.extend(cls.__subclasses__())
    message = f"unknown type {name}"
    raise StorageError(message)
