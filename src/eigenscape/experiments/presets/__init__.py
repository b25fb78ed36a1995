"""Named configurations, one YAML file each; read without torch.

Files here are those of surveys, folders those of experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

PRESETS = Path(str(resources.files(__name__)))


@dataclass(frozen=True)
class Preset:
    """A named configuration.

    Attributes:
        name: What to type.
        description: What it does.
        source: The paper or figure it follows.
        path: Its YAML file.
    """

    name: str
    description: str
    source: str
    path: Path


def presets() -> tuple[Preset, ...]:
    """List the named configurations.

    Returns:
        The presets, by name.
    """
    found: list[Preset] = []
    for path in sorted(PRESETS.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(Preset(path.stem, content["description"], content["source"], path))
    return tuple(found)


def find_preset(name: str) -> Preset | None:
    """Look a named configuration up.

    Args:
        name: Its name.

    Returns:
        The preset; None when there is none of that name.
    """
    return next((p for p in presets() if p.name == name), None)
