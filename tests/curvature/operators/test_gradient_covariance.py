"""The covariance of gradients against gradients computed one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, extreme_eigenpairs
from eigenscape.curvature.operators import GradientCovariance
from models import MODELS, problem


def dense(operator: GradientCovariance) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def gradients(model: nn.Module, data: tuple, loss: Callable) -> torch.Tensor:
    """Differentiate the loss of each example by itself: (n, P)."""
    rows = []
    for k in range(len(data[0])):
        alone = EmpiricalRisk(model, loss, (data[0][k : k + 1], data[1][k : k + 1]))
        rows.append(alone.gradient())
    return torch.stack(rows)


def covariance(rows: torch.Tensor, *, centred: bool) -> torch.Tensor:
    deviations = rows - rows.mean(0) if centred else rows
    return deviations.T @ deviations / len(rows)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("name", [n for n in MODELS if n != "batch norm, training"])
def test_equals_gradients_one_by_one(name: str, centred: bool) -> None:
    model, data = problem(name)
    expected = covariance(
        gradients(model, data, functional.cross_entropy), centred=centred
    )
    for batch_size in (10, 4):
        risk = EmpiricalRisk(
            model, functional.cross_entropy, data, batch_size=batch_size
        )
        found = dense(GradientCovariance(risk, centred=centred))
        assert (found - expected).norm() <= 1e-10 * expected.norm()


def unvectorised(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with a branch on values, which vmap cannot follow."""
    loss = functional.cross_entropy(output, target)
    return loss if float(loss.detach()) >= 0 else -loss


def test_a_loss_that_cannot_be_vectorised() -> None:
    model, data = problem("mlp")
    expected = covariance(
        gradients(model, data, functional.cross_entropy), centred=True
    )
    found = dense(GradientCovariance(EmpiricalRisk(model, unvectorised, data)))
    assert (found - expected).norm() <= 1e-12 * expected.norm()


def test_follows_parameters_and_batches() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    operator = GradientCovariance(risk)
    dense(operator)
    with torch.no_grad():
        model[2].bias.add_(1)
    rows = gradients(model, data, functional.cross_entropy)
    expected = covariance(rows, centred=True)
    assert (dense(operator) - expected).norm() <= 1e-10 * expected.norm()
    batch = operator.over(risk.select(torch.arange(6)))
    expected = covariance(rows[:6], centred=True)
    assert (dense(batch) - expected).norm() <= 1e-10 * expected.norm()


def test_its_rank_is_that_of_the_examples() -> None:
    model, data = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, (data[0][:4], data[1][:4]))
    found = extreme_eigenpairs(
        GradientCovariance(risk), 5, generator=torch.Generator(), tolerance=1e-10
    )
    assert (found.values[:3] > 1e-3 * found.values[0]).all()
    assert (abs(found.values[3:]) <= 1e-12 * found.values[0]).all()


def test_a_loss_that_weighs_examples_unequally_is_refused() -> None:
    model, (x, y) = problem("mlp")
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0]).double())
    risk = EmpiricalRisk(model, weighted, (x, y))
    with pytest.raises(ValueError, match="expected the mean over examples"):
        GradientCovariance(risk)


def test_an_output_without_a_row_for_each_example_is_refused() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Flatten(0)).double()
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)).double()

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output.view(-1, 3) ** 2).mean()

    with pytest.raises(ValueError, match="one row for each of 5 examples"):
        GradientCovariance(EmpiricalRisk(model, loss, (x, x[:, :1])))
