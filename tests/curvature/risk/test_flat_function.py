"""FlatFunction: the flat vector of a risk restricted to some of its parameters."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.risk.flat_function import FlatFunction


def risk(model: nn.Module) -> EmpiricalRisk:
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double()
    return EmpiricalRisk(model, functional.mse_loss, (x, x[:, :2]), parameters="1.*")


def test_members_speak_of_the_selected_parameters() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).double()
    function = risk(model)
    assert isinstance(function, FlatFunction)
    assert function.params == (model[1].weight, model[1].bias)
    assert function.names == ("1.weight", "1.bias")
    assert (function.size, function.dtype) == (8, torch.float64)
    assert function.device == torch.device("cpu")
    assert function.positions("1.bias").tolist() == [6, 7]
    assert function.groups() == {"1": ("1.weight", "1.bias")}
    assert list(function.groups("parameter")) == ["1.weight", "1.bias"]
    vector = torch.arange(8.0).double()
    assert torch.equal(function.flatten(function.unflatten(vector)), vector)
    with pytest.raises(ValueError, match="fits none"):
        function.positions("0.bias")
