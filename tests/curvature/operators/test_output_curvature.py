"""∇²l of any loss, on outputs of any nesting."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature.operators.output_curvature import (
    AnyLoss,
    outputs_of,
    rebuild,
    with_leaves,
)


class Pair(NamedTuple):
    first: torch.Tensor
    second: dict


def nested() -> Pair:
    mean = torch.tensor([1.0, 2.0]).double().requires_grad_()
    spread = torch.tensor([0.5]).double().requires_grad_()
    return Pair(mean, {"spread": [spread], "ids": torch.tensor([1, 2])})


def loss(output: Pair, target: torch.Tensor) -> torch.Tensor:
    spread = output.second["spread"][0]
    return (((output.first - target) / spread) ** 2).sum() + spread.log().sum()


def test_products_of_nested_outputs_equal_the_dense_matrix() -> None:
    target = torch.tensor([0.0, 3.0]).double()

    def flat(v: torch.Tensor) -> torch.Tensor:
        return (((v[:2] - target) / v[2]) ** 2).sum() + v[2].log()

    output = nested()
    point = torch.cat([t.detach() for t in outputs_of(output)])
    expected = torch.autograd.functional.hessian(flat, point)
    curvature = AnyLoss(loss, output, target)
    columns = [
        torch.cat(list(curvature.product([unit[:2], unit[2:]])))
        for unit in torch.eye(3).double()
    ]
    found = torch.stack(columns, dim=1)
    assert (found - expected).abs().max() <= 1e-14 * expected.abs().max()


def test_rebuilding_keeps_types_and_other_leaves() -> None:
    output = nested()
    leaves: list[torch.Tensor] = []
    copy = with_leaves(output, leaves)
    assert type(copy) is Pair
    assert copy.second["ids"] is output.second["ids"]
    assert [leaf.data_ptr() for leaf in leaves] == [
        copy.first.data_ptr(),
        copy.second["spread"][0].data_ptr(),
    ]
    assert copy.first.data_ptr() != output.first.data_ptr()
    doubled = rebuild([output.first, "text", None], lambda t: 2 * t)
    assert torch.equal(doubled[0], 2 * output.first)
    assert doubled[1:] == ["text", None]


def test_losses_without_curvature_are_refused() -> None:
    for flat in (lambda o, t: o.first.sum(), lambda o, t: t.sum()):
        with pytest.raises(ValueError, match="linear in it"):
            AnyLoss(flat, nested(), torch.ones(2).double())


def test_constant_slopes_are_refused_once_they_are_seen() -> None:
    """PyTorch gives the slope of nll_loss a graph; kinks are no such thing."""
    output = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double()
    output.requires_grad_()
    along = [torch.ones_like(output)]
    linear = AnyLoss(functional.nll_loss, output, torch.tensor([0, 2, 1, 1]))
    with pytest.raises(ValueError, match="linear in it"):
        linear.product(along)
    kinked = AnyLoss(functional.huber_loss, output, torch.full((4, 3), 100.0).double())
    assert not kinked.product(along)[0].any()

    def picky(given: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if not torch.equal(given, output):
            raise ValueError
        return functional.nll_loss(given, targets)

    unknown = AnyLoss(picky, output, torch.tensor([0, 2, 1, 1]))
    assert not unknown.product(along)[0].any()
