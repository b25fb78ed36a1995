import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.least_squares_problem import (
    require_least_squares,
    require_matching,
)


def test_energy_and_ratio():
    inputs, targets = torch.ones(6, 3).double(), torch.ones(6, 2).double()
    problem = HiddenLayer(inputs, targets, 4)
    zero = torch.zeros(2, problem.size).double()
    # Half the mean square of the targets.
    assert problem.energy(zero).tolist() == [0.5, 0.5]
    assert problem.ratio == (12 + 8) / 12


@pytest.mark.parametrize("loss", [mse_loss, nn.MSELoss()])
def test_mean_squares_pass(loss):
    require_least_squares(loss)


@pytest.mark.parametrize("loss", [cross_entropy, nn.MSELoss(reduction="sum")])
def test_another_loss_is_refused_with_what_still_makes_sense(loss):
    with pytest.raises(
        ValueError, match=r"mean squared error.*index.*still make sense"
    ):
        require_least_squares(loss)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (torch.ones(3, 2).double(), torch.ones(2, 2).double(), "each of 3 inputs"),
        (torch.ones(0, 2).double(), torch.ones(0, 2).double(), "each of 0 inputs"),
        (torch.ones(3, 2), torch.ones(3, 2).double(), "inputs: expected torch.float64"),
        (torch.ones(3, 2).double(), torch.ones(3, 2), "targets: expected torch"),
    ],
)
def test_unfit_data_are_refused(inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        require_matching(inputs, targets)
