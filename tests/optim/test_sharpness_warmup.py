from __future__ import annotations

import io

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from eigenscape.optim.curvature_monitor import Measurement, Probe
from eigenscape.optim.sharpness_probes import TopCurvature
from eigenscape.optim.sharpness_warmup import SharpnessWarmup
from small_training import BATCH, network, train


class Falling(Probe):
    """A sharpness that halves from one measurement to the next."""

    def __init__(self, first):
        self.next = first

    def measure(self):
        found = self.next
        self.next /= 2
        return Measurement((found,), 1)

    def state_dict(self):
        return {"next": self.next}

    def load_state_dict(self, state):
        self.next = state["next"]


def sgd(lr):
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)


def rates(optimiser, schedule, steps):
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def test_the_ramp_waits_under_the_ceiling_and_ends_at_the_target():
    optimiser = sgd(1.0)
    warmup = SharpnessWarmup(optimiser, Falling(8.0), steps=4, interval=2, fraction=1.0)
    # ceilings ¼ from step 0, ½ from 2, 1 from 4; twice at least 1 from step 6 on
    found = rates(optimiser, warmup, 8)
    assert found == pytest.approx([0.25, 0.25, 0.5, 0.5, 1, 1, 1, 1])
    assert warmup.finished
    assert warmup.history == ((0, 8.0), (2, 4.0), (4, 2.0), (6, 1.0))
    assert warmup.sharpness == 1.0
    rates(optimiser, warmup, 5)
    assert warmup.cost.measurements == 4


def test_a_gentle_loss_is_ramped_in_the_steps_asked_for():
    optimiser = sgd(1.0)
    warmup = SharpnessWarmup(optimiser, Falling(1e-3), steps=5, interval=1)
    assert rates(optimiser, warmup, 7) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 1])


def test_one_measurement_that_allows_the_target_is_not_enough():
    optimiser = sgd(1.0)
    probe = Falling(1.0)
    warmup = SharpnessWarmup(optimiser, probe, steps=1, interval=1, fraction=1.0)
    probe.next = 100.0
    assert not warmup.finished
    warmup.step()
    assert not warmup.finished
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.02)


def test_the_scheduler_takes_over_from_the_target():
    optimiser = sgd(1.0)
    after = lr_scheduler.ExponentialLR(optimiser, 0.5)
    warmup = SharpnessWarmup(
        optimiser, Falling(0.1), steps=2, interval=1, scheduler=after
    )
    assert rates(optimiser, warmup, 5) == pytest.approx([0.5, 1, 0.5, 0.25, 0.125])


def test_a_failed_measurement_is_no_permission():
    optimiser = sgd(1.0)
    probe = Falling(4.0)
    warmup = SharpnessWarmup(optimiser, probe, steps=1, interval=1, fraction=1.0)
    probe.next = float("nan")
    with pytest.warns(RuntimeWarning, match="4 is kept"):
        warmup.step()
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.5)
    assert not warmup.finished
    assert warmup.cost.failures == 1


def build(seed):
    model, risk = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=4.0)
    generator = torch.Generator().manual_seed(seed)
    probe = TopCurvature(risk, batch_size=BATCH, generator=generator)
    after = lr_scheduler.StepLR(optimiser, 2, 0.5)
    return (
        model,
        risk,
        optimiser,
        SharpnessWarmup(optimiser, probe, steps=6, interval=2, scheduler=after),
    )


@pytest.mark.parametrize("first", [3, 12])
def test_training_goes_on_to_the_bit(first):
    model, risk, optimiser, warmup = build(1)
    train(model, risk, optimiser, warmup, first)
    saved = io.BytesIO()
    torch.save([model.state_dict(), optimiser.state_dict(), warmup.state_dict()], saved)
    expected = train(model, risk, optimiser, warmup, 9, first=first)
    other, other_risk, again, following = build(2)
    saved.seek(0)
    states = torch.load(saved, weights_only=True)
    for thing, state in zip((other, again, following), states, strict=True):
        thing.load_state_dict(state)
    assert train(other, other_risk, again, following, 9, first=first) == expected
    assert following.finished == warmup.finished
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_bad_arguments():
    with pytest.raises(ValueError, match="^steps: expected at least 1"):
        SharpnessWarmup(sgd(1.0), Falling(1.0), steps=0)
    with pytest.raises(ValueError, match="^fraction: expected a positive"):
        SharpnessWarmup(sgd(1.0), Falling(1.0), steps=1, fraction=-1.0)
