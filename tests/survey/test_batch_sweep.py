import dataclasses

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from eigenscape.core import StorageError
from eigenscape.curvature import EmpiricalRisk, exact_matrix
from eigenscape.survey import batch_sweep
from eigenscape.survey.batch_sweep import (
    OPERATORS,
    SweepForecast,
    SweepSettings,
    forecast_sweep,
    sweep_batches,
)
from interrupted import OutOfProductsError
from networks import digits_like

SETTINGS = SweepSettings((1, 8), draws=2, steps=60, count=3, tolerance=1e-3, seed=5)


def small():
    generator = torch.Generator().manual_seed(2)
    model = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 3))
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return model


def risk(*, dtype=torch.float64, mode="as is", model=None, count=60):
    model = (model or small()).to(dtype)
    inputs, targets = digits_like(count).tensors
    return EmpiricalRisk(model, cross_entropy, (inputs.to(dtype), targets), mode=mode)


def normalised():
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))


def dense(whole, matrix, size, draw):
    """All eigenvalues of one batch of the sweep, from its dense matrix."""
    examples = batch_sweep._stream(SETTINGS, "batch", "train", size, draw)
    operator = OPERATORS[matrix](whole.subsample(size, examples))
    return np.linalg.eigvalsh(exact_matrix(operator).entries)[::-1]


@pytest.mark.parametrize("matrix", list(OPERATORS))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_eigenvalues_are_those_of_dense_matrices(matrix, dtype):
    """Small matrices exhaust their Krylov spaces, so that copies abound."""
    whole = risk(dtype=dtype)
    found = sweep_batches(whole, matrix, SETTINGS)
    exact = risk()
    expected = np.stack([
        np.stack([dense(exact, matrix, size, draw)[:3] for draw in range(2)])
        for size in SETTINGS.batch_sizes
    ])
    # products err by some spacings of their type, in units of the largest eigenvalue
    rounding = 50 * torch.finfo(dtype).eps * expected.max(axis=2, keepdims=True)
    known = np.isfinite(found.values)
    assert known[expected > 100 * rounding / SETTINGS.tolerance].all()
    error = np.abs(found.values - expected) - rounding
    assert (error <= SETTINGS.tolerance * np.abs(expected))[known].all()
    assert (found.products > 0).all()
    assert found.population == 60


def test_runs_end_when_the_eigenvalues_are_found():
    settings = dataclasses.replace(SETTINGS, tolerance=0.5, count=1)
    quick = sweep_batches(risk(), "hessian", settings)
    slow = sweep_batches(risk(), "hessian", SETTINGS)
    assert quick.products.sum() < slow.products.sum()
    assert slow.products.max() <= SETTINGS.steps


def test_matrices_share_examples_and_sizes_do_not():
    """H = G + (H − G) batch by batch; draws of different sizes are independent."""
    whole = risk(count=200)
    traces = {}
    for matrix in OPERATORS:
        spectrum = [dense(whole, matrix, size, 0).sum() for size in (4, 16)]
        traces[matrix] = np.array(spectrum)
    total = traces["gauss-newton"] + traces["residual"]
    np.testing.assert_allclose(traces["hessian"], total, rtol=1e-10)
    drawn = [
        set(
            torch.randperm(
                200, generator=batch_sweep._stream(SETTINGS, "batch", "train", size, 0)
            )[:size].tolist()
        )
        for size in (4, 16)
    ]
    assert not drawn[0] <= drawn[1]


def test_an_interrupted_sweep_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    whole = sweep_batches(risk(), "hessian", SETTINGS)
    solve, calls = batch_sweep._solve, []

    def failing(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise OutOfProductsError
        return solve(*arguments)

    file = tmp_path / "sweep.safetensors"
    monkeypatch.setattr("eigenscape.curvature.process.SAVE_INTERVAL", 0.0)
    monkeypatch.setattr("eigenscape.curvature.process.SAVE_SHARE", 0.0)
    monkeypatch.setattr(batch_sweep, "_solve", failing)
    with pytest.raises(OutOfProductsError):
        sweep_batches(risk(), "hessian", SETTINGS, checkpoint=file)
    again = sweep_batches(risk(), "hessian", SETTINGS, checkpoint=file)
    # four batches: one before, one lost, three after
    assert len(calls) == 2 + 3
    np.testing.assert_array_equal(again.values, whole.values)
    np.testing.assert_array_equal(again.products, whole.products)
    other = dataclasses.replace(SETTINGS, seed=6)
    with pytest.raises(StorageError, match="expected the state of this run"):
        sweep_batches(risk(), "hessian", other, checkpoint=file)


def test_batch_norm_in_training_leaves_single_examples_out_and_says_why():
    whole = risk(mode="train", model=normalised())
    found = sweep_batches(whole, "hessian", SETTINGS)
    assert np.isnan(found.values[0]).all()
    assert np.isfinite(found.values[1:, :, 0]).all()
    assert any(note.startswith("b = 1 is left out: batch norm") for note in found.notes)
    one = dataclasses.replace(SETTINGS, batch_sizes=(1,))
    with pytest.raises(ValueError, match="which normalises an example by itself"):
        sweep_batches(whole, "hessian", one)
    larger = dataclasses.replace(SETTINGS, batch_sizes=(4, 16))
    assert len(sweep_batches(whole, "hessian", larger).notes) == 1


def test_batch_norm_in_evaluation_has_every_size():
    found = sweep_batches(risk(mode="eval", model=normalised()), "hessian", SETTINGS)
    assert np.isfinite(found.values[..., 0]).all()
    assert found.notes == ()


def test_a_forecast_counts_the_products_and_times_them():
    found = forecast_sweep(risk(), "hessian", SETTINGS)
    assert found.products == 2 * 2 * 60
    assert 0 < found.seconds < 60
    both = found + SweepForecast(760, 3725.0)
    assert both.products == 1000
    assert "1,000 products in 1 h 2 min" in str(both)
    assert str(SweepForecast(1, 61.0)) == "at most 1 products in 1 min 1 s"
    assert str(SweepForecast(1, 7.4)) == "at most 1 products in 7 s"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_sizes": ()}, r"batch_sizes: expected ascending, got \(\)"),
        ({"batch_sizes": (4, 4)}, "batch_sizes: expected ascending"),
        ({"batch_sizes": (0, 4)}, "batch_sizes: expected ascending"),
        ({"draws": 0}, "draws: expected at least 1, got 0"),
        ({"steps": 4}, "steps: expected at least as many as count, got 4"),
        ({"count": 0}, "count: expected at least 1, got 0"),
        ({"tolerance": 0.0}, r"tolerance: expected a number in \(0, 1\), got 0.0"),
    ],
)
def test_bad_settings_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        SweepSettings(**options)


def test_what_does_not_fit_the_data_is_refused():
    with pytest.raises(ValueError, match="batch_sizes: expected at most the 60"):
        sweep_batches(risk(), "hessian", SweepSettings((4, 64)))
    bad = "fisher"
    with pytest.raises(ValueError, match="matrix: expected one of hessian"):
        forecast_sweep.__wrapped__(risk(), bad, SETTINGS)
