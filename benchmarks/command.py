"""The command line of a benchmark: its tasks, its rounds, and where the page goes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from table import ROOT, Section, page


def write_page(
    name: str,
    tasks: Mapping[str, Callable[[int], Section]],
    title: str,
    made: str,
    *,
    packages: Sequence[str],
    rounds: int,
    description: str | None,
) -> None:
    """Run the tasks asked for, print them as they come, and write the page.

    Args:
        name: Of the script and of the page.
        tasks: What can be asked for; each is given the number of rounds.
        title: What is compared.
        made: What else is to be known of how it was made.
        packages: The contestants, whose versions are told.
        rounds: How many rounds if none are asked for.
        description: What the script does.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tasks", nargs="+", choices=tasks, default=list(tasks))
    parser.add_argument("--rounds", type=int, default=rounds)
    default = ROOT / "benchmarks" / "results" / f"{name}.md"
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    sections: list[Section] = []
    for task in options.tasks:
        sections.append(tasks[task](options.rounds))
        print("\n".join(bar.line() for bar in sections[-1].bars), flush=True)
        print("\n".join(sections[-1].lines()), flush=True)
    some = "" if options.tasks == list(tasks) else f" --tasks {' '.join(options.tasks)}"
    command = f"Made by `benchmarks/{name}.py{some} --rounds {options.rounds}`."
    text = page(title, f"{command} {made}".rstrip(), packages, sections)
    options.out.write_text(text, encoding="utf-8")
