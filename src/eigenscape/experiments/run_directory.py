"""The directory of a run: opened fresh, or again by the same configuration."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

from eigenscape.core import StorageError, read_config

CONFIG = "config.yaml"


def open_run(config: object, directory: Path, *, resume: bool) -> None:
    """Refuse a directory that this run must not write to.

    Args:
        config: The configuration of the run, a dataclass.
        directory: The run directory.
        resume: Go on with what is there.

    Raises:
        StorageError: The directory is in use and `resume` is False, or it is not a run
            directory, or holds a run of another configuration.
    """
    begun = directory.exists() and any(
        path.suffix != ".part" for path in directory.iterdir()
    )
    if not begun:
        return
    if not resume:
        message = (
            f"{directory}: exists already; go on with --resume, or choose another "
            "directory with --out"
        )
        raise StorageError(message)
    _require_same(config, directory)


def withdraw_run(directory: Path) -> None:
    """Remove a run that was refused before anything but its settings was kept.

    Args:
        directory: The run directory; left alone if it holds more.
    """
    if [path.name for path in directory.iterdir()] == [CONFIG]:
        (directory / CONFIG).unlink()
        directory.rmdir()


def _require_same(config: object, directory: Path) -> None:
    path = directory / CONFIG
    if not path.exists():
        message = f"{directory}: is not a run directory ({CONFIG} is missing)"
        raise StorageError(message)
    try:
        begun = read_config(type(config), path)
    except ValueError as error:
        message = f"{directory}: damaged ({error})"
        raise StorageError(message) from error
    for field in dataclasses.fields(cast("Any", config)):
        old, new = getattr(begun, field.name), getattr(config, field.name)
        if old != new:
            message = (
                f"{directory}: was begun with {field.name} {old!r}, now {new!r}; "
                "resume with the same options, or choose another directory with --out"
            )
            raise StorageError(message)
