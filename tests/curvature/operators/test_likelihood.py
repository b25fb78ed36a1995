"""Closed forms of ∇²l against differentiation, and their samples' covariance."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature.operators.likelihood import (
    Bernoulli,
    Gaussian,
    Softmax,
    curvature_of,
    likelihood_of,
)
from eigenscape.curvature.operators.output_curvature import AnyLoss

WEIGHT = torch.tensor([1.0, 2.0, 0.5]).double()
OUTPUT = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).double()
CLASSES = torch.tensor([0, 2, 1, 1])
PROBABILITIES = OUTPUT.flip(0).softmax(1)
SINGLE = torch.tensor([0.3, -1.0, 2.0]).double()
CASES = {
    "cross-entropy": (nn.CrossEntropyLoss(), OUTPUT, CLASSES),
    "function": (functional.cross_entropy, OUTPUT, CLASSES),
    "one example without axis": (nn.CrossEntropyLoss(), SINGLE, torch.tensor(1)),
    "weighted": (nn.CrossEntropyLoss(WEIGHT), OUTPUT, CLASSES),
    "ignored": (nn.CrossEntropyLoss(ignore_index=1), OUTPUT, CLASSES),
    "smoothed": (
        partial(functional.cross_entropy, label_smoothing=0.2, weight=WEIGHT),
        OUTPUT,
        CLASSES,
    ),
    "probabilities": (nn.CrossEntropyLoss(), OUTPUT, PROBABILITIES),
    "weighted probabilities": (
        nn.CrossEntropyLoss(WEIGHT, label_smoothing=0.1),
        OUTPUT,
        PROBABILITIES,
    ),
    "squared error": (nn.MSELoss(), OUTPUT, OUTPUT.flip(0)),
    "binary": (nn.BCEWithLogitsLoss(), OUTPUT, PROBABILITIES),
}
KINDS = {"squared error": Gaussian, "binary": Bernoulli}


def dense(product, output: torch.Tensor) -> torch.Tensor:
    units = torch.eye(output.numel(), dtype=output.dtype)
    columns = [product([unit.view(output.shape)])[0].flatten() for unit in units]
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("name", CASES)
def test_closed_form_equals_differentiation(name: str) -> None:
    loss, output, targets = CASES[name]
    found = curvature_of(loss, output, targets)
    assert type(found) is KINDS.get(name, Softmax)
    expected = torch.autograd.functional.hessian(lambda f: loss(f, targets), output)
    expected = expected.reshape(output.numel(), output.numel())
    scale = expected.abs().max()
    assert (dense(found.product, output) - expected).abs().max() <= 1e-14 * scale
    generic = AnyLoss(loss, output.clone().requires_grad_(), targets)
    assert (dense(generic.product, output) - expected).abs().max() <= 1e-14 * scale


@pytest.mark.parametrize("name", CASES)
def test_samples_have_this_covariance_position_by_position(name: str) -> None:
    loss, output, targets = CASES[name]
    found = likelihood_of(loss, output, targets)
    generator = torch.Generator().manual_seed(1)
    drawn = torch.stack([found.sample(generator) for _ in range(4000)])
    vector = torch.linspace(-1, 1, output.numel()).double().view(output.shape)
    products = drawn * found.inner(drawn, vector)
    error = products.std(0) / len(drawn) ** 0.5
    expected = found.product([vector])[0]
    # at most 12 entries: beyond 5 standard errors once in 10⁵ seeds
    assert ((products.mean(0) - expected).abs() <= 5 * error + 1e-15).all()
    assert (drawn.mean(0).abs() <= 5 * drawn.std(0) / len(drawn) ** 0.5 + 1e-15).all()


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss(reduction="sum"),
        partial(functional.cross_entropy, reduction="none"),
        nn.L1Loss(),
        nn.BCEWithLogitsLoss(pos_weight=WEIGHT),
        partial(functional.mse_loss, OUTPUT),
    ],
)
def test_other_losses_are_not_recognised(loss) -> None:
    assert likelihood_of(loss, OUTPUT, OUTPUT) is None


def test_broadcast_squared_errors_are_not_taken_for_plain_ones() -> None:
    assert likelihood_of(functional.mse_loss, OUTPUT, OUTPUT[:1]) is None


@pytest.mark.parametrize("margin", [20.0, -20.0])
def test_what_a_certain_model_leaves_is_precise_in_float32(margin: float) -> None:
    """p or 1 − p is e⁻²⁰, which vanishes beside 1; logits of 20 round by 20 ε."""
    logits = torch.tensor([[margin, 0.0]])
    left = torch.tensor(-abs(margin)).double().sigmoid()
    classes = likelihood_of(functional.cross_entropy, logits, torch.tensor([0]))
    binary = functional.binary_cross_entropy_with_logits
    numbers = likelihood_of(binary, logits[:, :1], logits[:, 1:])
    unit, generator = torch.tensor([[1.0, 0.0]]), torch.Generator().manual_seed(0)
    found = [
        classes.product([unit])[0],
        numbers.product([unit[:, :1]])[0],
        classes.sample(generator).abs(),
        numbers.sample(generator).abs(),
    ]
    signs = torch.tensor([[1.0, -1.0]]).double()
    curved = left * (1 - left)
    expected = [
        curved * signs,
        curved[None, None],
        left * signs.abs(),
        left[None, None],
    ]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=6e-6, atol=0)
