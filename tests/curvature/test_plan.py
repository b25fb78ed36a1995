"""Forecasts of time and memory."""

from __future__ import annotations

import time

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature import Dense, EmpiricalRisk, Hessian, LinearOperator
from eigenscape.curvature.plan import Forecast, plan
from models import problem


class Slow(LinearOperator):
    size = property(lambda self: 1000)
    dtype = property(lambda self: torch.float32)
    device = property(lambda self: torch.device("cpu"))

    def matvec(self, vector: torch.Tensor) -> torch.Tensor:
        time.sleep(0.01)
        return vector.clone()


def test_counts_products_vectors_and_time() -> None:
    found = plan(Slow(), "lanczos", steps=50)
    assert (found.products, found.vectors) == (50, 54)
    assert found.memory == 54 * 1000 * 4
    assert found.seconds >= 50 * 0.01
    assert plan(Slow(), "lanczos", steps=50, reorthogonalise=False).vectors == 4
    assert found.seconds - found.vector_seconds >= 50 * 0.01
    assert found.vector_seconds > 0
    found = plan(Slow(), "spectral_measure", steps=50, probes=3)
    assert (found.products, found.vectors) == (150, 12)
    assert plan(Slow(), "extreme_eigenpairs", count=5).vectors == 59
    # in the end, pairs, products, and remainders
    assert plan(Slow(), "extreme_eigenpairs", count=300).vectors == 900


def test_counts_the_graphs_of_a_risk() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    hessian = Hessian(risk)
    found = plan(hessian, "lanczos", steps=10)
    assert found.memory == 14 * 23 * 8 + hessian.graph_memory()
    assert hessian.graph_memory() > Hessian(risk, retain=False).graph_memory() > 0


def test_says_what_does_not_fit() -> None:
    small = Forecast(10, 2.5, 0.5, 5, 2 * 10**9, 10**9, "take fewer steps")
    assert not small.fits
    assert str(small) == (
        "at most 10 products of 200 ms, 2.5 s, 0.5 s of it on vectors; 5 vectors and "
        "graphs, 2 GB of 1 GB available: does not fit; take fewer steps"
    )
    unknown = Forecast(10, 2.5, 0.5, 5, 2 * 10**9, None, "")
    assert unknown.fits
    assert "available" not in str(unknown)


def test_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="expected at least 1 each"):
        plan(Dense(torch.eye(3)), "trace", probes=0)
