"""The commands; heavy imports happen inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser, Namespace


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        summary: What it does, in a line.
        run: Does it, given the words that follow its name.
    """

    summary: str
    run: Callable[[list[str]], None]


def survey_command(words: list[str]) -> None:
    """Survey a target, save the run, render its report, print the summary.

    Args:
        words: The words after ``eigenscape survey``.

    Raises:
        ValueError: --out is empty.
    """
    from eigenscape.experiments.survey_run import (
        SurveyRun,
        default_directory,
        execute,
        read_run,
    )
    from eigenscape.report import render

    parser = _parser("survey", "Survey the loss surface of a network.")
    parser.add_argument(
        "target", type=str, help="a name from `list`, a .yaml file, or file.py:build"
    )
    parser.add_argument("--out", type=str, help="run directory")
    parser.add_argument(
        "--resume", action="store_true", help="go on with an interrupted run"
    )
    parser.add_class_arguments(
        SurveyRun, skip={"target", "name", "description", "source"}, as_group=False
    )
    given = _parse(parser, words)
    overrides = {
        key: value
        for key, value in given.items()
        if key not in {"target", "out", "resume"}
    }
    config = read_run(given["target"], overrides)
    out = given.get("out")
    if out is not None and not out.strip():
        message = f"--out: expected a directory, got {out!r}"
        raise ValueError(message)
    directory = default_directory(config) if out is None else Path(out)
    result = execute(config, directory, resume=bool(given.get("resume")))
    page = render(directory)
    print(result.summary())
    print(f"  report     {page}")


def report_command(words: list[str]) -> None:
    """Render the report of a finished run again, without torch.

    Args:
        words: The words after ``eigenscape report``.
    """
    from eigenscape.report import render

    parser = _parser("report", "Render the report of a finished run.")
    parser.add_argument("directory", type=str, help="a run directory")
    given = _parse(parser, words)
    print(render(given["directory"]))


def list_command(words: list[str]) -> None:
    """List the named targets, without torch.

    Args:
        words: The words after ``eigenscape list``.
    """
    from eigenscape.experiments.presets import presets

    _parse(_parser("list", "List the named targets."), words)
    for preset in presets():
        print(f"{preset.name:18} {preset.description}")
        print(f"{'':18} ({preset.source})")


COMMANDS = {
    "survey": Command("survey the loss surface of a network", survey_command),
    "report": Command("render the report of a finished run", report_command),
    "list": Command("list the named targets", list_command),
}


def _parser(name: str, description: str) -> ArgumentParser:
    return ArgumentParser(
        prog=f"eigenscape {name}", description=description, exit_on_error=False
    )


def _parse(parser: ArgumentParser, words: list[str]) -> dict[str, Any]:
    """Parse only what was typed: defaults belong to the configuration."""
    try:
        parsed: Namespace = parser.parse_args(words, defaults=False)
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    return parsed.as_dict()
