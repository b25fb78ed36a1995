"""The measurement that predicts batches, against dense matrices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.core import StorageError
from eigenscape.curvature import (
    EmpiricalRisk,
    Hessian,
    extreme_eigenpairs,
    process,
)
from eigenscape.curvature.population_curvature import population_curvature
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from models import MODELS, by_double_loop, jacobian, problem

SEPARATE = [name for name in MODELS if name != "batch norm, training"]


def risk_of(name: str, **options: Any) -> EmpiricalRisk:
    model, data = problem(name)
    return EmpiricalRisk(model, functional.cross_entropy, data, **options)


def matrices(name: str) -> np.ndarray:
    model, (x, _) = problem(name)
    j, p = jacobian(model, x), model(x).softmax(1).detach()
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    return torch.einsum("ica,icd,idb->iab", j, middle, j).numpy()


def measure(risk: EmpiricalRisk, **options: Any) -> PopulationCurvature:
    settings: dict[str, Any] = {"count": 4, "tolerance": 1e-10} | options
    generator = torch.Generator().manual_seed(3)
    return population_curvature(risk, generator=generator, **settings)


def squares(found: PopulationCurvature) -> np.ndarray:
    assert found.projections is not None
    return np.einsum("ick,icl->ikl", found.projections, found.projections)


@pytest.mark.parametrize(
    ("name", "batch_size"), [("mlp", None), *((name, 4) for name in SEPARATE)]
)
def test_gauss_newton_equals_dense_matrices(name: str, batch_size: int | None) -> None:
    each = matrices(name)
    values, vectors = np.linalg.eigh(each.mean(0))
    found = measure(risk_of(name, batch_size=batch_size))
    assert np.abs(found.spikes - values[::-1][:4]).max() <= 1e-12 * values[-1]
    assert found.trace == pytest.approx(values.sum(), rel=1e-12)
    top = np.linalg.eigvalsh(each)[:, ::-1][:, :2]
    assert np.abs(found.example_eigenvalues - top).max() <= 1e-12 * top.max()
    u = vectors[:, ::-1][:, :4]
    wanted = np.abs(u.T @ each @ u)  # eigenvectors have no sign
    # an eigenvector errs by the residual, 1e-10 ‖A‖, over the gap
    gap = np.abs(np.diff(values[::-1][:5])).min() / values[-1]
    assert np.abs(np.abs(squares(found)) - wanted).max() <= 1e-9 / gap * wanted.max()
    assert found.examples == 10


@pytest.mark.parametrize("name", ["mlp", "transformer", "gru"])
def test_columns_are_orthogonal_components(name: str) -> None:
    """On all P eigenvectors, the components of an example have the Gram diag(e)."""
    risk = risk_of(name)
    found = measure(risk, count=risk.size)
    assert found.projections is not None
    # only directions of positive curvature come back, and all of Gᵢ lies in them
    gram = found.projections @ found.projections.transpose(0, 2, 1)
    wanted = found.example_eigenvalues[:, :, None] * np.eye(2)
    assert np.abs(gram - wanted).max() <= 1e-10 * wanted.max()


@pytest.mark.parametrize("name", ["mlp", "gru", "tied"])
def test_hessian_equals_dense_matrices(name: str) -> None:
    model, data = problem(name)
    values, vectors = np.linalg.eigh(by_double_loop(model, data).numpy())
    found = measure(risk_of(name), matrix="hessian", count=3, probes=10_000)
    assert found.matrix == "hessian"
    assert np.abs(found.spikes - values[::-1][:3]).max() <= 1e-9 * values[-1]
    assert found.trace == pytest.approx(values.sum(), rel=1e-10)
    u = vectors[:, ::-1][:, :3]
    wanted = np.abs(u.T @ matrices(name) @ u)
    assert np.abs(np.abs(squares(found)) - wanted).max() <= 1e-6 * wanted.max()
    gauss_newton = matrices(name).trace(axis1=1, axis2=2).mean()
    assert found.mean_curvature == pytest.approx(gauss_newton, rel=1e-12)


def regression(outputs: int = 3) -> EmpiricalRisk:
    with torch.random.fork_rng([]):
        torch.manual_seed(2)
        model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, outputs))
        x, y = torch.randn(12, 4).double(), torch.randn(12, outputs).double()
    return EmpiricalRisk(model.double(), functional.mse_loss, (x, y))


def test_squared_error_equals_dense_matrices() -> None:
    risk = regression()
    inputs, _, _ = next(risk.batches())
    j = jacobian(risk.model, inputs).numpy()
    each = 2 / 3 * np.einsum("ica,icb->iab", j, j)
    found = measure(risk, count=5)
    values = np.linalg.eigvalsh(each.mean(0))[::-1]
    assert np.abs(found.spikes - values[:5]).max() <= 1e-12 * values[0]
    top = np.linalg.eigvalsh(each)[:, ::-1][:, :3]
    assert np.abs(found.example_eigenvalues - top).max() <= 1e-12 * top.max()


def test_labels_and_examples_can_be_drawn() -> None:
    risk = regression(4)
    found = measure(risk, exact_outputs=3, samples=8, examples=9)
    assert found.example_eigenvalues.shape == (9, 8)
    assert found.examples == 12
    assert found.projections is not None
    assert found.projections.shape == (9, 8, 4)
    exact = measure(risk)
    np.testing.assert_array_equal(found.spikes, exact.spikes)
    assert exact.trace_standard_error == 0
    # one number within 4 standard errors, themselves of nine examples
    assert abs(found.trace - exact.trace) <= 4 * found.trace_standard_error


def test_eigenpairs_at_hand_are_used() -> None:
    risk = risk_of("mlp")
    generator = torch.Generator().manual_seed(0)
    pairs = extreme_eigenpairs(Hessian(risk), 5, tolerance=1e-10, generator=generator)
    found = measure(risk, matrix="hessian", count=3, eigenpairs=pairs)
    np.testing.assert_array_equal(found.spikes, pairs.values[:3])
    again = measure(risk, matrix="hessian", count=3)
    gap = np.abs(squares(found)) - np.abs(squares(again))  # vectors have no sign
    assert np.abs(gap).max() <= 1e-8 * np.abs(squares(again)).max()


def test_without_projections() -> None:
    assert measure(risk_of("mlp"), projections=False).projections is None


def test_directions_without_curvature_are_left_out() -> None:
    """Two examples of two classes curve in two directions."""
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, (x[:2], y[:2]))
    found = measure(risk, count=6)
    assert found.spikes.shape == (2,)
    assert found.projections is not None
    assert found.projections.shape == (2, 2, 2)
    assert found.spikes.sum() == pytest.approx(found.trace, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 0}, "count: expected at least 1, got 0"),
        ({"matrix": "fisher"}, "matrix: expected|parameter 'matrix'"),
        ({"samples": 1}, "samples: expected at least 2, got 1"),
        ({"examples": 1}, "examples: expected at least 2, got 1"),
        ({"examples": 11}, "examples: expected at most 10, got 11"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        measure(risk_of("mlp"), **options)


def test_coupled_examples_and_losses_that_are_not_convex_are_refused() -> None:
    with pytest.raises(ValueError, match="batch norm in training mode"):
        measure(risk_of("batch norm, training"))
    model, data = problem("mlp")
    wave = EmpiricalRisk(model, lambda f, y: (f[:, 0] - y).cos().mean(), data)
    with pytest.raises(ValueError, match="loss: expected one that is convex"):
        measure(wave)


class Interruption(Exception):
    """Stands for a kill."""


def run(name: str, place: Path | None) -> list[np.ndarray]:
    risk = risk_of("mlp", batch_size=4)
    exact = 64 if name == "exact" else 1
    found = measure(
        risk,
        count=2,
        tolerance=1e-3,
        matrix="hessian",
        exact_outputs=exact,
        checkpoint=place,
    )
    arrays = [found.spikes, found.example_eigenvalues, np.array(found.trace)]
    return [*arrays, found.projections if found.projections is not None else arrays[0]]


@pytest.mark.parametrize(
    ("name", "at"),
    [("exact", "pairs"), ("sampled", "examples"), ("sampled", "residual")],
)
def test_an_interrupted_run_goes_on_to_the_same_bits(
    name: str, at: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    expected = run(name, None)
    real, saves = process.save_state, 0

    def dying(state: Any, path: Path, identity: str) -> None:
        nonlocal saves
        real(state, path, identity)
        saves += path.name.endswith(at)
        if saves == 2:
            raise Interruption

    monkeypatch.setattr(process, "save_state", dying)
    with pytest.raises(Interruption):
        run(name, tmp_path / "run")
    monkeypatch.setattr(process, "save_state", real)
    again = run(name, tmp_path / "run")
    assert all(a.tobytes() == b.tobytes() for a, b in zip(again, expected, strict=True))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"run.pairs", "run.examples", "run.residual"}


def test_a_run_of_another_model_is_refused(tmp_path: Path) -> None:
    measure(risk_of("mlp"), checkpoint=tmp_path / "run")
    with pytest.raises(StorageError, match="expected the state of this run"):
        measure(risk_of("unused"), checkpoint=tmp_path / "run")


def test_examples_that_are_no_rows_of_the_output_go_one_by_one() -> None:
    """Time comes first in the output, so that examples lie on its second axis."""

    class TimeFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.inner(x)).transpose(0, 1)

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model, x = TimeFirst().double(), torch.randn(6, 3, 4).double()
        y = torch.randn(6, 3, 2).double()

    def loss(f: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (f.transpose(0, 1) - y).square().mean()

    found = measure(EmpiricalRisk(model, loss, (x, y)))
    j = torch.stack([jacobian(model, one[None]).flatten(0, -2) for one in x]).numpy()
    each = 2 / 6 * np.einsum("ica,icb->iab", j, j)
    values = np.linalg.eigvalsh(each.mean(0))[::-1][:4]
    assert np.abs(found.spikes - values).max() <= 1e-12 * values[0]
    top = np.linalg.eigvalsh(each)[:, ::-1][:, :6]
    assert np.abs(found.example_eigenvalues - top).max() <= 1e-12 * top.max()
