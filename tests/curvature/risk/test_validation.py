"""What a risk refuses, each with a remedy in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.risk.validation import require_finite, require_recordable

X, Y = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.ones(6, 1)


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(X[0], Y[0])])


def linear() -> nn.Module:
    return nn.Linear(4, 1)


def mixed() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1).double())


def frozen() -> nn.Module:
    return nn.Linear(4, 1).requires_grad_(False)


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyLinear(1))


def complex_model() -> nn.Module:
    return nn.Linear(4, 1, dtype=torch.complex64)


def inferred() -> nn.Module:
    with torch.inference_mode():
        return nn.Linear(4, 1)


def integer() -> nn.Module:
    model = nn.Linear(4, 1).requires_grad_(False)
    model.bias = nn.Parameter(torch.ones(1, dtype=torch.int64), requires_grad=False)
    return model


def updating() -> nn.Module:
    class Updating(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                self.weight.mul_(0.9)
            return super().forward(x)

    return Updating(4, 1)


def spoiled() -> nn.Module:
    model = nn.Linear(4, 1)
    nn.init.constant_(model.weight, float("nan"))
    return model


def with_nan(row: int) -> torch.Tensor:
    x = X.clone()
    x[row, 0] = float("nan")
    return x


def summed(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(output, target, reduction="sum")


def each(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(output, target, reduction="none")


def infinite(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return output.mean() * float("inf")


CASES = {
    "frozen": (frozen, functional.mse_loss, (X, Y), "model: expected trainable.*none"),
    "complex": (complex_model, functional.mse_loss, (X, Y), "real .*complex64.*freeze"),
    "mixed": (mixed, functional.mse_loss, (X, Y), "float32, torch.float64.*model.to"),
    "lazy": (lazy, functional.mse_loss, (X, Y), "initialised parameters.*run the"),
    "empty": (linear, functional.mse_loss, (X[:0], Y[:0]), "at least one example"),
    "uneven": (
        linear,
        functional.mse_loss,
        (X, Y[:2]),
        r"equally many in each, got the shapes \(6, 4\), \(2, 1\)",
    ),
    "inference": (
        inferred,
        functional.mse_loss,
        (X, Y),
        "outside torch.inference_mode",
    ),
    "integer": (integer, functional.mse_loss, (X, Y), "trainable.*none; set requires_"),
    "stream": (linear, functional.mse_loss, Stream(), "that streams examples; wrap"),
    "generator": (
        linear,
        functional.mse_loss,
        (pair for pair in [(X, Y)]),
        r"only once; pass list\(",
    ),
    "arrays": (
        linear,
        functional.mse_loss,
        (X.numpy(), Y.numpy()),
        r"tuple of \(ndarray, ndarray\).*as_tensor",
    ),
    "no pairs": (linear, functional.mse_loss, TensorDataset(X), "input, target"),
    "bounded rows": (
        lambda: nn.Sequential(nn.Embedding(3, 4, max_norm=1.0), nn.Linear(4, 1)),
        functional.mse_loss,
        (Y[:, 0].long().clamp(0, 2), Y),
        "embeddings without max_norm and scale_grad_by_freq",
    ),
    "divided slopes": (
        lambda: nn.EmbeddingBag(3, 1, scale_grad_by_freq=True),
        functional.mse_loss,
        (Y.long().clamp(0, 2), Y),
        "embeddings without max_norm and scale_grad_by_freq",
    ),
    "shapes": (
        linear,
        functional.mse_loss,
        (X[:, :2], Y),
        r"model: .*RuntimeError.*\(6, 2\) torch.float32",
    ),
    "loss fails": (linear, functional.cross_entropy, (X, Y[:, 0]), "loss: expected to"),
    "each": (linear, each, (X, Y), r"loss: expected a scalar, got shape \(6, 1\); use"),
    "float": (linear, lambda o, t: 1.0, (X, Y), "scalar tensor, got float; return"),
    "whole": (linear, lambda o, t: o.argmax(), (X, Y), "real floating-point.*int64"),
    "updating": (updating, functional.mse_loss, (X, Y), "keeps the parameters, got ch"),
    "none": (linear, lambda o, t: None, (X, Y), "scalar tensor, got NoneType; return"),
    "sum": (linear, summed, (X, Y), "doubles with their number.*reduction='mean'"),
    "parameter": (spoiled, functional.mse_loss, (X, Y), "parameter: .*minibatch 0"),
    "input": (linear, functional.mse_loss, (with_nan(0), Y), "data: .*minibatch 0"),
    "loss": (linear, infinite, (X, Y), "loss: expected a finite value, got"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_at_construction_in_one_line(name: str) -> None:
    make, loss, data, message = CASES[name]
    with pytest.raises(ValueError, match=message) as caught:
        EmpiricalRisk(make(), loss, data)
    assert "\n" not in str(caught.value)


def test_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size: expected at least 1, got 0"):
        EmpiricalRisk(linear(), functional.mse_loss, (X, Y), batch_size=0)


def test_later_minibatch_is_named() -> None:
    risk = EmpiricalRisk(linear(), functional.mse_loss, (with_nan(5), Y), batch_size=2)
    for evaluate in (risk.value, risk.gradient):
        with pytest.raises(ValueError, match=r"data: .*on minibatch 2"):
            evaluate()


def test_gradient_that_is_not_finite_is_refused() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def root(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return output.abs().sqrt().mean()

    risk = EmpiricalRisk(model, root, (Y, Y))
    with pytest.raises(ValueError, match=r"gradient: .*on minibatch 0"):
        risk.gradient()


SUMMED = {
    "tensors": (X, Y),
    "loader": DataLoader(TensorDataset(X, Y), batch_size=4),
    "batches": [(X[:4], Y[:4]), (X[4:], Y[4:])],
    "mapping": {"input": X, "labels": Y},
    "pairs": list(zip(X, Y, strict=True)),
}


@pytest.mark.parametrize("batch_size", [1, 3, None])
@pytest.mark.parametrize("name", SUMMED)
def test_sums_are_found_in_data_of_every_kind(
    name: str, batch_size: int | None
) -> None:
    risk = EmpiricalRisk(linear(), functional.mse_loss, SUMMED[name])
    assert risk.examples == 6
    with pytest.raises(ValueError, match="doubles with their number"):
        EmpiricalRisk(linear(), summed, SUMMED[name], batch_size=batch_size)


@pytest.mark.parametrize(
    "loss",
    [functional.mse_loss, functional.l1_loss, lambda o, t: 0 * o.sum()],
    ids=["square", "absolute", "zero"],
)
def test_means_are_accepted(loss: Callable) -> None:
    assert EmpiricalRisk(linear(), loss, (X, Y)).examples == 6


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_losses_far_from_one_are_judged_alike(factor: float) -> None:
    EmpiricalRisk(linear(), lambda o, t: factor * (o - t).mean(), (X, Y))
    with pytest.raises(ValueError, match="doubles"):
        EmpiricalRisk(linear(), lambda o, t: factor * summed(o, t), (X, Y))


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model: expected a torch.nn.Module, got fun"):
        require_recordable(lambda x: x)


def test_vectors_that_are_not_finite_are_told_from_products() -> None:
    bad, good = torch.tensor([1.0, float("nan")]), torch.ones(2)
    with pytest.raises(ValueError, match="vector: expected finite entries"):
        require_finite("product", bad, 3, bad)
    with pytest.raises(ValueError, match=r"product: .* on minibatch 3;"):
        require_finite("product", bad, 3, good)
    require_finite("product", good, 3, good)
