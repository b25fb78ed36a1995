"""Matrices and convolutions on arguments that are not laid out plainly."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature.kernels import CheapSecondDerivatives
from eigenscape.curvature.kernels.bilinear import Bilinear, Convolution, Matrix

GENERATOR = torch.Generator().manual_seed(0)
PLAIN = Convolution((1,), (0,), (1,), 1)


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


@pytest.mark.parametrize(
    ("kind", "x", "weight"),
    [
        (Matrix(), numbers(4, 3, 2).transpose(0, 1), numbers(2, 5).T),
        (PLAIN, numbers(2, 6, 3).transpose(1, 2), numbers(2, 4, 3).transpose(1, 2)),
    ],
)
def test_slopes_are_adjoint_to_products(
    kind: Bilinear, x: torch.Tensor, weight: torch.Tensor
) -> None:
    image = kind.product(x, weight, None)
    g = numbers(*image.shape)
    by_x, by_weight, by_bias = kind.slopes(g, x, weight, (True, True, True))
    expected = (g * image).sum()
    for slope, argument in ((by_x, x), (by_weight, weight)):
        assert slope is not None
        assert abs((slope * argument).sum() - expected) <= 1e-13 * abs(expected)
    assert by_bias is not None
    shift = numbers(len(by_bias))
    with_bias = (g * kind.product(x, weight, shift)).sum()
    assert abs(with_bias - expected - by_bias @ shift) <= 1e-13 * abs(expected)
    for graph in (False, True):
        with torch.set_grad_enabled(graph):
            onto = kind.add_product(image.clone(), x, weight)
        assert (onto - 2 * image).abs().max() <= 1e-13


def test_one_row_with_a_frozen_weight_leaves_the_direction_alone() -> None:
    """The image that a product is added to must not be the direction's own memory."""
    x, weight = numbers(1, 3).requires_grad_(), numbers(2, 3)
    bias = numbers(2).requires_grad_()
    with CheapSecondDerivatives():
        loss = (functional.linear(x, weight, bias) ** 3).sum()
        slopes = torch.autograd.grad(loss, [x, bias], create_graph=True)
        along = [numbers(1, 3), numbers(2)]
        before = [v.clone() for v in along]
        torch.autograd.grad(slopes, [x, bias], along)
    for v, was in zip(along, before, strict=True):
        assert torch.equal(v, was)


def test_under_autocast_the_layer_is_pytorchs_own() -> None:
    x, weight = numbers(2, 3).float().requires_grad_(), numbers(4, 3).float()
    with torch.autocast("cpu", dtype=torch.bfloat16), CheapSecondDerivatives():
        image = functional.linear(x, weight)
    assert image.dtype == torch.bfloat16
    (slope,) = torch.autograd.grad(image.sum(), x)
    assert (slope - weight.sum(0)).abs().max() <= 0.02 * weight.abs().sum(0).max()


class Marked(torch.Tensor):
    """A tensor with functions of its own."""


def test_tensors_of_another_kind_keep_their_functions() -> None:
    marked = numbers(2, 3).as_subclass(Marked)
    with CheapSecondDerivatives():
        image = functional.linear(marked, numbers(4, 3))
    assert isinstance(image, Marked)
