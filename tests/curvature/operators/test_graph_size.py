"""Forecasts of a graph's size."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.memory import graph_bytes
from eigenscape.curvature.operators.graph_size import GraphSize


def wide(examples: int) -> EmpiricalRisk:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(50, 4), nn.Tanh(), nn.Linear(4, 2))
    x = torch.randn(examples, 50, generator=generator)
    y = torch.randint(0, 2, (examples,), generator=generator)
    return EmpiricalRisk(model, functional.cross_entropy, (x, y))


def test_forecast_of_a_graph_is_what_it_takes() -> None:
    risk = wide(200)
    operator = Hessian(risk)
    size = operator._graph_size()

    def build():
        inputs, targets, _ = next(risk.batches())
        return operator._linearised(inputs, targets, 0)

    actual = graph_bytes(build, risk.params)
    assert size.total(1, 200) == pytest.approx(actual, rel=0.05)
    # at least the hidden layer's four numbers, each in forward and backward
    assert size.each >= 4 * 4 * 2
    assert GraphSize(10.0, 2.0).fitting(50, 60, whole=False) == 25


def test_unknown_sizes_cut_no_minibatch_and_make_no_forecast() -> None:
    unknown = GraphSize(math.nan, math.nan)
    assert unknown.fitting(50, 60, whole=True) == 50
    assert GraphSize(10.0, 2.0).known(2, 50) == 120
    with pytest.raises(ValueError, match=r"memory: expected a graph .* torch.func"):
        unknown.known(1, 1)
