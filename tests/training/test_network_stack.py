import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

from eigenscape.training.loop import TrainingConfig, fit_model
from eigenscape.training.models.network_stack import (
    NetworkStack,
    cross_entropies,
    summed_cross_entropy,
)


def problem():
    own = torch.Generator().manual_seed(0)
    inputs = torch.randn(30, 5, generator=own)
    targets = torch.randint(3, (30,), generator=own)
    return NetworkStack(4, 5, 6, 3, generator=own), (inputs, targets)


def test_outputs_and_losses_are_those_of_each_network():
    stack, (inputs, targets) = problem()
    outputs = stack(inputs)
    losses = cross_entropies(outputs, targets)
    for i in range(4):
        alone = stack.network(i)(inputs)
        torch.testing.assert_close(outputs[:, i], alone)
        torch.testing.assert_close(losses[i], cross_entropy(alone, targets))


def test_every_network_trains_as_if_alone():
    stack, data = problem()
    alone = stack.network(2)
    config = TrainingConfig(3, 8, 0.2, 0.9, 0.0, "linear decay")
    fit_model(stack, summed_cross_entropy, data, config, seed=5)
    fit_model(alone, cross_entropy, data, config, seed=5)
    for one, other in zip(
        stack.network(2).parameters(), alone.parameters(), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_a_network_taken_out_is_a_copy_and_draws_nothing():
    stack, _ = problem()
    before = torch.random.get_rng_state()
    taken, kept = stack.network(0), copy.deepcopy(stack.first)
    assert torch.equal(torch.random.get_rng_state(), before)
    with torch.no_grad():
        taken[0].weight.zero_()
    assert torch.equal(stack.first, kept)


def test_initial_weights_have_the_variance_of_he():
    stack = NetworkStack(50, 40, 30, 10, generator=torch.Generator().manual_seed(1))
    for weight, inputs in ((stack.first, 40), (stack.second, 30)):
        # A uniform square has the relative deviation √(4/5).
        error = (0.8 / weight.numel()) ** 0.5
        assert abs((weight**2).mean() * inputs / 2 - 1) < 5 * error


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        NetworkStack(1, 1, 0, 1, generator=torch.Generator())
