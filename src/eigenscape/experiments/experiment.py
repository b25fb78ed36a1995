"""Experiment: a result of a paper as a run with a stated acceptance.

An experiment is a module of this package that defines `EXPERIMENT`, and a folder
``presets/<name>`` of the same name, with hyphens for underscores. A preset states its
settings and its acceptance; both are read without importing the experiment.
"""

from __future__ import annotations

import importlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from eigenscape.core import (
    Table,
    config_from_mapping,
    config_hash,
    config_to_mapping,
    load,
    read_config,
    save,
    write_atomically,
    write_config,
)
from eigenscape.core.provenance import record_provenance
from eigenscape.experiments.presets import PRESETS
from eigenscape.experiments.run_directory import CONFIG, open_run, withdraw_run

C = TypeVar("C")
R = TypeVar("R")

RESULT = "result"
ACCEPTANCE = "acceptance"


@dataclass(frozen=True)
class Bound:
    """What a measured quantity must be for an experiment to be accepted.

    Attributes:
        quantity: Its name, one of those that the experiment measures.
        at_least: The least value accepted; None for no such bound.
        at_most: The greatest value accepted; None for no such bound.
        reason: Where the bound comes from.
    """

    quantity: str
    at_least: float | None = None
    at_most: float | None = None
    reason: str = ""

    def admits(self, value: float) -> bool:
        """Tell whether a value is accepted.

        Args:
            value: The measured quantity.

        Returns:
            True within the bounds, ends included; NaN is never accepted.
        """
        lower = -math.inf if self.at_least is None else self.at_least
        upper = math.inf if self.at_most is None else self.at_most
        return lower <= value <= upper


@dataclass(frozen=True)
class ExperimentPreset:
    """One way to run an experiment.

    Attributes:
        description: What it does, in a line.
        source: The paper and figure it follows.
        acceptance: What must come out.
        settings: Values of the configuration that differ from its defaults.
    """

    description: str
    source: str
    acceptance: tuple[Bound, ...]
    settings: object


@dataclass(frozen=True)
class Experiment(Generic[C, R]):
    """A result of a paper, or of ours, that a configuration reproduces.

    Attributes:
        name: What to type.
        config: The dataclass of its settings, with defaults and an integer ``seed``; no
            field is called name, preset, out or resume.
        result: The dataclass of what it finds, which `core.storage` can save.
        run: Computes the result, and may keep finished parts in the directory.
        measure: The quantities that acceptance is about, by name.
    """

    name: str
    config: type[C]
    result: type[R]
    run: Callable[[C, Path], R]
    measure: Callable[[R], Mapping[str, float]]


