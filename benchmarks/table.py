"""The results as a page of Markdown: bars first, then what was measured in full."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("torch", "pyhessian", "hessian-eigenthings", "curvlinops-for-pytorch")


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


def page(sections: Sequence[Section], rounds: int) -> str:
    """Render the page.

    Args:
        sections: What was measured.
        rounds: Rounds of a product row.

    Returns:
        Markdown.
    """
    lines = [
        "# Speed and memory of the curvature engine, side by side with its peers",
        "",
        f"Made by `benchmarks/curvature_speed.py --rounds {rounds}`. {_environment()} "
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


def _environment() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    day = datetime.now(UTC).date().isoformat()
    return (
        f"{day}, commit {_commit()}, Python {platform.python_version()}, {versions}; "
        f"{_processor()}, {torch.get_num_threads()} thread."
    )


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
