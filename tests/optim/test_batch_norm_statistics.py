"""Statistics of batch norm against those of all the data, computed directly."""

import copy

import pytest
import torch
from torch import nn

from eigenscape.optim.batch_norm_statistics import (
    _require_known,
    recompute_batch_norm,
    recomputed_batch_norm,
)


def inputs(count=23, width=4):
    generator = torch.Generator().manual_seed(0)
    return 2 + 3 * torch.randn(count, width, generator=generator)


def state(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


@pytest.mark.parametrize("size", [2, 5, 7, 23])
def test_the_first_layer_sees_all_the_data(size):
    layer, x = nn.BatchNorm1d(4, momentum=0.3).eval(), inputs(22 if size == 7 else 23)
    batches = [part for part in x.split(size) if len(part) > 1]
    assert recompute_batch_norm(layer, batches) == len(batches)
    seen = torch.cat(batches).double()
    weights = torch.tensor([len(part) for part in batches]).double() / len(seen)
    parts = torch.stack([part.double().var(0) for part in batches])
    torch.testing.assert_close(layer.running_mean, seen.mean(0).float())
    torch.testing.assert_close(layer.running_var, (weights @ parts).float())
    assert layer.momentum == 0.3
    assert not layer.training


def test_images_of_unequal_size_count_by_their_pixels():
    layer = nn.BatchNorm2d(2)
    generator = torch.Generator().manual_seed(1)
    batches = [torch.randn(3, 2, side, side, generator=generator) for side in (2, 5)]
    recompute_batch_norm(layer, batches)
    flat = [b.double().movedim(1, 0).flatten(1) for b in batches]
    torch.testing.assert_close(layer.running_mean, torch.cat(flat, 1).mean(1).float())


def test_a_layer_called_twice_counts_both_calls():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, x):
            return self.norm(x) + self.norm(x + 8)

    model, x = Twice(), inputs(24)
    recompute_batch_norm(model, x.split(8))
    mean = (x.double().mean(0) + 4).float()
    torch.testing.assert_close(model.norm.running_mean, mean)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_nothing_else_changes(momentum):
    model = nn.Sequential(
        nn.Linear(4, 4), nn.BatchNorm1d(4, momentum=momentum), nn.Dropout(0.5)
    )
    model[2].eval()
    model(inputs()).sum().backward()
    before, gradient = state(model), model[0].weight.grad.clone()
    random = torch.get_rng_state()
    recompute_batch_norm(model, [inputs()], trained="model")
    assert torch.equal(random, torch.get_rng_state())
    assert [m.training for m in model] == [True, True, False]
    assert model[1].momentum == momentum
    assert torch.equal(gradient, model[0].weight.grad)
    assert torch.equal(before["0.weight"], model[0].weight)


@pytest.mark.parametrize(("trained", "same"), [("batch norm", True), ("model", False)])
def test_dropout_acts_in_the_published_pass_only(trained, same):
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(4))
    recompute_batch_norm(model, [inputs()], trained=trained)
    exact = inputs().mean(0)
    assert torch.allclose(model[1].running_mean, exact, rtol=1e-5) == same


def test_layers_never_called_and_without_statistics_keep_what_they_have():
    class Partial(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.BatchNorm1d(4)
            self.unused = nn.BatchNorm1d(4)
            self.unused.running_mean.fill_(7.0)
            self.bare = nn.BatchNorm1d(4, track_running_stats=False)

        def forward(self, x):
            return self.bare(self.used(x))

    model = Partial()
    recompute_batch_norm(model, [inputs()])
    assert model.unused.running_mean.tolist() == [7.0] * 4
    assert model.used.running_mean.abs().min() > 0.5
    assert recompute_batch_norm(nn.Linear(2, 2), iter(())) == 0


def test_the_block_restores_bit_for_bit_even_after_an_error():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).eval()
    model[1].running_var.fill_(float("inf"))  # wiped, not averaged in
    before = state(model)
    with recomputed_batch_norm(model, inputs().split(6)):
        assert model[1].running_var.isfinite().all()
        assert not model.training
    torch.testing.assert_close(state(model), before, rtol=0, atol=0)
    with pytest.raises(ValueError, match="at least one minibatch"):
        recompute_batch_norm(model, [])
    torch.testing.assert_close(state(model), before, rtol=0, atol=0)
    with pytest.raises(RuntimeError):
        recompute_batch_norm(model, [inputs(), inputs(5, 3)])
    torch.testing.assert_close(state(model), before, rtol=0, atol=0)
    with pytest.raises(ValueError, match="trained: expected one of"):
        _require_known("norm")


def test_named_and_several_inputs_reach_the_model():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(4)

        def forward(self, first, second):
            return self.norm(first - second)

    x = inputs()
    for batch in ((x, 0.5 * x), {"second": 0.5 * x, "first": x}):
        model = copy.deepcopy(Two())
        recompute_batch_norm(model, [batch])
        torch.testing.assert_close(model.norm.running_mean, 0.5 * x.mean(0))
