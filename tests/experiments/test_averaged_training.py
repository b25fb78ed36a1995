"""One trial: its averages, its scores, and how it goes on after an interruption."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.experiments.averaged_training import (
    AveragedTraining,
    AveragedTrial,
    AveragingMethod,
)
from eigenscape.experiments.image_networks import ImageTask

SWA = AveragingMethod("SWA", "sgd", True, (0.1,), (1e-3,))
TRAINING = AveragedTraining(6, 8, 3, (1.0, 0.0), 1)


def clusters(count, seed):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(3, (count,), generator=generator)
    centres = 2 * torch.eye(3, 5)
    return centres[targets] + torch.randn(count, 5, generator=generator), targets


def trial(method=SWA, *, training=TRAINING, augment=None, norm=True, setting=None):
    generator = torch.Generator().manual_seed(0)
    layers = [nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)]
    model = nn.Sequential(*(layers if norm else layers[::2] + layers[3:]))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4, generator=generator)
    task = ImageTask(
        "MLP", model, "clusters", clusters(41, 1), clusters(60, 2), augment
    )
    setting = setting or method.settings[0]
    return AveragedTrial(
        task, clusters(41, 1), clusters(30, 3), method, setting, training, seed=7
    )


def fields(run):
    return [getattr(run, field.name) for field in dataclasses.fields(run)]


def noisy(inputs, generator):
    return inputs + 0.1 * torch.randn(inputs.shape, generator=generator)


@pytest.mark.parametrize(
    ("optimiser", "rate"),
    [("sgd", 0.1), ("adam", 0.02), ("adamw", 0.02), ("padamw", 1.0)],
)
def test_training_learns_and_every_average_is_scored(tmp_path, optimiser, rate):
    method = AveragingMethod("method", optimiser, True, (rate,), (1e-3,))
    found = trial(method).run(tmp_path / "state.pt")
    assert found.test_errors.shape == found.validation_losses.shape == (3,)
    assert found.training_losses.shape == (6,)
    assert found.training_losses[-1] < 0.9 * found.training_losses[0]
    assert (found.test_errors < 0.6).all()
    assert len(np.unique(found.test_losses)) == 3
    assert not (tmp_path / "state.pt").exists()


def test_an_average_is_scored_as_a_network_of_the_mean_weights(tmp_path):
    own = trial(norm=False)
    steps, path = 5, []
    original = torch.optim.SGD.step

    def watch(self, closure=None):
        original(self, closure)
        path.append([p.detach().double().clone() for p in own.task.model.parameters()])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.SGD, "step", watch)
        found = own.run(tmp_path / "state.pt")
    # 41 examples in eights: the last one, alone, is left out of each epoch.
    assert len(path) == 6 * steps
    for index, kept in ((1, path[4 * steps - 1 :: steps]), (2, path[3 * steps :])):
        model = copy.deepcopy(own.task.model)
        for parameter, values in zip(
            model.parameters(), zip(*kept, strict=True), strict=True
        ):
            parameter.data.copy_(torch.stack(values).mean(0))
        inputs, targets = own.task.test
        loss = nn.functional.cross_entropy(model(inputs), targets).item()
        assert found.test_losses[index] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("optimiser", ["sgd", "padamw"])
def test_an_interrupted_trial_goes_on_bit_for_bit(tmp_path, optimiser):
    method = AveragingMethod("method", optimiser, True, (0.02,), (1e-3,))
    straight = trial(method, augment=noisy).run(tmp_path / "straight.pt")
    state = tmp_path / "state.pt"

    def fail(inputs, generator):
        fail.calls += 1
        if fail.calls > 22:
            raise KeyboardInterrupt
        return noisy(inputs, generator)

    fail.calls = 0
    with pytest.raises(KeyboardInterrupt):
        trial(method, augment=fail).run(state)
    assert state.exists()
    again = trial(method, augment=noisy)
    for parameter in again.task.model.parameters():
        nn.init.zeros_(parameter)
    resumed = again.run(state)
    for a, b in zip(fields(straight), fields(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_no_state_is_kept_when_none_is_asked_for(tmp_path):
    training = dataclasses.replace(TRAINING, keep_every=0)
    state = tmp_path / "state.pt"

    def fail(inputs, generator):
        assert not state.exists()
        return inputs

    trial(training=training, augment=fail).run(state)


def test_a_run_that_diverges_is_scored(tmp_path):
    found = trial(setting=(1e8, 0.0), norm=False).run(tmp_path / "state.pt")
    assert (found.test_errors > 0.3).all()


def test_without_validation_its_scores_are_nothing(tmp_path):
    own = dataclasses.replace(trial(), validation=clusters(0, 3))
    found = own.run(tmp_path / "state.pt")
    assert np.isnan(found.validation_errors).all()
    assert np.isfinite(found.test_losses).all()


def test_settings_are_all_pairs():
    method = AveragingMethod("Adam", "adam", False, (0.1, 0.2), (0.0, 1.0))
    assert method.settings == ((0.1, 0.0), (0.1, 1.0), (0.2, 0.0), (0.2, 1.0))


@pytest.mark.parametrize(
    "change",
    [
        {"start": 6},
        {"start": 0},
        {"batch_size": 1},
        {"frequencies": ()},
        {"keep_every": -1},
    ],
)
def test_training_out_of_range_is_refused(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))}: expected"):
        dataclasses.replace(TRAINING, **change)
