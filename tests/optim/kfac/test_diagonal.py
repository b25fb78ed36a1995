"""Running means of squares."""

import pytest
import torch
from torch.nn import Parameter

from eigenscape.optim.kfac.diagonal import RunningSquares


@pytest.mark.parametrize("start", ["identity", "mean"])
def test_means_and_what_they_divide(start):
    parameter = Parameter(torch.tensor([1.0, 2.0]))
    squares = RunningSquares()
    parameter.grad = torch.tensor([3.0, 4.0])
    assert squares.update({parameter: parameter.grad**2}, 2.0, decay=0.5, start=start)
    assert squares.update({parameter: parameter.grad}, 1.0, decay=0.5, start=start)
    first = [18.0, 32.0] if start == "mean" else [9.5, 16.5]
    mean = torch.tensor([0.5 * (a + g) for a, g in zip(first, (3, 4), strict=True)])
    found = squares.precondition(parameter, 0.25)
    torch.testing.assert_close(found, parameter.grad / (mean + 0.25))
    other = RunningSquares()
    other.restore(squares.state({parameter: 4}), {parameter: 4})
    assert torch.equal(other.precondition(parameter, 0.25), found)


def test_infinite_squares_are_left_out():
    parameter = Parameter(torch.ones(2))
    squares = RunningSquares()
    infinite = torch.tensor([1.0, torch.inf])
    assert not squares.update({parameter: infinite}, 1.0, decay=0.5, start="mean")
    assert squares.state({parameter: 0}) == {}


def test_nothing_is_divided_by_nothing():
    parameter = Parameter(torch.ones(1))
    parameter.grad = torch.ones(1)
    squares = RunningSquares()
    squares.update({parameter: torch.zeros(1)}, 1.0, decay=0.5, start="mean")
    assert squares.precondition(parameter, 0.0).tolist() == [0.0]
