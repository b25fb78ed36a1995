"""Frozen dataclass ↔ YAML, with unknown keys refused and the known ones listed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

from eigenscape.core.storage import write_atomically

C = TypeVar("C")


def read_config(cls: type[C], path: Path) -> C:
    """Read a configuration from a YAML file.

    Args:
        cls: The dataclass the file describes.
        path: The file.

    Returns:
        The configuration; fields absent from the file keep their defaults.

    Raises:
        ValueError: The file is missing, is not a YAML mapping, or has an unknown
            key or a value of the wrong type.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"config {path}: cannot be read ({error.strerror})"
        raise ValueError(message) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"config {path}: not valid YAML ({' '.join(str(error).split())})"
        raise ValueError(message) from error
    return config_from_mapping(cls, {} if content is None else content, where=str(path))


def config_from_mapping(cls: type[C], content: object, *, where: str) -> C:
    """Build a configuration from nested mappings of plain values.

    Args:
        cls: The dataclass to build.
        content: Mapping of field names to values.
        where: What to call the mapping in an error message.

    Returns:
        The configuration.

    Raises:
        ValueError: There is an unknown or missing key or a value of the wrong type.
    """
    if not isinstance(content, dict):
        message = f"{where}: expected a mapping of keys to values, got {content!r}"
        raise ValueError(message)
    mapping = typing.cast("dict[object, object]", content)
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(typing.cast("Any", cls)) if f.init]
    for key in mapping:
        if key not in known:
            message = f"{where}: unknown key {key!r}; known keys: {', '.join(known)}"
            raise ValueError(message)
    values = {
        str(k): _convert(hints[str(k)], v, f"{where}: {k}") for k, v in mapping.items()
    }
    for field in dataclasses.fields(typing.cast("Any", cls)):
        required = field.default is field.default_factory is dataclasses.MISSING
        if field.init and required and field.name not in values:
            message = f"{where}: expected the key {field.name}, which is missing"
            raise ValueError(message)
    return cls(**values)


def write_config(config: object, path: Path) -> None:
    """Write a configuration as YAML that `read_config` reads back unchanged.

    Args:
        config: A dataclass instance.
        path: The file to write.
    """
    content = yaml.safe_dump(config_to_mapping(config), sort_keys=False)
    write_atomically(path, content.encode())


def config_to_mapping(config: object) -> dict[str, Any]:
    """Turn a configuration into nested mappings of plain values.

    Args:
        config: A dataclass instance.

    Returns:
        A mapping that JSON and YAML can write.
    """
    return json.loads(json.dumps(dataclasses.asdict(typing.cast("Any", config))))


def config_hash(config: object) -> str:
    """Digest a configuration, to name its run directory.

    Args:
        config: A dataclass instance.

    Returns:
        Eight hexadecimal digits, equal for equal configurations.
    """
    text = json.dumps(config_to_mapping(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _convert(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return config_from_mapping(typing.cast("type[Any]", hint), value, where=where)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        if value is None and type(None) in arguments:
            return None
        inner = [a for a in arguments if a is not type(None)]
        return _convert(inner[0], value, where)
    if origin is typing.Literal:
        if value in arguments:
            return value
        raise _mismatch(where, f"one of {', '.join(map(str, arguments))}", value)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise _mismatch(where, "a list", value)
        items = typing.cast("list[Any]", value)
        return tuple(
            _convert(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(items)
        )
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, bool):
        raise _mismatch(where, "int", value)
    if isinstance(value, hint):
        return value
    raise _mismatch(where, hint.__name__, value)


def _mismatch(where: str, expected: str, value: object) -> ValueError:
    return ValueError(f"{where}: expected {expected}, got {value!r}")
