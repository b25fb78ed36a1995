"""Optimisers on parameters that are short, complex, empty or laid out otherwise."""

import copy

import pytest
import torch
from torch import nn

from contracts.optimisers import (
    BARE,
    EVERY,
    assert_close,
    assert_same,
    network,
    refuses,
    train,
    values,
)


@EVERY
def test_the_layout_in_memory_does_not_matter(case):
    rows, columns = network(), network()
    for module in (columns[0], columns[2]):
        module.weight = nn.Parameter(module.weight.detach().t().contiguous().t())
    for model in (rows, columns):
        train(model, case.build(model, lr=case.rate), 7)
    assert_close(values(rows), values(columns))


@EVERY
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_layers_without_entries_are_passed_over(case):
    model = nn.Sequential(nn.Linear(3, 0), nn.Linear(0, 2)).double()
    optimiser = case.build(model, lr=case.rate)
    for _ in range(4):
        optimiser.zero_grad()
        (model(torch.ones(2, 3).double()) - 1).square().sum().backward()
        optimiser.step()
    assert (model[1].bias - 1).abs().max() < 1
    other = case.build(model, lr=case.rate)
    other.load_state_dict(optimiser.state_dict())


@EVERY
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_refused_or_finite(case, dtype):
    model = network(dtype)
    before = values(model)
    optimiser = case.build(model, lr=case.rate)
    if refuses(lambda: train(model, optimiser, 3, dtype=dtype), str(dtype)):
        assert_same(before, values(model))
    else:
        assert all(p.isfinite().all() for p in model.parameters())
        assert not torch.equal(before[0], values(model)[0])


@BARE
def test_complex_parameters_are_refused_or_pairs_of_reals(case):
    start = torch.tensor([1.0 + 2.0j, -0.5 - 1.0j], dtype=torch.complex128)
    model = nn.ParameterList([nn.Parameter(start)])
    pair = nn.ParameterList([nn.Parameter(torch.view_as_real(start).clone())])
    before = values(model)

    def descend(parameters):
        optimiser = case.build(parameters, lr=case.rate)
        for _ in range(5):
            optimiser.zero_grad()
            parameters[0].abs().square().sum().backward()
            optimiser.step()

    if refuses(lambda: descend(model), "complex"):
        assert_same(before, values(model))
        return
    descend(pair)
    assert_close([torch.view_as_real(model[0].detach())], values(pair))


@EVERY
def test_a_state_goes_on_in_single_precision(case):
    model, short = network(), network(torch.float32)
    optimiser, other = (case.build(one, lr=case.rate) for one in (model, short))
    train(model, optimiser, 7)
    short.load_state_dict(model.state_dict())
    other.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    train(model, optimiser, 2, first=7)
    train(short, other, 2, first=7, dtype=torch.float32)
    for a, b in zip(values(model), values(short), strict=True):
        torch.testing.assert_close(a.float(), b, rtol=1e-5, atol=1e-5)
    kept = [v for state in other.state.values() for v in state.values()]
    assert all(v.dtype == torch.float32 for v in kept if v.numel() > 1)
