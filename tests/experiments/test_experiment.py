from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float

from eigenscape.cli.main import main
from eigenscape.core import StorageError, Table, load
from eigenscape.experiments import experiment as module
from eigenscape.experiments.experiment import (
    Bound,
    Check,
    Experiment,
    ExperimentPreset,
    configure,
    execute,
    experiment_names,
    experiment_presets,
    find_experiment,
    find_experiment_preset,
    run_directory,
)


@dataclass(frozen=True)
class Inner:
    size: int = 3
    scale: float = 1.0


@dataclass(frozen=True)
class Config:
    seed: int = 0
    inner: Inner = Inner()


@dataclass(frozen=True)
class Found:
    values: Float[np.ndarray, " n"]


CALLS: list[int] = []


def run(config: Config, directory: Path) -> Found:
    assert directory.is_dir()
    CALLS.append(config.inner.size)
    return Found(config.inner.scale * np.arange(config.inner.size))


TOY = Experiment(
    "toy", Config, Found, run, lambda found: {"largest": float(found.values.max())}
)
PRESET = ExperimentPreset(
    "counts", "nowhere", (Bound("largest", at_most=2.0),), {"inner": {"size": 3}}
)


@pytest.mark.parametrize(
    ("bound", "accepted", "refused"),
    [
        (Bound("x", at_least=1.0), 1.0, 0.99),
        (Bound("x", at_most=1.0), 1.0, 1.01),
        (Bound("x", at_least=0.0, at_most=1.0), 0.5, float("nan")),
        (Bound("x"), -1e300, float("nan")),
    ],
)
def test_a_bound_admits_its_ends_and_never_nan(bound, accepted, refused):
    assert bound.admits(accepted)
    assert not bound.admits(refused)


def test_a_run_saves_its_result_its_acceptance_and_its_origin(tmp_path):
    config = configure(TOY, PRESET, {"inner": {"scale": 2.0}})
    assert config == Config(inner=Inner(3, 2.0))
    acceptance = PRESET.acceptance
    outcome = execute(TOY, config, tmp_path / "r", acceptance=acceptance, about="us")
    assert outcome.result.values.tolist() == [0, 2, 4]
    assert not outcome.accepted
    assert str(outcome.checks[0]) == "NOT met  largest: 4 (at most 2)"
    table = load(Table, tmp_path / "r" / "acceptance")
    assert table.rows[0][:5] == ("largest", 4.0, None, 2.0, "no")
    origin = json.loads((tmp_path / "r" / "provenance.json").read_text())
    assert origin["seconds"] >= 0
    assert (origin["experiment"], origin["about"]) == (TOY.name, "us")


def test_a_finished_run_is_loaded_not_repeated(tmp_path):
    config = configure(TOY, PRESET, {})
    first = execute(TOY, config, tmp_path / "r", acceptance=PRESET.acceptance)
    count = len(CALLS)
    again = execute(
        TOY, config, tmp_path / "r", acceptance=PRESET.acceptance, resume=True
    )
    assert len(CALLS) == count
    assert again.accepted
    assert first.accepted
    with pytest.raises(StorageError, match="--resume"):
        execute(TOY, config, tmp_path / "r")
    with pytest.raises(StorageError, match="seed 0, now 1"):
        execute(TOY, configure(TOY, PRESET, {"seed": 1}), tmp_path / "r", resume=True)


def test_an_interrupted_run_goes_on(tmp_path):
    def interrupted(config: Config, directory: Path) -> Found:
        (directory / "part").write_text("half")
        raise KeyboardInterrupt

    config = Config()
    broken = Experiment("toy", Config, Found, interrupted, TOY.measure)
    with pytest.raises(KeyboardInterrupt):
        execute(broken, config, tmp_path / "r")
    outcome = execute(TOY, config, tmp_path / "r", resume=True)
    assert outcome.result.values.size == 3
    assert (tmp_path / "r" / "part").read_text() == "half"


@pytest.mark.parametrize("kept", [False, True])
def test_refused_settings_leave_no_run_behind(kept, tmp_path):
    def refuse(config: Config, directory: Path) -> Found:
        if kept:
            (directory / "part").write_text("an hour of work")
        message = f"size: expected something else, got {config.inner.size}"
        raise ValueError(message)

    fussy = Experiment("toy", Config, Found, refuse, dict)
    with pytest.raises(ValueError, match="size"):
        execute(fussy, Config(), tmp_path / "run")
    assert (tmp_path / "run").exists() == kept


def test_acceptance_of_an_unknown_quantity_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected quantities among largest"):
        execute(TOY, Config(), tmp_path / "r", acceptance=(Bound("smallest"),))


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match="expected one of"):
        find_experiment("nothing")
    with pytest.raises(ValueError, match="quick"):
        find_experiment_preset(experiment_names()[0], "nothing")


@pytest.mark.parametrize("name", experiment_names())
def test_presets_state_valid_settings_and_an_acceptance(name):
    experiment = find_experiment(name)
    assert experiment.name == name
    presets = experiment_presets(name)
    assert next(iter(presets)) == "quick"
    assert "paper" in presets
    places = set()
    for label, preset in presets.items():
        config = configure(experiment, preset, {"seed": 7})
        assert config.seed == 7
        places.add(run_directory(name, label, config))
        assert preset.acceptance
        for bound in preset.acceptance:
            assert bound.reason
            assert bound.at_least is not None or bound.at_most is not None
    assert len(places) == len(presets)


def test_the_command_runs_a_preset_and_tells_what_is_not_met(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(module, "find_experiment", lambda name: TOY)
    monkeypatch.setattr(module, "find_experiment_preset", lambda name, preset: PRESET)
    out = str(tmp_path / "r")
    assert main(["run", "toy", "--out", out]) == 0
    assert "met      largest: 2 (at most 2)" in capsys.readouterr().out
    words = ["run", "toy", "--out", str(tmp_path / "s"), "--inner.size", "4"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 1
    assert main(["run", "toy", "--out", out]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["run", "toy", "--out", " "]) == 2


def test_the_command_refuses_what_is_not_there(capsys):
    assert main(["run", "nothing"]) == 2
    assert main(["run"]) == 2
    assert "error" in capsys.readouterr().err


def test_a_check_is_a_line():
    check = Check(Bound("x", at_least=0.0, at_most=1.0), 0.5)
    assert str(check) == "met      x: 0.5 (at least 0, at most 1)"
