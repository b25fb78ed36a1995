"""What to survey: checkpoints of a model with their loss and data."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from eigenscape.core import MissingDataError
from eigenscape.curvature import EmpiricalRisk


@dataclass(frozen=True)
class Stage:
    """One checkpoint to survey.

    Attributes:
        name: Its name, such as "end"; unique among the stages of a survey.
        epoch: Epochs trained; None when not known.
        risk: Its model, loss and data.
    """

    name: str
    epoch: float | None
    risk: EmpiricalRisk


@dataclass(frozen=True)
class Target:
    """What a user's `build` returns.

    Attributes:
        model: The model.
        loss: Maps output and target to the mean loss of a batch.
        data: The data set.
    """

    model: nn.Module
    loss: Callable[[Any, Any], torch.Tensor]
    data: Any


def load_build(specification: str) -> Callable[..., Any]:
    """Find a user's `build` function.

    Args:
        specification: ``path/to/file.py:build`` or ``package.module:build``; the
            function's name may be left out when it is ``build``.

    Returns:
        The function; called without arguments it returns (model, loss, dataset).

    Raises:
        ValueError: There is no such file, module or function, or it fails to import.
    """
    place, _, name = specification.rpartition(":")
    if not place or "/" in name or name.endswith(".py"):
        place, name = specification, "build"
    if place.endswith(".py"):
        module = _import_file(Path(place))
    else:
        module = _import_module(place)
    build = getattr(module, name, None)
    if not callable(build):
        message = f"{specification}: expected a function {name}() in {place}, got none"
        raise ValueError(message)
    return build


def build_target(specification: str, build: Callable[[], Any]) -> Target:
    """Call a user's `build` and check what it returns.

    Args:
        specification: What to call it in an error message.
        build: The function; returns (model, loss, dataset).

    Returns:
        The three.

    Raises:
        MissingDataError: A package with its data is not installed.
        ValueError: `build` fails otherwise, or returns something else.
    """
    try:
        built = build()
    except MissingDataError:
        raise
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())
        message = f"{specification}: build failed ({type(error).__name__}: {text})"
        raise ValueError(message) from error
    if isinstance(built, tuple):
        parts = cast("tuple[Any, ...]", built)
        if len(parts) == 3 and isinstance(parts[0], nn.Module) and callable(parts[1]):
            return Target(*parts)
    got = (
        "(" + ", ".join(type(p).__name__ for p in cast("tuple[Any, ...]", built)) + ")"
        if isinstance(built, tuple)
        else type(built).__name__
    )
    message = (
        f"{specification}: expected build() to return (torch.nn.Module, loss function, "
        f"dataset), got {got}"
    )
    raise ValueError(message)


def _import_file(path: Path) -> Any:
    if not path.is_file():
        message = f"{path}: expected a Python file, found none"
        raise ValueError(message)
    name = f"eigenscape_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"{path}: cannot be imported as Python"
        raise ValueError(message)
    module = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    # data loaders and pickles look a module up by its name
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _import_failure(str(path), error) from error
    finally:
        sys.path.remove(folder)
    return module


def _import_module(name: str) -> Any:
    sys.path.insert(0, "")
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise _import_failure(name, error) from error
    finally:
        sys.path.remove("")


def _import_failure(what: str, error: BaseException) -> ValueError:
    text = " ".join(str(error).split())
    return ValueError(f"{what}: cannot be imported ({type(error).__name__}: {text})")
