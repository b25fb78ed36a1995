"""Random states come back, and second derivatives exist inside the block."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.risk.isolation import (
    couples_examples,
    in_mode,
    keep_random_state,
    require_mode,
    reseed_random_state,
    twice_differentiable,
)

CPU = torch.device("cpu")


def draw() -> tuple[float, float, float]:
    array = np.random.random()
    return random.random(), float(array), torch.rand(()).item()


def test_random_states_are_restored() -> None:
    with keep_random_state(CPU):
        first = draw()
    with keep_random_state(CPU):
        assert draw() == first


def test_random_states_are_restored_after_an_error() -> None:
    with keep_random_state(CPU):
        first = draw()

    def fail() -> None:
        with keep_random_state(CPU):
            draw()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with keep_random_state(CPU):
        assert draw() == first


def test_every_state_moves_away() -> None:
    with keep_random_state(CPU):
        first = draw()
    with keep_random_state(CPU):
        reseed_random_state(CPU)
        assert all(new != old for new, old in zip(draw(), first, strict=True))


def test_attention_is_twice_differentiable_inside_only() -> None:
    x = torch.randn(1, 1, 3, 4, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()

    def curvature() -> torch.Tensor:
        y = functional.scaled_dot_product_attention(x, x, x).square().sum()
        (gradient,) = torch.autograd.grad(y, x, create_graph=True)
        return torch.autograd.grad(gradient.sum(), x)[0]

    with pytest.raises(RuntimeError, match="not implemented"):
        curvature()
    with torch.no_grad(), twice_differentiable(nn.Identity(), CPU):
        assert curvature().isfinite().all()


class Merging(nn.Linear):
    """Changes its weight when its mode is set, as some adapters do."""

    def train(self, mode: bool = True) -> nn.Module:
        with torch.no_grad():
            self.weight.add_(1)
        return super().train(mode)


def mixed() -> nn.Module:
    model = nn.Sequential(Merging(2, 2), nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2)))
    for module in model.modules():
        module.training = module is not model[1]
    return model


@pytest.mark.parametrize(("mode", "inside"), [("eval", {False}), ("train", {True})])
def test_each_module_returns_to_its_own_mode(mode: str, inside: set[bool]) -> None:
    model = mixed()
    before = [module.training for module in model.modules()]
    weight = model[0].weight.clone()
    with in_mode(model, mode):
        assert {module.training for module in model.modules()} == inside
        with in_mode(model, "as is"):
            assert {module.training for module in model.modules()} == inside
    assert [module.training for module in model.modules()] == before

    def fail() -> None:
        with in_mode(model, mode):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [module.training for module in model.modules()] == before
    assert torch.equal(model[0].weight, weight)


class Own(nn.modules.batchnorm._BatchNorm):
    pass


@pytest.mark.parametrize(
    ("layer", "trains", "evaluates"),
    [
        (nn.BatchNorm1d(2), True, False),
        (nn.BatchNorm3d(2), True, False),
        (nn.SyncBatchNorm(2), True, False),
        (Own(2), True, False),
        (nn.BatchNorm2d(2, track_running_stats=False), True, True),
        (nn.GroupNorm(1, 2), False, False),
        (nn.LayerNorm(2), False, False),
        (nn.InstanceNorm2d(2), False, False),
        (nn.Dropout(), False, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_batch_norm_in_training_couples_examples(
    layer: nn.Module, trains: bool, evaluates: bool
) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(layer))
    assert couples_examples(model, "as is") is trains
    assert couples_examples(model, "eval") is evaluates
    assert couples_examples(model.eval(), "as is") is evaluates
    assert couples_examples(model, "train") is trains


def test_unknown_mode_is_refused() -> None:
    require_mode("as is")
    with pytest.raises(
        ValueError, match=r"mode: .*'eval', 'train'\), got 'test'; choose"
    ):
        require_mode("test")
