"""Rows of padding, found among the coordinates."""

from __future__ import annotations

import torch
from torch import nn

from eigenscape.curvature.risk.padding import padding_positions
from eigenscape.curvature.risk.parameters import Parameters


def test_rows_of_padding_are_found_in_what_forms_theta() -> None:
    first, second = nn.Embedding(3, 2, padding_idx=1), nn.Embedding(2, 2)
    third = nn.Embedding(3, 2, padding_idx=-1)
    model = nn.Sequential(nn.Linear(1, 1), first, second, third)
    found = padding_positions(model, Parameters.of(model))
    assert found.tolist() == [4, 5, 16, 17]
    some = Parameters.of(model, ["2.*", "3.*"])
    assert padding_positions(model, some).tolist() == [8, 9]
    assert padding_positions(second, Parameters.of(second)).tolist() == []
    third.weight = first.weight
    assert padding_positions(model, Parameters.of(model)).tolist() == [4, 5, 6, 7]


def test_positions_are_those_of_slopes_that_vanish() -> None:
    model = nn.Embedding(4, 3, padding_idx=2)
    model(torch.arange(4)).sum().backward()
    zeros = (model.weight.grad.flatten() == 0).nonzero().flatten()
    found = padding_positions(model, Parameters.of(model))
    assert torch.equal(zeros, found)
