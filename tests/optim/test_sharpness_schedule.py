from __future__ import annotations

import pytest
import torch
from torch import nn

from eigenscape.optim.curvature_monitor import Measurement, Probe
from eigenscape.optim.measured_schedule import MeasuredSchedule
from eigenscape.optim.sharpness_schedule import write_rates
from eigenscape.optim.sharpness_warmup import SharpnessWarmup


class WithEdge(Probe):
    """A probe that knows an edge of its own."""

    @property
    def edge(self):
        return lambda group, sharpness: group["momentum"] / sharpness

    def measure(self):
        return Measurement((5.0,), 1)

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def build(kind, **options):
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.5)
    more = {"steps": 1} if kind is SharpnessWarmup else {}
    schedule = kind(optimiser, WithEdge(), interval=1, fraction=0.5, **more, **options)
    return optimiser, schedule


@pytest.mark.parametrize("kind", [MeasuredSchedule, SharpnessWarmup])
def test_the_edge_given_goes_before_that_of_the_probe(kind):
    optimiser, schedule = build(kind)
    assert optimiser.param_groups[0]["lr"] == 0.5 * 0.5 / 5
    assert schedule.sharpness == 5.0
    optimiser, _ = build(kind, edge=lambda group, sharpness: 0.1 * sharpness)
    assert optimiser.param_groups[0]["lr"] == 0.25


def test_rates_are_written_one_a_group():
    parameters = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [p]} for p in parameters]
    optimiser = torch.optim.SGD(groups, lr=torch.tensor(1.0))
    first = optimiser.param_groups[0]["lr"] = torch.tensor(3.0)
    optimiser.param_groups[1]["lr"] = 2.0
    write_rates(optimiser, [0.25, 0.5])
    assert optimiser.param_groups[0]["lr"] is first
    assert float(first) == 0.25
    assert optimiser.param_groups[1]["lr"] == 0.5
