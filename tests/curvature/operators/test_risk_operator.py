"""Memory, compiled products, scipy, and what all operators of a risk share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import eigsh
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.operators import (
    Fisher,
    GaussNewton,
    GradientCovariance,
    Hessian,
    Residual,
    risk_operator,
)
from models import problem

KINDS = [Hessian, GaussNewton, Residual, Fisher, GradientCovariance]


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def wide(examples: int) -> EmpiricalRisk:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(50, 4), nn.Tanh(), nn.Linear(4, 2))
    x = torch.randn(examples, 50, generator=generator)
    y = torch.randint(0, 2, (examples,), generator=generator)
    return EmpiricalRisk(model, functional.cross_entropy, (x, y))


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_are_kept_where_they_fit(kind) -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    vector = torch.ones(risk.size).double()
    counts, products = [], []
    for memory in (10**9, 1):
        operator = kind(risk, check=False, memory=memory)
        for _ in range(2):
            operator.matvec(vector)
        calls.clear()
        products.append(operator.matvec(vector))
        counts.append(len(calls))
    assert counts == [0, risk.minibatches]
    assert torch.equal(*products)


def test_graphs_are_kept_at_once_where_more_products_are_announced() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data, batch_size=4)
    calls: list[int] = []
    model.register_forward_hook(lambda *_: calls.append(1))
    vector = torch.ones(risk.size).double()
    plain, announced = (Hessian(risk, check=False) for _ in range(2))
    announced.expect_more()
    assert torch.equal(plain.matvec(vector), announced.matvec(vector))
    calls.clear()
    announced.matvec(vector)
    assert not calls
    with torch.no_grad():
        next(model.parameters()).add_(0.1)
    moved = announced.matvec(vector)
    assert len(calls) == risk.minibatches
    assert torch.equal(moved, Hessian(risk, check=False).matvec(vector))


def test_minibatches_shrink_to_the_memory_there_is() -> None:
    risk = wide(200)
    whole = Hessian(risk)
    vector = torch.randn(risk.size, generator=torch.Generator().manual_seed(1))
    expected = whole.matvec(vector)
    small = Hessian(risk, memory=30_000)
    assert 1 <= small.risk.batch_size < 200
    found = small.matvec(vector)
    # sums of 200 terms in another order
    assert (found - expected).norm() <= 1e-5 * expected.norm()
    with pytest.raises(ValueError, match=r"memory: expected .* GB for the graph"):
        Hessian(risk, memory=100)


def test_minibatches_halve_when_memory_runs_out(monkeypatch) -> None:
    risk = wide(200)
    expected = Hessian(risk).matvec(vector := torch.ones(risk.size))
    operator, sizes = Hessian(risk, check=False), []
    plain = operator.linearise

    def short_of_memory(inputs, targets, index):
        sizes.append(len(inputs))
        if len(inputs) > 60:
            raise torch.OutOfMemoryError
        return plain(inputs, targets, index)

    monkeypatch.setattr(operator, "linearise", short_of_memory)
    found = operator.matvec(vector)
    assert sizes[:3] == [200, 100, 50]
    assert (found - expected).norm() <= 1e-5 * expected.norm()

    def never(inputs, targets, index):
        message = "[enforce fail] DefaultCPUAllocator: can't allocate memory"
        raise RuntimeError(message)

    monkeypatch.setattr(operator, "linearise", never)
    with pytest.raises(ValueError, match="room for a minibatch of 1"):
        operator.matvec(vector + 1)


def test_coupled_examples_are_not_cut(monkeypatch) -> None:
    model, data = problem("batch norm, training")
    monkeypatch.setattr(risk_operator, "SLICE", 2)
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    with pytest.raises(ValueError, match="needs them together"):
        Hessian(risk, memory=5000)


@pytest.mark.parametrize("kind", KINDS)
def test_scipy_finds_the_same_eigenvalues(kind) -> None:
    model, data = problem("mlp")
    operator = kind(EmpiricalRisk(model, functional.cross_entropy, data))
    bridge = operator.to_scipy()
    matrix = dense(operator).numpy()
    assert (bridge.shape, bridge.dtype) == (matrix.shape, np.dtype("float64"))
    assert np.allclose(bridge @ np.eye(23), matrix, rtol=0, atol=1e-14)
    found = eigsh(bridge, 3, which="LA", return_eigenvectors=False)
    expected = np.linalg.eigvalsh(matrix)[-3:]
    assert np.abs(found - expected).max() <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_fingerprints_tell_operators_apart(kind) -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    first = kind(risk).fingerprint()
    assert first == kind(risk).fingerprint()
    assert first not in {k(risk).fingerprint() for k in KINDS if k is not kind}
    assert first != kind(risk.select(torch.arange(9))).fingerprint()
    with torch.no_grad():
        model[0].bias[0] += 1e-12
    assert first != kind(risk).fingerprint()
