"""Compiled products are the plain ones."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.kernels.replacement import CheapSecondDerivatives
from models import by_double_loop, problem


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def test_compiled_products_are_the_plain_ones(monkeypatch) -> None:
    """It takes a minute where the compiler's own cache lacks this model."""
    # traced by the compiler, which checks of shapes would lead astray
    mode = CheapSecondDerivatives
    plain = mode.__torch_function__.__wrapped__
    monkeypatch.setattr(mode, "__torch_function__", plain)
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    expected = by_double_loop(model, data)
    found = dense(Hessian(risk, compiled=True))
    assert (found - expected).norm() <= 1e-10 * expected.norm()


def test_compiled_products_need_graphs_that_are_kept() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    operator = Hessian(risk, compiled=True, retain=False, check=False)
    with pytest.raises(ValueError, match="graphs that are kept"):
        operator.matvec(torch.ones(risk.size).double())
