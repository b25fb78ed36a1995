"""Training by each optimiser of the damping study."""

import dataclasses

import pytest
import torch
from torch import nn

from eigenscape.experiments.damped_training import (
    OPTIMISERS,
    DampingTask,
    ProbeConfig,
    train_damped,
)
from eigenscape.experiments.image_networks import ImageTask
from eigenscape.training.loop import TrainingConfig
from networks import digits_like

TRAINING = TrainingConfig(
    epochs=4, batch_size=16, learning_rate=0.05, schedule="linear decay"
)
PROBE = ProbeConfig(examples=48, interval=4)


@pytest.fixture(scope="module")
def task():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    inputs, targets = digits_like(180).tensors
    data = inputs.float(), targets
    train, test = (
        tuple(t[part] for t in data) for part in (slice(140), slice(140, None))
    )
    return DampingTask(ImageTask("net", model, "planted", train, test, None), 40, 80)


def trained(task, optimiser, *, rate=0.05, damping=0.1, run=0):
    training = dataclasses.replace(TRAINING, learning_rate=rate)
    return train_damped(
        task, optimiser, training, PROBE, damping=damping, run=run, seed=0
    )


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_learns_repeats_itself_and_leaves_the_network_alone(task, optimiser):
    before = [p.detach().clone() for p in task.task.model.parameters()]
    state = torch.get_rng_state()
    first = trained(task, optimiser)
    assert trained(task, optimiser) == first
    assert torch.equal(torch.get_rng_state(), state)
    for now, then in zip(task.task.model.parameters(), before, strict=True):
        assert torch.equal(now, then)
    # three clusters four standard deviations apart; guessing errs by 0.67
    assert first.validation_error < 0.35
    assert first.train_loss < 1
    assert trained(task, optimiser, run=1) != first
    dampings = {
        "SGD": first.final_damping == 0,
        "Adam": first.final_damping == 1e-8,
        "fixed damping": first.final_damping == 0.1,
        "published": first.final_damping > 0.1,
        "shrinkage": first.final_damping > 0,
    }
    assert dampings[optimiser]


def test_splits_do_not_overlap(task):
    assert len(task.train[1]) == 80
    assert torch.equal(task.validation[0], task.task.train[0][100:])
    everything = dataclasses.replace(task, used=0)
    assert len(everything.train[1]) == 100


def test_fixed_damping_scales_the_rate(task):
    """With much damping, the step is η (1 + δ)/(√v̂ + δ) ≈ η, whatever δ."""
    large = [trained(task, "fixed damping", damping=d).train_loss for d in (1e4, 1e6)]
    assert large[0] == pytest.approx(large[1], rel=1e-2)


def test_a_run_that_diverges_errs_on_everything(task):
    found = trained(task, "SGD", rate=1e30)
    assert found.train_loss is None
    assert found.test_error == found.validation_error == found.train_error == 1
