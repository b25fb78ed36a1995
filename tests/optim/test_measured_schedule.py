from __future__ import annotations

import copy
import io
import math

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from eigenscape.optim.curvature_monitor import Measurement, Probe
from eigenscape.optim.measured_schedule import MeasuredSchedule
from eigenscape.optim.sharpness_probes import TopCurvature, UpdateSharpness
from small_training import BATCH, network, train


class Scripted(Probe):
    """Gives its numbers in turn, the last one for ever."""

    def __init__(self, *script):
        self.script, self.place = script, 0

    def measure(self):
        found = self.script[min(self.place, len(self.script) - 1)]
        self.place += 1
        return Measurement((float(found),), 1)

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


def sgd(lr=0.1, **options):
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr, **options)


def rates(optimiser, schedule, steps):
    found = []
    for _ in range(steps):
        found.append(float(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        schedule.step()
    return found


def test_a_ceiling_only_lowers():
    optimiser = sgd(0.1)
    schedule = MeasuredSchedule(
        optimiser, Scripted(1.0, 40.0, 30.0), interval=2, fraction=0.5
    )
    found = rates(optimiser, schedule, 6)
    assert found == pytest.approx([0.1, 0.1, 1 / 40, 1 / 40, 1 / 30, 1 / 30])
    assert schedule.history == ((0, 1.0), (2, 40.0), (4, 30.0), (6, 30.0))
    assert schedule.cost.work == 4


def test_following_is_the_edge_times_what_the_scheduler_says():
    optimiser = sgd(0.1, momentum=0.9)
    inner = lr_scheduler.ExponentialLR(optimiser, 0.5)
    schedule = MeasuredSchedule(
        optimiser, Scripted(2.0, 4.0), interval=2, mode="follow", scheduler=inner
    )
    edges = [0.9 * 3.8 / s for s in (2, 2, 4, 4)]
    expected = [edge * 0.5**i for i, edge in enumerate(edges)]
    assert rates(optimiser, schedule, 4) == pytest.approx(expected)
    assert schedule.sharpness == 4.0


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr_scheduler.ExponentialLR(o, 0.9),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
        lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
        lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=12, cycle_momentum=False),
        lambda o: lr_scheduler.SequentialLR(
            o,
            [lr_scheduler.LinearLR(o, 0.1, 1, 3), lr_scheduler.StepLR(o, 2, 0.5)],
            [3],
        ),
    ],
)
def test_schedulers_are_not_compounded(make):
    """Between ceilings, rates are those of the scheduler by itself, to the bit."""
    alone, held = sgd(), sgd()
    inner = make(alone)
    expected = rates(alone, inner, 10)
    low, high = 1e3, 1e-9
    schedule = MeasuredSchedule(
        held, Scripted(low, low, high), interval=2, scheduler=make(held)
    )
    found = rates(held, schedule, 10)
    assert found[4:] == expected[4:]
    held_down = [min(e, 0.9 * 2 / low) for e in expected[:4]]
    assert found[:4] == pytest.approx(held_down, rel=1e-12)


def test_a_rate_set_by_hand_is_the_new_schedule():
    optimiser = sgd(0.1)
    schedule = MeasuredSchedule(optimiser, Scripted(20.0), interval=1, fraction=1.0)
    assert schedule.get_last_lr() == [0.1]
    optimiser.param_groups[0]["lr"] = 0.5
    schedule.step()
    assert schedule.get_last_lr() == [0.1]
    optimiser.param_groups[0]["lr"] = 0.01
    schedule.step()
    assert schedule.get_last_lr() == [0.01]


def test_groups_keep_their_own_rates():
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimiser = torch.optim.SGD(
        [
            {"params": parameters[:1], "lr": 0.3},
            {"params": parameters[1:], "lr": 0.001, "momentum": 0.5},
        ],
        lr=0.1,
    )
    schedule = MeasuredSchedule(optimiser, Scripted(10.0), fraction=1.0)
    assert schedule.get_last_lr() == [0.2, 0.001]


def test_a_tensor_rate_is_written_in_place():
    parameter = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([parameter], lr=torch.tensor(0.1), foreach=False)
    rate = optimiser.param_groups[0]["lr"]
    schedule = MeasuredSchedule(optimiser, Scripted(1e3, 1e4), interval=1, fraction=1.0)
    assert rate is optimiser.param_groups[0]["lr"]
    assert float(rate) == pytest.approx(38 / 1e3)
    schedule.step()
    assert float(rate) == pytest.approx(38 / 1e4)


