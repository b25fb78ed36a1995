"""The results as a page of Markdown: bars first, then what was measured in full."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Bar:
    """A figure that is to be reached.

    Attributes:
        figure: What is measured.
        bound: The number to reach.
        measured: The number reached, None if a contestant failed.
        faster: Whether the number is a factor gained, to be at least the bound;
            otherwise a cost, to be at most the bound.
    """

    figure: str
    bound: float
    measured: float | None
    faster: bool = True

    def line(self) -> str:
        bar = f"≥ {self.bound:g}x faster" if self.faster else f"≤ {self.bound:.4g}"
        if self.measured is None:
            return f"| {self.figure} | {bar} | fails | |"
        met = (self.measured >= self.bound) == self.faster or (
            self.measured == self.bound
        )
        unit = "x" if self.faster else ""
        verdict = "yes" if met else "**no**"
        return f"| {self.figure} | {bar} | {self.measured:.4g}{unit} | {verdict} |"


@dataclass(frozen=True)
class Section:
    """The bars of a task and its table: a title, a header and rows of cells."""

    title: str
    bars: Sequence[Bar]
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        table = [self.header, ["---"] * len(self.header), *self.rows]
        return [f"### {self.title}", "", *(f"| {' | '.join(row)} |" for row in table)]


def page(
    title: str, made: str, packages: Sequence[str], sections: Sequence[Section]
) -> str:
    """Render the page.

    Args:
        title: What is compared.
        made: By what command, and what the columns are.
        packages: The contestants, whose versions are told.
        sections: What was measured.

    Returns:
        Markdown.
    """
    lines = [
        f"# {title}",
        "",
        f"{made} {environment(packages)} "
        "All contestants take turns in one process on one thread; the clock is the "
        "processor time of the process; seconds are medians over the rounds, ratios "
        "are medians of the ratios within a round. "
        "What is timed and how is said in [README.md](../README.md).",
        "",
        "| figure | bar | measured | met |",
        "|---|---|---|---|",
    ]
    lines += [bar.line() for section in sections for bar in section.bars]
    lines += ["", "## In full"]
    for section in sections:
        lines += ["", *section.lines()]
    return "\n".join(lines) + "\n"


def number(value: float | None, digits: int = 3) -> str:
    """Write a number, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}g}"


def environment(packages: Sequence[str]) -> str:
    """Say when and where this runs.

    Args:
        packages: Distributions whose versions are told.

    Returns:
        A sentence.
    """
    versions = ", ".join(f"{name} {_installed(name)}" for name in packages)
    day = datetime.now(UTC).date().isoformat()
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return (
        f"{day}, commit {_commit()}, Python {platform.python_version()}, {versions}; "
        f"{_processor()}, threads: {threads}."
    )


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    source = Path("/proc/cpuinfo")
    if source.exists():
        for line in source.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{commit} with changes" if git("status", "--porcelain", "src") else commit
