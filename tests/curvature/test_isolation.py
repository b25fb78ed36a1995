"""Random states come back, and second derivatives exist inside the block."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.isolation import (
    keep_random_state,
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
