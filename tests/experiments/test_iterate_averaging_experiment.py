"""The experiment on a small task of clusters, and the presets."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.experiments import iterate_averaging
from eigenscape.experiments.averaged_training import AveragedTraining, AveragingMethod
from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment_preset,
)
from eigenscape.experiments.image_networks import ImageTask
from eigenscape.experiments.iterate_averaging import (
    EXPERIMENT,
    IterateAveragingConfig,
    QuadraticConfig,
    _best,
    measure,
)
from eigenscape.landscape.averaging_study import AveragedRun
from experiments.test_averaged_training import clusters

METHODS = (
    AveragingMethod("SGD", "sgd", False, (1e-4, 0.1), (1e-3,)),
    AveragingMethod("Gadam", "adamw", True, (1e-6, 0.03), (0.1,)),
)
CONFIG = IterateAveragingConfig(
    QuadraticConfig(300, 60, (0.1, 0.5), 6, 3),
    validation=20,
    methods=METHODS,
    training=AveragedTraining(4, 10, 2, (1.0, 0.0), 0),
    seeds=2,
)


@pytest.fixture
def small(monkeypatch):
    """Clusters in place of images; counts how often these are read."""
    reads = []

    def task(network, images, *, seed, generator):
        reads.append(seed)
        return ImageTask(
            "", nn.Module(), "clusters", clusters(80, 1), clusters(40, 2), None
        )

    def build(network, inputs, classes, *, generator):
        model = nn.Linear(inputs, classes)
        nn.init.normal_(model.weight, generator=generator)
        nn.init.zeros_(model.bias)
        return model, "logistic"

    monkeypatch.setattr(iterate_averaging, "image_task", task)
    monkeypatch.setattr(iterate_averaging, "image_network", build)
    return reads


def test_a_run_tunes_then_repeats_the_best(small, tmp_path):
    found = execute(EXPERIMENT, CONFIG, tmp_path / "run").result
    assert small == [0]
    assert found.data == "clusters"
    assert found.frequencies.tolist() == [1.0, 0.0]
    assert [m.name for m in found.methods] == ["SGD", "Gadam"]
    for method in found.methods:
        assert method.chosen == 1  # the other settings hardly move
        assert method.errors.shape == (2, 3)
        assert len(method.tuning) == 2
        assert not np.array_equal(*[run.test_losses for run in method.runs])
    assert len(found.simulated) == 12
    measured = measure(found)
    assert measured["quadratic: farthest from theory, in standard errors"] < 4
    best = measured["logistic: best average over best last iterate"]
    errors = [measured[f"logistic, {name}: test error"] for name in ("SGD", "Gadam")]
    assert best == pytest.approx(errors[0] - errors[1])
    gain = measured["logistic, Gadam: gain over its last iterate"]
    mean = 100 * found.methods[1].errors.mean(0)
    assert gain == pytest.approx(mean[0] - mean[1])
    for told, run in zip(("smallest", "largest"), found.methods[1].tuning, strict=True):
        own = 100 * (run.validation_errors[0] - run.validation_errors[1])
        name = f"logistic, Gadam: gain at the {told} rate and decay"
        assert measured[name] == pytest.approx(own)


def test_an_interrupted_run_goes_on_where_it_was(small, tmp_path, monkeypatch):
    straight = execute(EXPERIMENT, CONFIG, tmp_path / "straight").result
    original, calls = iterate_averaging.AveragedTrial.run, []

    def fail(self, state):
        calls.append(state)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return original(self, state)

    monkeypatch.setattr(iterate_averaging.AveragedTrial, "run", fail)
    with pytest.raises(KeyboardInterrupt):
        execute(EXPERIMENT, CONFIG, tmp_path / "run")
    done = len(calls)
    resumed = execute(EXPERIMENT, CONFIG, tmp_path / "run", resume=True).result
    assert len(calls) == done + 3  # eight runs, five were finished
    for a, b in zip(straight.methods, resumed.methods, strict=True):
        np.testing.assert_array_equal(a.errors, b.errors)


def test_one_setting_needs_no_tuning(small, tmp_path):
    methods = (AveragingMethod("SWA", "sgd", True, (0.1,), (1e-3,)),)
    config = IterateAveragingConfig(
        CONFIG.quadratic,
        validation=0,
        methods=methods,
        training=CONFIG.training,
        seeds=1,
    )
    found = execute(EXPERIMENT, config, tmp_path / "run").result
    assert found.methods[0].tuning == ()
    assert found.methods[0].chosen == 0


def test_ties_are_broken_by_the_loss_and_divergence_comes_last():
    def scored(error, loss):
        scores = np.array([9.0, error])
        losses = np.array([9.0, loss])
        return AveragedRun(scores, losses, scores, losses, np.ones(1))

    runs = (scored(math.nan, 0.0), scored(0.2, math.nan), scored(0.2, 0.5))
    assert _best(runs, averaged=True) == 2
    assert _best(runs, averaged=False) == 0
    assert _best((), averaged=True) == 0


def test_unequal_budgets_are_refused():
    more = AveragingMethod("SWA", "sgd", True, (0.1,), (1e-3,))
    with pytest.raises(ValueError, match="methods: expected equally many settings"):
        IterateAveragingConfig(methods=(*METHODS, more))
    with pytest.raises(ValueError, match="validation: expected examples"):
        IterateAveragingConfig(methods=METHODS, validation=0)
    with pytest.raises(ValueError, match="seeds: expected at least 1"):
        IterateAveragingConfig(seeds=0)


def test_presets_are_read():
    names = experiment_presets("iterate-averaging")
    assert set(names) == {"quick", "paper", "paper-resnet"}
    for name in names:
        preset = find_experiment_preset("iterate-averaging", name)
        config = configure(EXPERIMENT, preset, {})
        assert len(config.methods) >= 4
    published = configure(
        EXPERIMENT, find_experiment_preset("iterate-averaging", "paper-resnet"), {}
    )
    training = published.training
    assert (training.epochs, training.start, training.batch_size) == (300, 161, 128)
    settings = {m.name: m.settings for m in published.methods}
    assert settings["Gadam"] == ((0.001, 0.1),)
    assert settings["GadamX"] == ((0.1, 0.0025),)
    assert all(m.ratio == 0.5 for m in published.methods)


def test_methods_make_the_optimisers_they_name():
    model = nn.Linear(2, 2)
    kinds = {"sgd": "SGD", "adam": "Adam", "adamw": "Gadam", "padamw": "GadamX"}
    for kind, name in kinds.items():
        own = AveragingMethod("", kind, True, (0.1,), (0.2,))
        optimiser = own.optimiser_of(model, 0.1, 0.2)
        assert type(optimiser).__name__ == name
        group = optimiser.param_groups[0]
        assert (group["lr"], group["weight_decay"]) == (0.1, 0.2)
        assert group.get("momentum", 0.9) == 0.9
        assert torch.is_tensor(group["params"][0])
