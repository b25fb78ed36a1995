"""The commands; heavy imports happen inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jsonargparse import ArgumentError, ArgumentParser, Namespace

from eigenscape.cli.complexity import complexity_command

NOT_ACCEPTED = 1


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
    directory = _directory(given.get("out")) or default_directory(config)
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
    from eigenscape.report.experiment_page import render_experiment
    from eigenscape.report.level_page import holds_levels, render_levels

    parser = _parser("report", "Render the report of a finished run.")
    parser.add_argument("directory", type=str, help="a run directory")
    given = _parse(parser, words)
    place = Path(given["directory"])
    if (place / "result").is_dir():
        print(render_experiment(place))
    elif holds_levels(place):
        print(render_levels(place))
    else:
        print(render(place))


def run_command(words: list[str]) -> None:
    """Run an experiment and hold it against its acceptance.

    Args:
        words: The words after ``eigenscape run``.

    Raises:
        SystemExit: The acceptance is not met.
    """
    from eigenscape.experiments.experiment import (
        configure,
        execute,
        experiment_names,
        find_experiment,
        find_experiment_preset,
        run_directory,
    )
    from eigenscape.report.experiment_page import render_experiment

    parser = _parser("run", "Run an experiment and check what must come out.")
    parser.add_argument(
        "name", type=str, help=f"one of {', '.join(experiment_names())}"
    )
    parser.add_argument(
        "--preset",
        type=str,
        help="quick (the default), paper, or another that `list` names",
    )
    parser.add_argument("--out", type=str, help="run directory")
    parser.add_argument(
        "--resume", action="store_true", help="go on with an interrupted run"
    )
    named = words and not words[0].startswith("-")
    experiment = find_experiment(words[0]) if named else None
    if experiment is not None:
        parser.add_class_arguments(experiment.config, as_group=False)
    given = _parse(parser, words)
    name, label = given.pop("name"), given.pop("preset", "quick")
    out, resume = given.pop("out", None), bool(given.pop("resume", False))
    experiment = experiment or find_experiment(name)
    preset = find_experiment_preset(name, label)
    config = configure(experiment, preset, given)
    directory = _directory(out) or run_directory(name, label, config)
    outcome = execute(
        experiment,
        config,
        directory,
        acceptance=preset.acceptance,
        about=f"Preset {label}: {preset.description} ({preset.source}).",
        resume=resume,
    )
    print(f"{name}, preset {label}: {directory}")
    for check in outcome.checks:
        print(f"  {check}")
    print(f"  report   {render_experiment(directory)}")
    if not outcome.accepted:
        raise SystemExit(NOT_ACCEPTED)


def statistics_command(words: list[str]) -> None:
    """Judge the local statistics of eigenvalues or matrices, without torch.

    Args:
        words: The words after ``eigenscape statistics``.
    """
    from eigenscape.cli.spectrum_files import read_arrays
    from eigenscape.report.level_page import render_levels
    from eigenscape.spectra.local.analysis import local_statistics

    parser = _parser(
        "statistics",
        "Test the levels of spectra against GOE, GUE, Poisson and superposed blocks.",
    )
    parser.add_argument(
        "files",
        type=str,
        nargs="+",
        help=".npy, .npz, .txt or .csv: eigenvalues, a spectrum a row, or a matrix",
    )
    parser.add_argument("--out", type=str, help="directory of the report")
    parser.add_argument("--name", type=str, help="what the spectra are of")
    parser.add_argument(
        "--precision",
        type=Literal["float32", "float64"],
        help="floating-point type of the computation; found from the numbers if absent",
    )
    parser.add_argument(
        "--factor", type=float, help="resolution in units of ε‖H‖, 10 if absent"
    )
    given = _parse(parser, words)
    files, out = given.pop("files"), _directory(given.pop("out", None))
    given.setdefault("name", ", ".join(Path(name).name for name in files))
    found = local_statistics(read_arrays(files), **given)
    directory = out or Path("runs", "statistics", Path(files[0]).stem)
    page = render_levels(found, directory)
    print(found.summary())
    print(f"report: {page}")


def list_command(words: list[str]) -> None:
    """List the named targets and the experiments, without torch.

    Args:
        words: The words after ``eigenscape list``.
    """
    from eigenscape.experiments.experiment import experiment_names, experiment_presets
    from eigenscape.experiments.presets import presets

    _parse(_parser("list", "List the named targets and the experiments."), words)
    print("targets of `eigenscape survey`")
    for preset in presets():
        print(f"  {preset.name:20} {preset.description}")
        print(f"  {'':20} ({preset.source})")
    print("experiments of `eigenscape run`")
    for name in experiment_names():
        for label, preset in experiment_presets(name).items():
            print(f"  {name:20} {label}: {preset.description} ({preset.source})")


COMMANDS = {
    "survey": Command("survey the loss surface of a network", survey_command),
    "report": Command("render the report of a finished run", report_command),
    "list": Command("list the named targets and experiments", list_command),
    "run": Command("run an experiment and check what must come out", run_command),
    "statistics": Command("judge the local statistics of spectra", statistics_command),
    "complexity": Command("count critical points of a landscape", complexity_command),
}


def _directory(out: str | None) -> Path | None:
    if out is not None and not out.strip():
        message = f"--out: expected a directory, got {out!r}"
        raise ValueError(message)
    return None if out is None else Path(out)


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
