import dataclasses

import numpy as np
import pytest
import torch

from eigenscape.experiments import batch_outliers, image_networks
from eigenscape.experiments.batch_outliers import EXPERIMENT, BatchOutliersConfig
from eigenscape.experiments.experiment import (
    configure,
    execute,
    experiment_presets,
    find_experiment,
)
from eigenscape.experiments.image_networks import NetworkConfig
from eigenscape.training.loop import TrainingConfig

CONFIG = BatchOutliersConfig(
    network=NetworkConfig("mlp", hidden=(6,)),
    training=TrainingConfig(2, 64, 0.05, checkpoint_every=1),
    epochs=(2,),
    matrices=("hessian", "gauss-newton"),
    batch_sizes=(8, 128),
    draws=2,
    steps=12,
    count=1,
)


@pytest.fixture
def few_digits(monkeypatch):
    """Eight separable pixels in place of 784, to keep the run short."""

    def digits(train, seed):
        generator = torch.Generator().manual_seed(seed)
        targets = torch.arange(450) % 10
        centres = torch.randn(10, 8, generator=generator)
        noise = 0.3 * torch.randn(450, 8, generator=generator)
        inputs = centres[targets] + noise
        return dataclasses.make_dataclass(
            "Digits", ["train_inputs", "train_targets", "test_inputs", "test_targets"]
        )(inputs[:300], targets[:300], inputs[300:], targets[300:])

    monkeypatch.setattr(image_networks, "mnist_digits", digits)


def test_a_run_sweeps_every_checkpoint_part_and_matrix(few_digits, tmp_path, capsys):
    outcome = execute(EXPERIMENT, CONFIG, tmp_path / "run")
    result = outcome.result
    labels = [(s.sweep.epoch, s.sweep.data, s.sweep.matrix) for s in result.sweeps]
    assert labels == [
        (2, part, matrix)
        for part in ("train", "test")
        for matrix in ("hessian", "gauss-newton")
    ]
    assert {s.sweep.population for s in result.sweeps} == {300, 150}
    assert len(result.losses) == 2
    measured = EXPERIMENT.measure(result)
    assert measured["largest relative residual"] <= 1e-3
    assert measured["share of eigenvalues found"] > 0.9
    told = capsys.readouterr().err
    # two parts, two matrices, two sizes, two draws, twelve steps
    assert "sweeps of MLP 8-6-10: 1 × at most 192 products in" in told
    again = execute(EXPERIMENT, CONFIG, tmp_path / "run", resume=True)
    np.testing.assert_equal(
        [s.sweep.values for s in again.result.sweeps],
        [s.sweep.values for s in result.sweeps],
    )


def test_an_interrupted_run_goes_on_where_it_was(few_digits, tmp_path, monkeypatch):
    config = dataclasses.replace(CONFIG, matrices=("hessian",))
    whole = batch_outliers.run(config, tmp_path / "whole")
    sweep, calls = batch_outliers.sweep_batches, []

    def failing(*arguments, **options):
        calls.append(options["name"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return sweep(*arguments, **options)

    monkeypatch.setattr(batch_outliers, "sweep_batches", failing)
    with pytest.raises(KeyboardInterrupt):
        batch_outliers.run(config, tmp_path / "parts")
    again = batch_outliers.run(config, tmp_path / "parts")
    for one, other in zip(whole.sweeps, again.sweeps, strict=True):
        np.testing.assert_array_equal(one.sweep.values, other.sweep.values)
    assert again.losses == whole.losses


def test_batch_norm_evaluates_by_the_statistics_of_the_checkpoint(
    few_digits, tmp_path, monkeypatch
):
    """At epoch 0 running statistics are 0 and 1, which no layer has seen."""
    make, seen = image_networks.mlp, []

    def normed(widths, **options):
        norm = torch.nn.BatchNorm1d(widths[0])
        return torch.nn.Sequential(norm, make(widths, **options))

    def kept(risk, *arguments, **options):
        norm = risk.model[0]
        seen.append((options["epoch"], norm.running_mean.clone()))
        return sweep(risk, *arguments, **options)

    monkeypatch.setattr(image_networks, "mlp", normed)
    sweep = batch_outliers.sweep_batches
    monkeypatch.setattr(batch_outliers, "sweep_batches", kept)
    config = dataclasses.replace(
        CONFIG, epochs=(0, 2), matrices=("hessian",), parts=("train",)
    )
    batch_outliers.run(config, tmp_path / "run")
    mean = image_networks.mnist_digits(300, config.seed).train_inputs.mean(0)
    assert [epoch for epoch, _ in seen] == [0, 2]
    for _, found in seen:
        torch.testing.assert_close(found, mean)


def test_checkpoints_that_are_not_kept_are_named(few_digits, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=(0, 7))
    with pytest.raises(
        ValueError, match=r"epochs: expected some of \[0, 1, 2\].*\[7\]"
    ):
        batch_outliers.run(config, tmp_path)


@pytest.mark.parametrize("name", list(experiment_presets("batch-outliers")))
def test_presets_are_configurations(name):
    assert find_experiment("batch-outliers") is EXPERIMENT
    preset = experiment_presets("batch-outliers")[name]
    config = configure(EXPERIMENT, preset, {})
    config.sweep.__post_init__()
    if name.startswith("paper"):
        assert config.batch_sizes == tuple(2**k for k in range(11))
        assert (config.draws, config.steps, config.count) == (10, 100, 5)
    if name in {"paper", "paper-vgg"}:
        training = config.training
        assert training.epochs == 300
        assert list(training.kept().values()) == list(range(0, 301, 25))
        assert training.rate(299) == pytest.approx(training.learning_rate / 100)
