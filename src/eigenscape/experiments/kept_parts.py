"""The parts of a run: computed one by one, kept where finished, and forecast."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from tqdm import tqdm

from eigenscape.core import load, save

R = TypeVar("R")


@dataclass(frozen=True)
class Part(Generic[R]):
    """A part of a run.

    Attributes:
        name: The folder that keeps it, unique among the parts.
        compute: Computes it, from streams of its own.
        cost: Its time in units common to the parts, for the forecast.
    """

    name: str
    compute: Callable[[], R]
    cost: float = 1.0


def kept_parts(
    kind: type[R], parts: Sequence[Part[R]], directory: Path
) -> tuple[R, ...]:
    """Compute parts, the most costly first, or load those of an interrupted run.

    What is left is forecast on standard error when the first one is finished.

    Args:
        kind: The dataclass that each part is.
        parts: The parts.
        directory: Keeps each in a folder of its name.

    Returns:
        The parts in their order, as they were saved.
    """
    missing = [part for part in parts if not _finished(directory / part.name)]
    missing.sort(key=lambda part: -part.cost)
    left = sum(part.cost for part in missing)
    bar = tqdm(missing, directory.name, disable=None, leave=False)
    for i, part in enumerate(bar):
        begun = time.monotonic()
        save(part.compute(), directory / part.name)
        left -= part.cost
        if i == 0 and len(missing) > 1:
            seconds = (time.monotonic() - begun) * left / part.cost
            line = f"{directory.name}: {len(missing) - 1} more, about {seconds:.0f} s"
            tqdm.write(line, file=sys.stderr)
    return tuple(load(kind, directory / part.name) for part in parts)


def _finished(place: Path) -> bool:
    return (place / "manifest.json").exists()
