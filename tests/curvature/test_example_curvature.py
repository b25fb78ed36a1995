"""The curvature of single examples, and how they overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from eigenscape.core import StorageError
from eigenscape.curvature import EmpiricalRisk, example_factors, process
from eigenscape.curvature.example_curvature import example_curvature, example_gram
from eigenscape.curvature.operators import GaussNewton, GradientCovariance
from models import MODELS, jacobian, problem


def risk_of(name: str) -> EmpiricalRisk:
    model, data = problem(name)
    return EmpiricalRisk(model, functional.cross_entropy, data)


def matrices(risk: EmpiricalRisk, name: str) -> np.ndarray:
    model, (x, _) = problem(name)
    j, p = jacobian(model, x), model(x).softmax(1).detach()
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    return torch.einsum("ica,icd,idb->iab", j, middle, j).numpy()


@pytest.mark.parametrize("name", [n for n in MODELS if n != "batch norm, training"])
def test_exact_curvature_equals_dense_matrices(name: str) -> None:
    risk = risk_of(name)
    found, wanted = example_curvature(risk), matrices(risk, name)
    traces = np.trace(wanted, axis1=1, axis2=2)
    assert np.abs(found.traces - traces).max() <= 1e-12 * traces.max()
    assert not found.standard_errors.any()
    top = np.linalg.eigvalsh(wanted)[:, ::-1][:, :2]
    assert np.abs(found.eigenvalues - top).max() <= 1e-12 * top.max()


def test_estimated_curvature_agrees_within_its_errors() -> None:
    risk = risk_of("mlp")
    exact = example_curvature(risk)
    found = example_curvature(
        risk,
        exact_outputs=1,
        count=2,
        probes=12,
        tolerance=1e-8,
        generator=torch.Generator().manual_seed(0),
    )
    assert (found.standard_errors > 0).all()
    # Student's t with 11 degrees of freedom: 10 values within 6 but once in 10³ seeds
    errors = np.abs(found.traces - exact.traces) / found.standard_errors
    assert errors.max() <= 6
    gap = np.abs(found.eigenvalues - exact.eigenvalues).max()
    assert gap <= 1e-8 * exact.eigenvalues.max()
    with pytest.raises(ValueError, match="generator: expected one"):
        example_curvature(risk, exact_outputs=1)


@pytest.mark.parametrize("name", ["mlp", "transformer", "tied", "unused"])
@pytest.mark.parametrize("memory", [None, 2000])
def test_gram_matrices_have_the_operators_eigenvalues(name: str, memory) -> None:
    risk = risk_of(name)
    eye = torch.eye(risk.size).double()
    for kind, operator in [
        ("gradient", GradientCovariance(risk, centred=False)),
        ("gauss-newton", GaussNewton(risk)),
    ]:
        gram = example_gram(risk, kind=kind, memory=memory)
        found = np.linalg.eigvalsh(gram / 10)[::-1][:9]
        wanted = np.linalg.eigvalsh(operator.matmat(eye).numpy())[::-1][:9]
        assert np.abs(found - wanted).max() <= 1e-12 * wanted[0]


def test_submatrices_are_batches() -> None:
    risk = risk_of("mlp")
    gram = example_gram(risk, kind="gauss-newton")
    batch = torch.tensor([1, 4, 8])
    rows = np.concatenate([[2 * k, 2 * k + 1] for k in batch.tolist()])
    found = np.linalg.eigvalsh(gram[np.ix_(rows, rows)] / 3)[::-1]
    operator = GaussNewton(risk.select(batch))
    eye = torch.eye(risk.size).double()
    wanted = np.linalg.eigvalsh(operator.matmat(eye).numpy())[::-1][:6]
    assert np.abs(found - wanted).max() <= 1e-12 * wanted[0]


def test_coupled_examples_are_refused() -> None:
    risk = risk_of("batch norm, training")
    with pytest.raises(ValueError, match="batch norm in training mode"):
        example_curvature(risk)
    with pytest.raises(ValueError, match="batch norm in training mode"):
        example_gram(risk)


class Interruption(Exception):
    """Stands for a kill."""


def run(risk: EmpiricalRisk, what: str, checkpoint: Path | None) -> np.ndarray:
    if what == "gram":
        return example_gram(risk, memory=2000, checkpoint=checkpoint)
    exact = 64 if what == "exact" else 1
    found = example_curvature(
        risk,
        exact_outputs=exact,
        count=2,
        generator=torch.Generator().manual_seed(5),
        checkpoint=checkpoint,
    )
    errors, traces = found.standard_errors[:, None], found.traces[:, None]
    return np.hstack([found.eigenvalues, traces, errors])


@pytest.mark.parametrize("what", ["exact", "estimated", "gram"])
def test_an_interrupted_run_goes_on_to_the_same_bits(
    what: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    monkeypatch.setattr(example_factors, "TOGETHER", 2)
    risk, place = risk_of("mlp"), tmp_path / "run.safetensors"
    expected = run(risk, what, None)
    calls: list[int] = []

    def count(*_: object) -> None:
        calls.append(1)
        if len(calls) == limit:
            raise Interruption

    limit = 0
    risk.model.register_forward_hook(count)
    run(risk, what, None)
    whole, limit = len(calls), len(calls) - 2
    calls.clear()
    with pytest.raises(Interruption):
        run(risk, what, place)
    limit = 0
    calls.clear()
    assert np.array_equal(run(risk, what, place), expected)
    assert len(calls) <= 0.8 * whole
    with torch.no_grad():
        risk.params[0].mul_(2)
    with pytest.raises(StorageError, match="expected the state of this run"):
        run(risk, what, place)
