"""Functions with a second derivative against PyTorch's own, which has the first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from eigenscape.curvature.kernels import CheapSecondDerivatives

GENERATOR = torch.Generator().manual_seed(0)


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


WORDS = torch.tensor([[0, 3, 1], [1, 1, 1], [4, 2, 4], [2, 0, 2]])
CLASSES = torch.tensor([0, 3, 1, 2, 2, 0])
WEIGHTS = torch.linspace(1, 2, 4).double()
FLAT, OFFSETS = WORDS.flatten(), torch.tensor([0, 5, 5, 8])
ENDED = torch.tensor([0, 2, 9, 12])
CASES: dict[str, tuple[Callable, tuple[torch.Tensor, ...]]] = {
    "hard sigmoid": (lambda x: functional.hardsigmoid(x) ** 2, (3 * numbers(4, 5),)),
    "hard sigmoid in place": (
        lambda x: functional.hardsigmoid(2 * x, inplace=True) ** 2,
        (numbers(4, 5),),
    ),
    "distances": (torch.cdist, (numbers(3, 2), numbers(4, 2))),
    "distances of batches": (
        lambda x, y: torch.cdist(x, y, p=3.0),
        (numbers(2, 3, 2), numbers(2, 4, 2)),
    ),
    "distances of rows to themselves": (lambda x: torch.cdist(x, x), (numbers(3, 2),)),
    "distances within": (functional.pdist, (numbers(4, 2),)),
    "distances within, method": (
        lambda x: torch.pdist(x, p=1.5) ** 2,
        (numbers(4, 2),),
    ),
    "padding": (
        lambda w: functional.embedding(WORDS, w, padding_idx=-2, sparse=True) ** 2,
        (numbers(5, 2),),
    ),
    "bags, learned factors": (
        lambda w, f: functional.embedding_bag(
            WORDS, w, mode="sum", per_sample_weights=f
        ),
        (numbers(5, 2), numbers(4, 3)),
    ),
    "bags behind one another, learned factors": (
        lambda w, f: functional.embedding_bag(
            FLAT, w, OFFSETS, mode="sum", per_sample_weights=f, padding_idx=1
        ),
        (numbers(5, 2), numbers(12)),
    ),
    "ended bags": (
        lambda w: (
            functional.embedding_bag(FLAT, w, ENDED, include_last_offset=True) ** 2
        ),
        (numbers(5, 2),),
    ),
    **{
        f"margins, power {p}, {reduction}": (
            lambda x, p=p, reduction=reduction: functional.multi_margin_loss(
                x, CLASSES, p, 0.7, WEIGHTS, reduction=reduction
            ),
            (numbers(6, 4),),
        )
        for p in (1, 2)
        for reduction in ("mean", "sum", "none")
    },
    "margins of one example": (
        lambda x: functional.multi_margin_loss(x, torch.tensor(2), p=2),
        (numbers(4),),
    ),
    **{
        f"bags, {mode}, padding {padding}": (
            lambda w, mode=mode, padding=padding: (
                functional.embedding_bag(WORDS, w, mode=mode, padding_idx=padding) ** 2
            ),
            (numbers(5, 2),),
        )
        for mode in ("sum", "mean", "max")
        for padding in (None, 1, -1)
    },
    **{
        f"bags behind one another, {mode}": (
            lambda w, mode=mode: (
                functional.embedding_bag(FLAT, w, OFFSETS, mode=mode) ** 2
            ),
            (numbers(5, 2),),
        )
        for mode in ("sum", "mean", "max")
    },
}


def slopes(function: Callable, inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    leaves = [x.clone().requires_grad_() for x in inputs]
    value = function(*leaves)
    weights = torch.linspace(1, 2, value.numel()).view(value.shape).to(value)
    found = torch.autograd.grad((weights * value).sum(), leaves)
    return [value.detach(), *(slope.to_dense() for slope in found)]


@pytest.mark.parametrize("name", CASES)
def test_values_and_slopes_are_those_of_the_original(name: str) -> None:
    function, inputs = CASES[name]
    expected = slopes(function, inputs)
    with CheapSecondDerivatives():
        found = slopes(function, inputs)
    # PyTorch rounds the slope 1/6 of a hard sigmoid to float32
    allowed = 1e-7 if name.startswith("hard") else 1e-14
    for a, b in zip(found, expected, strict=True):
        assert (a - b).abs().max() <= allowed * (1 + b.abs().max())


@pytest.mark.parametrize("name", [n for n in CASES if n != "padding"])
def test_second_derivatives_agree_with_differences(name: str) -> None:
    function, inputs = CASES[name]
    leaves = [x.clone().requires_grad_() for x in inputs]
    with CheapSecondDerivatives():
        assert gradcheck(function, leaves)
        assert gradgradcheck(function, leaves)


def test_the_row_of_padding_has_no_slope() -> None:
    function, inputs = CASES["padding"]
    leaf = inputs[0].clone().requires_grad_()
    with CheapSecondDerivatives():
        (slope,) = torch.autograd.grad(function(leaf).sum(), leaf, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), leaf)
    counts = FLAT.bincount().double()[:, None].repeat(1, 2)
    counts[-2] = 0
    assert torch.equal(bend, 2 * counts)


@pytest.mark.parametrize(
    "options",
    [{"max_norm": 0.5}, {"scale_grad_by_freq": True}],
)
def test_what_changes_rows_or_slopes_is_left_to_the_original(options: dict) -> None:
    weight = numbers(5, 2).requires_grad_()
    kept = weight.detach().clone()
    with CheapSecondDerivatives():
        for function in (functional.embedding, functional.embedding_bag):
            found = function(WORDS, weight, **options)
            assert "Embedding" in type(found.grad_fn).__name__
    assert ("max_norm" in options) == (not torch.equal(kept, weight.detach()))
