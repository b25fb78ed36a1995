"""Block-diagonal operators against blocks of dense Hessians."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature import (
    BlockDiagonal,
    EmpiricalRisk,
    GaussNewton,
    GradientCovariance,
    Hessian,
)
from models import MODELS, by_double_loop, problem


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


@pytest.mark.parametrize("name", MODELS)
def test_block_diagonal_is_the_hessian_without_couplings(name: str) -> None:
    model, data = problem(name)
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    blocks = risk.groups("parameter")
    found = BlockDiagonal(Hessian(risk), blocks)
    whole, expected = by_double_loop(model, data), torch.zeros_like(dense(found))
    for block in blocks:
        where = found.positions(block)
        expected[where[:, None], where] = whole[where[:, None], where]
    assert (dense(found) - expected).norm() <= 1e-10 * expected.norm()


@pytest.mark.parametrize("kind", [GaussNewton, GradientCovariance])
def test_block_diagonal_of_other_operators(kind) -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    whole = dense(kind(risk))
    joint = BlockDiagonal(kind(risk), {"weights": ["0.weight", "2.weight"]})
    where = joint.positions("weights")
    expected = torch.zeros_like(whole)
    expected[where[:, None], where] = whole[where[:, None], where]
    assert (dense(joint) - expected).norm() <= 1e-12 * whole.norm()


def test_blocks_share_one_graph_a_minibatch() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    hessian = Hessian(risk, check=False, retain=False)
    joint = BlockDiagonal(hessian, risk.groups("parameter"))
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    joint.matmat(torch.ones(risk.size, 3).double())
    assert len(calls) == risk.minibatches == 3


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({}, "expected names of parameters"),
        ({"a": []}, "expected names of parameters"),
        ({"a": ["0.weight", "3.weight"]}, r"got \['3.weight'\]"),
        ({"a": ["0.weight"], "b": ["0.weight"]}, "expected disjoint blocks"),
    ],
)
def test_block_diagonal_refuses_other_blocks(blocks: dict, message: str) -> None:
    model, data = problem("mlp")
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    with pytest.raises(ValueError, match=message):
        BlockDiagonal(hessian, blocks)
