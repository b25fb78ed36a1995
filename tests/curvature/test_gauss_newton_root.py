"""Roots of Gauss-Newton matrices."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, GaussNewton
from eigenscape.curvature.exact import exact_matrix
from eigenscape.curvature.example_columns import ExactColumns
from eigenscape.curvature.gauss_newton_root import (
    SoftmaxColumns,
    gauss_newton_root,
    root_columns,
    root_size,
)

CLASSES = torch.tensor([0, 2, 1, 1, 0])


def risk_of(loss, targets, batch_size=2, scale=1.0):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
        inputs = scale * torch.randn(5, 4).double()
    return EmpiricalRisk(model, loss, (inputs, targets), batch_size=batch_size)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (functional.cross_entropy, CLASSES),
        (nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3]).double()), CLASSES),
        (functional.mse_loss, torch.arange(15).reshape(5, 3).double()),
    ],
)
def test_squares_to_the_matrix(loss, targets) -> None:
    # weighted classes have a mean over a minibatch of weights: one minibatch there
    risk = risk_of(loss, targets, batch_size=5)
    matrix = exact_matrix(GaussNewton(risk)).full()
    root = gauss_newton_root(risk)
    assert root.shape == (root_size(risk), risk.size) == (15, risk.size)
    assert np.abs(root.T @ root - matrix).max() <= 1e-13 * np.abs(matrix).max()


def test_minibatches_are_joined() -> None:
    whole = gauss_newton_root(risk_of(functional.cross_entropy, CLASSES, 5))
    cut = gauss_newton_root(risk_of(functional.cross_entropy, CLASSES, 2))
    assert np.abs(whole - cut).max() <= 1e-15


def test_the_closed_form_is_used_for_plain_classes_only() -> None:
    plain = root_columns(risk_of(functional.cross_entropy, CLASSES))
    assert isinstance(plain, SoftmaxColumns)
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3]).double())
    assert isinstance(root_columns(risk_of(weighted, CLASSES)), ExactColumns)
    numbers = torch.zeros(5, 3).double()
    assert isinstance(root_columns(risk_of(functional.mse_loss, numbers)), ExactColumns)


def test_tiny_probabilities_keep_their_digits() -> None:
    logits = [0.0, -30.0, -70.0]
    model = nn.Linear(1, 3).double()
    with torch.no_grad():
        model.weight[:] = torch.tensor(logits).double()[:, None]
        model.bias.zero_()
    risk = EmpiricalRisk(
        model, functional.cross_entropy, (torch.ones(1, 1).double(), CLASSES[:1])
    )
    with risk.isolated():
        inputs, targets, _ = next(risk.batches())
        root = SoftmaxColumns()(risk, inputs, targets, 1)[0].numpy()
    with mpmath.workdps(50):
        weights = [mpmath.exp(v) for v in logits]
        p = [w / mpmath.fsum(weights) for w in weights]
        for k in range(3):
            for j in range(3):
                wanted = mpmath.sqrt(p[k]) * ((k == j) - p[j])
                # a few roundings; an exponential errs by its argument's
                assert abs(root[k, j] / wanted - 1) <= 1e-13


def test_coupled_examples_are_refused() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).double()
    inputs = torch.arange(20).reshape(5, 4).double()
    risk = EmpiricalRisk(model, functional.cross_entropy, (inputs, CLASSES))
    with pytest.raises(ValueError, match="batch norm in training mode"):
        gauss_newton_root(risk)
