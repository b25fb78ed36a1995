"""Exact matrices of small operators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import (
    Dense,
    EmpiricalRisk,
    Hessian,
    exact,
    exact_matrix,
    process,
)
from eigenscape.curvature.operators import GaussNewton
from models import by_double_loop, problem


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_equals_the_double_loop_in_float64(chunk: int) -> None:
    model, (x, y) = problem("transformer")
    expected = by_double_loop(model, (x.float().double(), y)).numpy()
    risk = EmpiricalRisk(model.float(), functional.cross_entropy, (x.float(), y))
    reference = model.double()
    wanted = by_double_loop(reference, (x.float().double(), y)).numpy()
    model.float()
    found = exact_matrix(Hessian(risk), chunk=chunk)
    error = np.linalg.norm(found.full() - wanted) / np.linalg.norm(wanted)
    assert error <= 1e-10
    assert np.linalg.norm(expected - wanted) <= 1e-4 * np.linalg.norm(wanted)
    assert found.asymmetry <= 1e-12


def test_rows_that_are_zero_are_dropped() -> None:
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(0)).double()
    x[:, 2] = 0  # an input that is always dark
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    with torch.no_grad():
        model[0].bias[1] = -100  # a unit that never fires
    target = torch.zeros(20, dtype=torch.int64)
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, target))
    found = exact_matrix(GaussNewton(risk))
    dark = {5 * unit + 2 for unit in range(4)}
    silent = {5, 6, 7, 8, 9, 20 + 1}
    weights_of_silent = {24 + 1, 24 + 4 + 1}
    dropped = set(range(risk.size)) - set(found.support.tolist())
    assert dropped == dark | silent | weights_of_silent
    everything = GaussNewton(risk).matmat(torch.eye(risk.size).double()).numpy()
    scale = np.abs(everything).max()
    assert np.abs(found.full() - everything).max() <= 1e-14 * scale
    values = np.linalg.eigvalsh(everything)
    assert np.abs(found.eigenvalues() - values).max() <= 1e-14 * risk.size * scale


def test_a_zero_matrix_has_no_support() -> None:
    found = exact_matrix(Dense(torch.zeros(6, 6)))
    assert len(found.support) == 0
    assert not found.eigenvalues().any()
    assert found.full().shape == (6, 6)


def test_what_does_not_fit_is_refused() -> None:
    operator = Dense(torch.eye(30))
    with pytest.raises(ValueError, match="at most 29 rows other than zero, got 30"):
        exact_matrix(operator, max_entries=29**2)
    with pytest.raises(ValueError, match="chunk: expected at least 1, got 0"):
        exact_matrix(operator, chunk=0)


def test_resumes_to_the_same_bits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    square = torch.randn(9, 9, generator=torch.Generator().manual_seed(0)).double()
    operator, plain = Dense(square + square.T), exact_matrix(Dense(square + square.T))
    matmat, calls = Dense.matmat, []

    def interrupted(self, matrix):
        calls.append(matrix.shape[1])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return matmat(self, matrix)

    monkeypatch.setattr(Dense, "matmat", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exact_matrix(operator, chunk=2, checkpoint=tmp_path / "exact")
    found = exact_matrix(operator, chunk=2, checkpoint=tmp_path / "exact")
    assert np.array_equal(found.entries, plain.entries)
    # two probes; three chunks and the fifth column alone, by matvec, are not repeated
    assert calls == [2, 2, 2, 2, 2, 2, 2]


def test_is_symmetrised_in_place_whatever_the_tiles(monkeypatch) -> None:
    monkeypatch.setattr(exact, "_TILE", 4)
    square = torch.randn(11, 11, generator=torch.Generator().manual_seed(0)).double()
    lopsided = square + square.T
    lopsided[2, 9] += 1e-3
    found = exact_matrix(Dense(lopsided))
    assert torch.equal(torch.from_numpy(found.full()), (lopsided + lopsided.T) / 2)
    largest = lopsided.abs().max().item()
    assert found.asymmetry == pytest.approx(1e-3 / largest, rel=1e-6)


def test_blocks_are_found_and_have_the_same_eigenvalues(monkeypatch) -> None:
    monkeypatch.setattr(exact, "_TILE", 2)
    generator = torch.Generator().manual_seed(1)
    sizes = [1, 3, 5]
    parts = [torch.randn(n, n, generator=generator).double() for n in sizes]
    order = torch.randperm(10, generator=generator)
    whole = torch.block_diag(*[p + p.T for p in parts], torch.zeros(1, 1).double())
    # a chain: its ends are coupled through the middle only
    whole[4:9, 4:9] = torch.diag(torch.ones(4).double(), 1)
    whole[4:9, 4:9] += whole[4:9, 4:9].T
    whole = whole[order][:, order]
    found = exact_matrix(Dense(whole))
    assert sorted(len(block) for block in found.blocks()) == sizes
    assert sorted(np.concatenate(found.blocks()).tolist()) == list(range(9))
    assert found.zero_rows == 1
    wanted = np.linalg.eigvalsh(whole.numpy())
    # two eigenvalue computations of ten rows
    assert np.abs(found.eigenvalues() - wanted).max() <= 1e-14 * np.abs(wanted).max()
