"""What Gadam and GadamX share: groups, states and the average within."""

import copy

import pytest
import torch
from torch import nn

from contracts.optimisers import network, train, values
from eigenscape.optim.averaging_start import NoImprovement
from eigenscape.optim.gadam import Gadam, GadamX

BOTH = pytest.mark.parametrize("optimiser", [Gadam, GadamX])


@BOTH
def test_the_average_is_part_of_the_state(optimiser):
    model = network()
    first = optimiser(model.parameters(), average_start=3)
    train(model, first, 9)
    second = optimiser(model.parameters())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert second.average.count == 6
    for a, b in zip(first.average.averages(), second.average.averages(), strict=True):
        assert torch.equal(a, b)


def test_a_state_of_adamw_is_taken():
    model = network()
    plain = torch.optim.AdamW(model.parameters(), lr=0.02)
    train(model, plain, 9)
    twin = copy.deepcopy(model)
    ours = Gadam(twin.parameters(), average_start=0)
    ours.load_state_dict(copy.deepcopy(plain.state_dict()))
    train(model, plain, 20, first=9)
    train(twin, ours, 20, first=9)
    for a, b in zip(values(model), values(twin), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)
    assert ours.average.count == 20


@BOTH
def test_groups_added_before_averaging_are_averaged(optimiser):
    model = network()
    whole = optimiser(model[0].parameters(), average_start=2)
    whole.add_param_group({"params": list(model[2].parameters())})
    train(model, whole, 3)
    assert len(whole.average.averages()) == 4
    with pytest.raises(ValueError, match="add them before"):
        whole.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})


def test_a_rule_starts_averaging():
    model = network()
    optimiser = Gadam(model.parameters(), average_start=NoImprovement(2))
    for accuracy in (0.5, 0.4, 0.4, 0.9):
        train(model, optimiser, 2)
        optimiser.average.observe(accuracy)
    assert optimiser.average.count == 2


def test_averages_do_not_disturb_the_steps():
    plain, model = network(), network()
    train(plain, Gadam(plain.parameters()), 12)
    optimiser = Gadam(model.parameters(), average_start=1, average_every=2)
    for index in range(12):
        train(model, optimiser, 1, first=index)
        if optimiser.average.count:
            with optimiser.average.swapped():
                pass
    for a, b in zip(values(plain), values(model), strict=True):
        assert torch.equal(a, b)


def test_steps_are_kept_exactly():
    """In single precision, the count of torch would stop at 2²⁴."""
    model = network()
    optimiser = Gadam(model.parameters())
    train(model, optimiser, 1)
    for state in optimiser.state.values():
        state["step"].fill_(2.0**24)
    train(model, optimiser, 1)
    assert all(s["step"] == 2**24 + 1 for s in optimiser.state.values())
