import pytest
import torch
from torch import nn

from eigenscape.training.models.initialisation import initialise


def test_deviations_are_those_of_he():
    model = nn.Sequential(
        nn.Conv2d(8, 32, 3), nn.BatchNorm2d(32), nn.Flatten(), nn.Linear(400, 300)
    )
    initialise(model, generator=torch.Generator().manual_seed(0))
    convolution, norm, _, linear = model
    # n entries give a deviation to 1/√(2n): 1.5 % of 2,304, three of them
    assert convolution.weight.std().item() == pytest.approx(
        (2 / (32 * 9)) ** 0.5, rel=0.045
    )
    assert linear.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert not convolution.bias.any()
    assert not linear.bias.any()
    assert norm.weight.eq(1).all()
