"""Spectra of single examples, on any vectors, and the mean of their traces."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.example_columns import ExactColumns, SampledColumns
from eigenscape.curvature.example_spectra import ExampleSpectra, example_spectra
from models import jacobian, problem


def test_projections_on_any_vectors_equal_dense_forms() -> None:
    model, (x, y) = problem("transformer")
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y), batch_size=4)
    u = np.random.default_rng(0).standard_normal((3, risk.size))
    found = example_spectra(risk, ExactColumns(), u)
    j, p = jacobian(model, x), model(x).softmax(1).detach()
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    wanted = torch.einsum("ica,icd,idb->iab", j, middle, j).numpy()
    forms = u @ wanted @ u.T
    got = np.einsum("ick,icl->ikl", found.projections, found.projections)
    assert np.abs(got - forms).max() <= 1e-12 * np.abs(forms).max()
    none = example_spectra(risk, ExactColumns(), u[:0])
    assert none.projections.shape == (10, 2, 0)
    assert np.array_equal(none.eigenvalues, found.eigenvalues)


def test_the_error_of_a_mean_trace_counts_examples_and_labels() -> None:
    """Samples without replacement, and labels of known variance."""
    rng = np.random.default_rng(1)
    truth = rng.uniform(size=60)
    errors, stated = [], []
    for _ in range(4000):
        chosen = rng.choice(60, 20, replace=False)
        noisy = truth[chosen] + 0.3 * rng.standard_normal(20)
        nothing = np.zeros((20, 1, 0))
        found = ExampleSpectra(noisy[:, None], nothing, np.full(20, 0.09)).trace(60)
        errors.append(found.value - truth.mean())
        stated.append(found.standard_error)
    # 4000 squares have a relative error of √(2/4000) = 0.022; 4 of them
    assert abs(np.mean(np.square(errors)) / np.mean(np.square(stated)) - 1) <= 0.09


def test_labels_drawn_give_the_trace_within_its_error() -> None:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    exact = example_spectra(risk, ExactColumns(), np.zeros((0, risk.size)))
    truth = exact.trace(10)
    assert truth.standard_error == 0
    errors, stated = [], []
    for seed in range(60):
        generator = torch.Generator().manual_seed(seed)
        few = risk.subsample(7, generator)
        columns = SampledColumns(6, generator)
        found = example_spectra(few, columns, np.zeros((0, risk.size)))
        assert found.eigenvalues.shape == (7, 6)
        trace = found.trace(10)
        errors.append(trace.value - truth.value)
        stated.append(trace.standard_error)
    assert abs(np.mean(errors)) <= 3.5 * np.std(errors) / 60**0.5
    # 60 squares have a relative error of √(2/60) = 0.18; 3.5 of them
    assert abs(np.mean(np.square(errors)) / np.mean(np.square(stated)) - 1) <= 0.64
