from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from eigenscape.optim.stable_rates import single_step_rate, stable_rate


@pytest.mark.parametrize(
    ("make", "factor"),
    [
        (torch.optim.SGD, 2.0),
        (lambda p, lr: torch.optim.SGD(p, lr, momentum=0.8), 3.6),
        (lambda p, lr: torch.optim.SGD(p, lr, 0.8, dampening=0.5), 7.2),
        (lambda p, lr: torch.optim.SGD(p, lr, 0.8, nesterov=True), 3.6 / 2.6),
        (lambda p, lr: torch.optim.SGD(p, lr, weight_decay=1.0), 2.0 * 5 / 6),
        # far below ε the second moment does not count: D = ε
        (lambda p, lr: torch.optim.Adam(p, lr * 1e9, (0.8, 0.9), 1e9), 2 * 1.8 / 0.2),
    ],
)
def test_optimisers_are_stable_below_the_edge_and_not_above(make, factor):
    sharpness = 5.0

    def size(share):
        weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
        probe = make([weight], 1.0).param_groups[0]
        rate = share * stable_rate(probe, sharpness)
        optimiser = make([weight], rate)
        for _ in range(600):
            weight.grad = sharpness * weight.detach()
            optimiser.step()
        return abs(float(weight.detach())), rate

    below, above = size(0.97), size(1.03)
    assert below[0] < 0.1
    assert above[0] > 10
    assert above[1] == pytest.approx(1.03 * factor / sharpness)


def test_edges_where_nothing_curves_upwards():
    assert stable_rate({"lr": 1.0}, 0.0) == math.inf
    assert stable_rate({"lr": 1.0, "weight_decay": 0.5}, -0.25) == 8.0
    assert single_step_rate({"momentum": 0.9}, 4.0) == 0.5
    assert single_step_rate({}, -1.0) == math.inf
