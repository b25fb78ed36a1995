"""The damping experiment at small size, and its presets."""

import numpy as np
import pytest

from eigenscape.experiments.adaptive_damping import EXPERIMENT, AdaptiveDampingConfig
from eigenscape.experiments.experiment import (
    configure,
    execute,
    find_experiment_preset,
)

SMALLER = {
    "networks": [{"kind": "mlp", "hidden": []}],
    "used": 200,
    "training": {"epochs": 2, "batch_size": 40},
    "probe": {"examples": 80, "interval": 4},
    "dampings": [0.01, 1.0],
    "damped_rates": [0.05],
    "runs": 2,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    preset = find_experiment_preset("adaptive-damping", "quick")
    config = configure(EXPERIMENT, preset, SMALLER)
    place = tmp_path_factory.mktemp("damping") / "run"
    return execute(EXPERIMENT, config, place, acceptance=preset.acceptance), place


def test_every_optimiser_has_as_many_settings(finished):
    study = finished[0].result
    assert study.tasks == ("logistic regression",)
    assert len(study.runs) == 5 * 2 * 2
    assert {study.tuned(study.tasks[0], name).budget for name in study.optimisers} == {
        2
    }
    losses = [run.train_loss for run in study.runs]
    assert np.isfinite(losses).all()
    assert min(run.test_error for run in study.runs) < 0.4


def test_quantities_are_those_of_the_presets(finished):
    measured = EXPERIMENT.measure(finished[0].result)
    for name in ("quick", "paper"):
        preset = find_experiment_preset("adaptive-damping", name)
        assert {bound.quantity for bound in preset.acceptance} <= set(measured)
        configure(EXPERIMENT, preset, {})


def test_finished_runs_are_kept(finished):
    outcome, place = finished
    kept = sorted(path.name for path in (place / "runs").iterdir())
    assert len(kept) == len(outcome.result.runs)
    assert "0-fixed-damping-1-1" in kept


def test_grids_have_the_ends_given():
    config = AdaptiveDampingConfig()
    counts = {name: len(config.settings(name)) for name in config.optimisers}
    assert set(counts.values()) == {12}
    rates = [rate for _, rate in config.settings("SGD")]
    assert (rates[0], rates[-1]) == pytest.approx(config.sgd_rates)
    assert config.settings("published")[0] == (1e-3, 0.01)
