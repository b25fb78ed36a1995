"""What memory there is, what a graph takes, and what running out looks like."""

from __future__ import annotations

import math

import pytest
import torch

from eigenscape.curvature.memory import (
    available_memory,
    graph_bytes,
    ran_out_of_memory,
)


def test_memory_is_known_here_and_its_lack_recognised() -> None:
    found = available_memory(torch.device("cpu"))
    assert found is None or 10**6 < found < 10**15
    assert available_memory(torch.device("meta")) is None
    assert ran_out_of_memory(MemoryError())
    outer = ValueError("product failed")
    outer.__cause__ = torch.OutOfMemoryError()
    assert ran_out_of_memory(outer)
    assert not ran_out_of_memory(RuntimeError("shapes"))


def test_bytes_of_a_graph_count_each_storage_once() -> None:
    weight = torch.ones(50, 20, requires_grad=True)
    x = torch.ones(30, 50)

    def build() -> torch.Tensor:
        return torch.sigmoid(x @ weight).square()

    # x, what sigmoid keeps and square keeps (the same); the weight is known
    assert graph_bytes(build, [weight]) == 4 * (30 * 50 + 30 * 20)
    assert graph_bytes(build, [weight, x]) == 4 * 30 * 20


def test_what_cannot_be_looked_at_is_no_number() -> None:
    x = torch.ones(3)

    def build() -> torch.Tensor:
        return torch.func.grad(lambda v: v.square().sum())(x)

    assert math.isnan(graph_bytes(build, []))
    with pytest.raises(RuntimeError, match="size of tensor"):
        graph_bytes(lambda: x + torch.ones(2), [])
