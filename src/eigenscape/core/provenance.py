"""Where a result came from: versions, revision, machine, time."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import eigenscape

_PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "plotly", "mlxtend")


@dataclass(frozen=True)
class Provenance:
    """What is needed to judge, and to repeat, a run.

    Attributes:
        version: Version of eigenscape.
        revision: Commit of the source tree, ``+`` appended when it had changes;
            None outside a repository.
        packages: Name and version of the numerical packages found.
        python: Python version.
        machine: Operating system, architecture and processor count.
        started: Start of the run, ISO 8601, UTC.
        seconds: Wall time spent so far, over all sessions of a resumed run.
    """

    version: str
    revision: str | None
    packages: tuple[str, ...]
    python: str
    machine: str
    started: str
    seconds: float


def record_provenance(seconds: float, *, started: str | None = None) -> Provenance:
    """Describe this process.

    Args:
        seconds: Wall time of the run.
        started: Start of the run, ISO 8601; now when None.

    Returns:
        The provenance of a result made by this process.
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Provenance(
        version=eigenscape.__version__,
        revision=_revision(),
        packages=tuple(f"{p} {v}" for p in _PACKAGES if (v := _version(p))),
        python=platform.python_version(),
        machine=(
            f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
        ),
        started=started or now,
        seconds=seconds,
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _revision() -> str | None:
    root = Path(eigenscape.__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    head = _git(root, "rev-parse", "--short", "HEAD")
    changed = _git(root, "status", "--porcelain")
    return head + ("+" if changed else "") if head else None


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