def test_failures_leave_the_last_rate():
    optimiser = sgd(0.1)
    script = Scripted(40.0, math.nan, math.nan, 80.0)
    schedule = MeasuredSchedule(optimiser, script, interval=1)
    with pytest.warns(RuntimeWarning, match="measured nan") as caught:
        found = rates(optimiser, schedule, 4)
    assert len(caught) == 1
    assert found == pytest.approx([1.8 / 40] * 3 + [1.8 / 80])
    assert schedule.cost.failures == 2
    with pytest.warns(RuntimeWarning, match="nothing is kept"):
        MeasuredSchedule(optimiser, Scripted(math.inf))


def build(seed, make):
    model, risk = network()
    optimiser = torch.optim.SGD(model.parameters(), lr=3.0, momentum=0.5)
    generator = torch.Generator().manual_seed(seed)
    probe = make(risk, batch_size=BATCH, generator=generator)
    schedule = MeasuredSchedule(
        optimiser,
        probe,
        interval=3,
        scheduler=lr_scheduler.CosineAnnealingLR(optimiser, 40),
    )
    return model, risk, optimiser, schedule


@pytest.mark.parametrize("make", [TopCurvature, UpdateSharpness])
def test_training_goes_on_to_the_bit(make):
    model, risk, optimiser, schedule = build(1, make)
    train(model, risk, optimiser, schedule, 7)
    saved = io.BytesIO()
    torch.save(
        [model.state_dict(), optimiser.state_dict(), schedule.state_dict()], saved
    )
    expected = train(model, risk, optimiser, schedule, 8, first=7)
    other, other_risk, again, following = build(2, make)
    saved.seek(0)
    states = torch.load(saved, weights_only=True)
    for thing, state in zip((other, again, following), states, strict=True):
        thing.load_state_dict(state)
    assert train(other, other_risk, again, following, 8, first=7) == expected
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
    assert following.history == schedule.history
    assert following.cost.measurements == schedule.cost.measurements
    assert following.cost.work == schedule.cost.work
    assert len({rate for (rate,) in expected}) > 2


def test_training_is_disturbed_by_nothing_but_the_rate():
    """With a ceiling out of reach, the run is that without a schedule."""
    runs = []
    for measured in (False, True):
        model, risk = network()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        inner = lr_scheduler.ConstantLR(optimiser, factor=1.0)
        torch.manual_seed(3)
        schedule = inner
        if measured:
            probe = TopCurvature(
                risk, batch_size=BATCH, generator=torch.Generator().manual_seed(0)
            )
            schedule = MeasuredSchedule(
                optimiser, probe, interval=1, fraction=1e6, scheduler=inner
            )
        train(model, risk, optimiser, schedule, 4)
        runs.append((copy.deepcopy(model.state_dict()), torch.get_rng_state()))
    assert all(torch.equal(runs[0][0][name], runs[1][0][name]) for name in runs[0][0])
    assert torch.equal(runs[0][1], runs[1][1])


def test_a_ceiling_keeps_descent_from_diverging():
    """A rate far beyond the edge: held, the loss falls; not held, it does not."""
    losses = {}
    for held in (True, False):
        model, risk = network(4)
        optimiser = torch.optim.SGD(model.parameters(), lr=300.0)
        probe = TopCurvature(risk, generator=torch.Generator().manual_seed(0))
        schedule = MeasuredSchedule(
            optimiser, probe, interval=1, fraction=0.9 if held else 1e9
        )
        before = risk.value()
        for _ in range(6):
            for param, piece in zip(
                risk.params, risk.unflatten(risk.gradient()), strict=True
            ):
                param.grad = piece
            optimiser.step()
            schedule.step()
        losses[held] = risk.value() / before
    assert losses[True] < 0.95
    assert losses[False] > 2


def test_bad_arguments():
    with pytest.raises(ValueError, match="^fraction: expected a positive number"):
        MeasuredSchedule(sgd(), Scripted(1.0), fraction=0.0)
    with pytest.raises(Exception, match="mode"):
        MeasuredSchedule(sgd(), Scripted(1.0), mode="chase")
