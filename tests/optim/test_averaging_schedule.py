"""Learning rates against those of the published code, written out."""

import pytest
import torch
from torch import nn

from eigenscape.optim.averaging_schedule import annealing_schedule, averaging_schedule


def published(epoch, length, rate, final):
    """The factor of section 3.3: t ≤ 1/2, linear to t = 9/10, then flat."""
    t, ratio = epoch / length, final / rate
    if t <= 0.5:
        factor = 1.0
    elif t <= 0.9:
        factor = 1.0 - (1.0 - ratio) * (t - 0.5) / 0.4
    else:
        factor = ratio
    return rate * factor


def two_groups(rates):
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0)


def rates_of(optimiser, scheduler, epochs):
    found = []
    for _ in range(epochs):
        found.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        scheduler.step()
    return found


def test_averaging_runs_at_a_constant_rate():
    optimiser = two_groups([0.1, 0.001])
    scheduler = averaging_schedule(optimiser, start=161, ratio=0.5)
    for epoch, (first, second) in enumerate(rates_of(optimiser, scheduler, 300)):
        expected = published(epoch, 161, 0.1, 0.05)
        assert first == pytest.approx(expected, rel=1e-14)
        assert second == pytest.approx(expected / 100, rel=1e-14)


@pytest.mark.parametrize("start", [None, 0, 161, 220])
def test_annealing_stops_where_averaging_starts(start):
    optimiser = two_groups([0.03])
    scheduler = annealing_schedule(optimiser, length=300, start=start)
    for epoch, (rate,) in enumerate(rates_of(optimiser, scheduler, 300)):
        reached = epoch if start is None else min(epoch, start)
        expected = published(reached, 300, 0.03, 0.0003)
        assert rate == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("schedule", [averaging_schedule, annealing_schedule])
def test_an_interrupted_schedule_goes_on(schedule):
    name = "start" if schedule is averaging_schedule else "length"
    optimiser = two_groups([0.1])
    straight = rates_of(optimiser, schedule(optimiser, **{name: 20}), 30)
    optimiser = two_groups([0.1])
    scheduler = schedule(optimiser, **{name: 20})
    first = rates_of(optimiser, scheduler, 13)
    other = two_groups([0.1])
    resumed = schedule(other, **{name: 99})
    other.load_state_dict(optimiser.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    assert first + rates_of(other, resumed, 17) == straight


def test_bad_settings_are_refused():
    optimiser = two_groups([0.1])
    for schedule, options, words in (
        (averaging_schedule, {"start": 0}, "start: expected a positive"),
        (averaging_schedule, {"start": 9, "ratio": 0.0}, "ratio: expected a positive"),
        (annealing_schedule, {"length": 0}, "length: expected a positive"),
        (annealing_schedule, {"length": 9, "final": -1.0}, "final: expected"),
        (annealing_schedule, {"length": 9, "start": -1}, "start: expected"),
    ):
        with pytest.raises(ValueError, match=words):
            schedule(optimiser, **options)