@dataclass(frozen=True)
class Check:
    """A bound and what was measured.

    Attributes:
        bound: What was asked.
        measured: What came out.
    """

    bound: Bound
    measured: float

    @property
    def passed(self) -> bool:
        """Whether the bound admits the measured value."""
        return self.bound.admits(self.measured)

    def __str__(self) -> str:
        """Return the check in a line.

        Returns:
            Text such as ``met      overlap error 0.003, at most 0.01``.
        """
        asked = ((self.bound.at_least, "at least"), (self.bound.at_most, "at most"))
        ends = ", ".join(f"{word} {end:g}" for end, word in asked if end is not None)
        verdict = "met" if self.passed else "NOT met"
        return f"{verdict:8} {self.bound.quantity}: {self.measured:.4g} ({ends})"


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What came out of a run.

    Attributes:
        result: What was found.
        checks: The acceptance, in the order stated.
    """

    result: R
    checks: tuple[Check, ...]

    @property
    def accepted(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def experiment_names() -> tuple[str, ...]:
    """List the experiments, without importing them.

    Returns:
        Their names, in alphabetic order.
    """
    return tuple(
        sorted(path.name for path in PRESETS.iterdir() if _is_experiment(path))
    )


def experiment_presets(name: str) -> dict[str, ExperimentPreset]:
    """Read the presets of an experiment, without importing it.

    Args:
        name: The experiment.

    Returns:
        Its presets by name, the quick one first.

    Raises:
        ValueError: There is no such experiment.
    """
    if name not in experiment_names():
        known = ", ".join(experiment_names())
        message = f"experiment: expected one of {known}, got {name!r}"
        raise ValueError(message)
    files = sorted(
        (PRESETS / name).glob("*.yaml"), key=lambda path: (path.stem != "quick", path)
    )
    return {path.stem: read_config(ExperimentPreset, path) for path in files}


def find_experiment(name: str) -> Experiment[Any, Any]:
    """Import an experiment.

    Args:
        name: One of `experiment_names`.

    Returns:
        The experiment.
    """
    experiment_presets(name)
    module = importlib.import_module(f"{__package__}.{name.replace('-', '_')}")
    return module.EXPERIMENT


def find_experiment_preset(name: str, preset: str) -> ExperimentPreset:
    """Look a preset of an experiment up.

    Args:
        name: The experiment.
        preset: Such as "quick" or "paper".

    Returns:
        The preset.

    Raises:
        ValueError: There is no such experiment or preset.
    """
    known = experiment_presets(name)
    if preset not in known:
        message = f"preset: expected one of {', '.join(known)}, got {preset!r}"
        raise ValueError(message)
    return known[preset]


def configure(
    experiment: Experiment[C, Any], preset: ExperimentPreset, overrides: dict[str, Any]
) -> C:
    """Build the configuration of a run.

    Args:
        experiment: The experiment.
        preset: Where to begin.
        overrides: Nested values that replace those of the preset.

    Returns:
        The configuration.
    """
    where = f"settings of {experiment.name}"
    base = config_from_mapping(experiment.config, preset.settings, where=where)
    merged = _merged(config_to_mapping(base), overrides)
    return config_from_mapping(experiment.config, merged, where="options")


def run_directory(name: str, preset: str, config: object) -> Path:
    """Name the run directory of a configuration.

    Args:
        name: The experiment.
        preset: The preset it began from.
        config: The configuration.

    Returns:
        ``runs/<experiment>/<preset>-<seed>-<hash of the configuration>``.
    """
    seed = config_to_mapping(config)["seed"]
    return Path("runs", name, f"{preset}-{seed}-{config_hash(config)}")


def execute(
    experiment: Experiment[C, R],
    config: C,
    directory: Path,
    *,
    acceptance: tuple[Bound, ...] = (),
    about: str = "",
    resume: bool = False,
) -> Outcome[R]:
    """Run an experiment, hold it against its acceptance, and save both.

    Args:
        experiment: What to run.
        config: With which settings.
        directory: The run directory. It will hold config.yaml, provenance.json, the
            result, the acceptance as a `Table`, and what the experiment keeps there.
        acceptance: What must come out.
        about: What its page says of it under its name.
        resume: Go on with an interrupted run there, or load a finished one.

    Returns:
        The result and its checks.

    Raises:
        ValueError: The acceptance is about a quantity the experiment does not measure.
    """
    open_run(config, directory, resume=resume)
    if not (directory / RESULT / "manifest.json").exists():
        begun = time.time()
        directory.mkdir(parents=True, exist_ok=True)
        write_config(config, directory / CONFIG)
        try:
            result = experiment.run(config, directory)
        except ValueError:
            withdraw_run(directory)
            raise
        named = {"experiment": experiment.name, "about": about}
        origin = named | asdict(record_provenance(round(time.time() - begun, 1)))
        text = json.dumps(origin, indent=1, ensure_ascii=False)
        write_atomically(directory / "provenance.json", text.encode())
        save(result, directory / RESULT)
    result = load(experiment.result, directory / RESULT)
    measured = experiment.measure(result)
    unknown = [b.quantity for b in acceptance if b.quantity not in measured]
    if unknown:
        message = (
            f"acceptance: expected quantities among {', '.join(measured)}, got "
            f"{', '.join(unknown)}"
        )
        raise ValueError(message)
    checks = tuple(
        Check(bound, float(measured[bound.quantity])) for bound in acceptance
    )
    if not (directory / ACCEPTANCE / "manifest.json").exists():
        save(acceptance_table(checks), directory / ACCEPTANCE)
    return Outcome(result, checks)


def acceptance_table(checks: tuple[Check, ...]) -> Table:
    """Lay checks out as a table, for the report.

    Args:
        checks: The checks.

    Returns:
        One row a check.
    """
    columns = ("quantity", "measured", "at least", "at most", "met", "why this bound")
    return Table(
        columns,
        tuple(
            (
                check.bound.quantity,
                check.measured,
                check.bound.at_least,
                check.bound.at_most,
                "yes" if check.passed else "no",
                check.bound.reason,
            )
            for check in checks
        ),
    )


def _is_experiment(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.yaml"))


def _merged(base: Any, overrides: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(overrides, dict)):
        return overrides
    old, new = cast("dict[str, Any]", base), cast("dict[str, Any]", overrides)
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}
