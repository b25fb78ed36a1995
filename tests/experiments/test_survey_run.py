import shutil

import pytest
import yaml

from eigenscape.core import StorageError, config_to_mapping, load
from eigenscape.experiments.presets import presets
from eigenscape.experiments.survey_run import (
    SurveyRun,
    default_directory,
    execute,
    read_run,
)
from eigenscape.spectra import Survey
from eigenscape.training import TrainingConfig

FAST = {"batch_sizes": [8], "draws": 1, "probes": 2, "steps": 5, "extremes": 4}

TARGET = """
import numpy as np
import random
import torch
from torch import nn
from torch.nn.functional import cross_entropy

def build():
    torch.rand(1), np.random.rand(), random.random()
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long()
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))
    return model, cross_entropy, torch.utils.data.TensorDataset(x, y)

def seeded(seed):
    assert isinstance(seed, int)
    return build()
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("target") / "net.py"
    path.write_text(TARGET)
    return str(path)


@pytest.fixture(scope="module")
def trained(net, tmp_path_factory):
    """A configuration with training, its run directory and its result."""
    config = read_run(net, {**FAST, "training": {"epochs": 2, "batch_size": 16}})
    place = tmp_path_factory.mktemp("trained") / "run"
    return config, place, execute(config, place)


@pytest.mark.parametrize("name", [p.name for p in presets()])
def test_presets_are_valid_configurations(name):
    config = read_run(name, {})
    assert config.name == name
    assert config.training is not None


def test_the_quick_preset_runs(tmp_path):
    fewer = {"draws": 1, "batch_sizes": [256], "steps": 8, "extremes": 3}
    fewer |= {"tolerance": 0.03, "training": {"epochs": 2}}
    result = execute(read_run("mnist-mlp-quick", fewer), tmp_path / "run")
    assert [c.name for c in result.checkpoints] == ["initialisation", "middle", "end"]
    assert result.checkpoints[-1].loss < 0.5 * result.checkpoints[0].loss
    assert all(c.law_fits for c in result.checkpoints)


def test_a_file_may_start_from_a_preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"target": "mnist-mlp", "draws": 3}))
    config, preset = read_run(str(path), {"seed": 5}), read_run("mnist-mlp", {})
    assert (config.draws, config.seed, config.name) == (3, 5, "mine")
    assert config.training == preset.training
    assert config.target == preset.target


def test_options_replace_nested_values():
    config = read_run("mnist-mlp", {"training": {"epochs": 2}})
    assert config.training == TrainingConfig(epochs=2, learning_rate=0.02)


def test_a_configuration_names_its_directory(net):
    first, second = (read_run(f"{net}:build", {"seed": s}) for s in (0, 1))
    assert default_directory(first) != default_directory(second)
    assert default_directory(first).name.startswith("net-py-build-0-")


@pytest.mark.parametrize("function", ["build", "seeded"])
def test_the_seed_decides_what_a_build_draws(net, tmp_path, function):
    results = []
    for run, seed in enumerate((0, 0, 1)):
        config = read_run(f"{net}:{function}", {**FAST, "seed": seed})
        results.append(execute(config, tmp_path / f"run{run}"))
    losses = [r.checkpoints[0].loss for r in results]
    assert losses[0] == losses[1] != losses[2]


def test_a_run_holds_its_configuration_and_origin(trained):
    config, place, result = trained
    again = yaml.safe_load((place / "config.yaml").read_text())
    assert again == config_to_mapping(config)
    assert (place / "provenance.json").exists()
    assert load(Survey, place).summary() == result.summary()
    assert [c.epoch for c in result.checkpoints] == [0.0, 1.0, 2.0]
    assert {p.stem for p in (place / "checkpoints").iterdir()} == {
        "initialisation",
        "middle",
        "end",
        "latest",
    }


def test_bad_sizes_are_refused_before_training(net, tmp_path):
    config = read_run(net, {"batch_sizes": [65], "training": {"epochs": 2}})
    with pytest.raises(ValueError, match="at most the 64 examples"):
        execute(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_killed_while_it_wrote_its_configuration_resumes(net, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml.part").write_text("targ")
    config = read_run(net, FAST)
    assert execute(config, tmp_path / "run", resume=True).parameters == 37


def test_parts_left_by_a_late_kill_are_cleared_on_resume(trained, tmp_path):
    config, place, _ = trained
    shutil.copytree(place, tmp_path / "run")
    (tmp_path / "run" / "parts" / "model").mkdir(parents=True)
    execute(config, tmp_path / "run", resume=True)
    assert not (tmp_path / "run" / "parts").exists()


def test_a_foreign_directory_is_not_resumed(net, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("x")
    config = SurveyRun(target=net, name="net")
    with pytest.raises(StorageError, match="not a run directory"):
        execute(config, tmp_path / "run", resume=True)
