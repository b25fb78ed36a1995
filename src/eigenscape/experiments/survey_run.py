"""SurveyRun: a survey as a configuration file describes it, run in a directory."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from eigenscape.core import (
    Curve,
    StorageError,
    config_from_mapping,
    config_hash,
    config_to_mapping,
    read_config,
    stream_seed,
    write_atomically,
    write_config,
)
from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.experiments.presets import find_preset
from eigenscape.spectra import Survey
from eigenscape.survey import (
    Stage,
    Target,
    build_target,
    load_build,
    require_settings,
    survey,
)
from eigenscape.survey.settings import (
    DRAWS,
    EXTREMES,
    FOLLOWED,
    PROBES,
    STEPS,
    TOLERANCE,
)
from eigenscape.training import TrainingConfig, fit_model, restore

CONFIG = "config.yaml"


@dataclass(frozen=True)
class SurveyRun:
    """What to survey and how; see `eigenscape.survey.survey` for the settings.

    Attributes:
        target: A preset's name, ``path/to/file.py:build`` or ``package.module:build``.
        name: What to call it; by default the preset's, file's or function's name.
        description: What it is, for lists and reports.
        source: The paper or figure it follows.
        seed: Master seed of every random stream.
        batch_sizes: Batch sizes; powers of two from 16 to 1024, at most n/2, if None.
        draws: Independent batches of each size.
        probes: Probes of the spectral density.
        steps: Lanczos steps a probe.
        extremes: Largest eigenvalues to compute.
        tolerance: Residual of eigenpairs, relative to ‖H‖.
        followed: Outliers followed over batch sizes.
        batch_size: Examples pushed through the model at once; 1024 if None.
        training: How to train the model first; surveyed as it is built if None.
    """

    target: str
    name: str = ""
    description: str = ""
    source: str = ""
    seed: int = 0
    batch_sizes: tuple[int, ...] | None = None
    draws: int = DRAWS
    probes: int = PROBES
    steps: int = STEPS
    extremes: int = EXTREMES
    tolerance: float = TOLERANCE
    followed: int = FOLLOWED
    batch_size: int | None = None
    training: TrainingConfig | None = None

    def settings(self) -> dict[str, Any]:
        """Pick the settings that `require_settings` and `survey` share.

        Returns:
            Keyword arguments.
        """
        names = (
            "batch_sizes",
            "draws",
            "probes",
            "steps",
            "extremes",
            "tolerance",
            "followed",
        )
        return {name: getattr(self, name) for name in names}


def read_run(target: str, overrides: dict[str, Any]) -> SurveyRun:
    """Turn what was typed into a configuration.

    Args:
        target: A preset's name, a YAML file, ``file.py:build`` or ``module:build``.
        overrides: Nested values that replace those of the preset or file.

    Returns:
        The configuration.

    Raises:
        ValueError: There is no such target, or a key or value is not known.
    """
    preset = find_preset(target)
    name = Path(target).stem
    if preset is not None:
        base = read_config(SurveyRun, preset.path)
    elif target.endswith((".yaml", ".yml")):
        base = _with_preset(read_config(SurveyRun, Path(target)))
    elif ":" in target or target.endswith(".py"):
        base = SurveyRun(target=target)
        name = target.rpartition("/")[2]
    else:
        message = (
            f"target: expected a name that `eigenscape list` prints, a .yaml file or "
            f"file.py:build, got {target!r}"
        )
        raise ValueError(message)
    named = dataclasses.replace(base, name=base.name or name)
    merged = _merged(config_to_mapping(named), overrides)
    return config_from_mapping(SurveyRun, merged, where="options")


def default_directory(config: SurveyRun) -> Path:
    """Name the run directory of a configuration.

    Args:
        config: The configuration.

    Returns:
        ``runs/survey/<name>-<seed>-<hash of the configuration>``.
    """
    label = "".join(c if c.isalnum() or c in "-_" else "-" for c in config.name)
    return Path("runs", "survey", f"{label}-{config.seed}-{config_hash(config)}")


def execute(config: SurveyRun, directory: Path, *, resume: bool = False) -> Survey:
    """Build, train where asked, survey, and save.

    Args:
        config: What to do.
        directory: The run directory.
        resume: Go on with an interrupted run there, or load a finished one.

    Returns:
        The survey; its directory also holds config.yaml, provenance.json and the
        checkpoints.

    Raises:
        StorageError: The directory is in use and `resume` is False, or holds a run
            of another configuration.
    """
    begun = directory.exists() and any(
        path.suffix != ".part" for path in directory.iterdir()
    )
    if begun and not resume:
        message = (
            f"{directory}: exists already; go on with --resume, or choose another "
            "directory with --out"
        )
        raise StorageError(message)
    if begun:
        _require_same(config, directory)
    started = time.time()
    target = _build(config)
    risk = _risk(config, target, target.model)
    require_settings(risk.examples, **config.settings())
    Hessian(risk)  # proves itself before anything is written
    directory.mkdir(parents=True, exist_ok=True)
    write_config(config, directory / CONFIG)
    stages, curves = _stages(config, target, risk, directory)
    training = config.training
    result = survey(
        stages,
        **config.settings(),
        seed=config.seed,
        name=config.name,
        curves=curves,
        learning_rate=None if training is None else training.learning_rate,
        momentum=None if training is None else training.momentum,
        directory=directory,
        resume=True,
    )
    session = {"session_seconds": round(time.time() - started, 1)}
    origin = dataclasses.asdict(result.provenance) | session
    text = json.dumps(origin, indent=1, ensure_ascii=False)
    write_atomically(directory / "provenance.json", text.encode())
    return result


def _with_preset(config: SurveyRun) -> SurveyRun:
    """Let a file name a preset as its target and say only what differs."""
    preset = find_preset(config.target)
    if preset is None:
        return config
    base = read_config(SurveyRun, preset.path)
    defaults = SurveyRun(target=config.target)
    changed = {
        f.name: getattr(config, f.name)
        for f in dataclasses.fields(config)
        if getattr(config, f.name) != getattr(defaults, f.name)
    }
    return dataclasses.replace(base, **changed)


def _merged(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in overrides.items():
        inner = result.get(key)
        if isinstance(value, dict):
            result[key] = _merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[key] = value
    return result


def _require_same(config: SurveyRun, directory: Path) -> None:
    path = directory / CONFIG
    if not path.exists():
        message = f"{directory}: is not a run directory ({CONFIG} is missing)"
        raise StorageError(message)
    try:
        begun = read_config(SurveyRun, path)
    except ValueError as error:
        message = f"{directory}: damaged ({error})"
        raise StorageError(message) from error
    for field in dataclasses.fields(config):
        old, new = getattr(begun, field.name), getattr(config, field.name)
        if old != new:
            message = (
                f"{directory}: was begun with {field.name} {old!r}, now {new!r}; "
                "resume with the same options, or choose another directory with --out"
            )
            raise StorageError(message)


def _build(config: SurveyRun) -> Target:
    """Call the target's build, its global randomness seeded and undone."""
    function = load_build(config.target)
    call = function
    if "seed" in inspect.signature(function).parameters:
        call = functools.partial(function, seed=config.seed)
    seed = stream_seed(config.seed, "build")
    with keep_random_state(torch.device("cpu")):
        torch.manual_seed(seed)
        random.seed(seed)
        # ruff: ignore[numpy-legacy-random] a user's build may draw from it
        np.random.seed(seed % 2**32)
        return build_target(config.target, call)


def _risk(config: SurveyRun, target: Target, model: nn.Module) -> EmpiricalRisk:
    return EmpiricalRisk(model, target.loss, target.data, batch_size=config.batch_size)


def _stages(
    config: SurveyRun, target: Target, risk: EmpiricalRisk, directory: Path
) -> tuple[tuple[Stage, ...], tuple[Curve, ...]]:
    if config.training is None:
        return (Stage("model", None, risk),), ()
    checkpoints = fit_model(
        target.model,
        target.loss,
        target.data,
        config.training,
        seed=config.seed,
        directory=directory / "checkpoints",
    )
    losses = np.array(checkpoints[-1].losses)
    epochs = np.arange(1.0, losses.size + 1)
    curve = Curve("mean training loss of the epoch", epochs, losses, "epoch", "loss")
    stages: list[Stage] = []
    for checkpoint in checkpoints:
        model = copy.deepcopy(target.model)
        restore(model, checkpoint)
        own = _risk(config, target, model)
        stages.append(Stage(checkpoint.name, float(checkpoint.epoch), own))
    return tuple(stages), (curve,)
