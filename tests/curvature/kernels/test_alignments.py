"""The CTC loss against a sum over all alignments, and against PyTorch's own."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from eigenscape.curvature.kernels import CheapSecondDerivatives

BLANK = 0


def logits(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def collapsed(path: tuple[int, ...]) -> list[int]:
    return [label for label, _ in itertools.groupby(path) if label != BLANK]


@pytest.mark.parametrize("labels", [[], [1], [2, 2], [1, 2, 1], [1, 2, 1, 2]])
def test_the_loss_sums_over_all_alignments(labels: list[int]) -> None:
    log_probs = logits(4, 3).log_softmax(1)
    paths = [p for p in itertools.product(range(3), repeat=4) if collapsed(p) == labels]
    total = sum(float(log_probs[range(4), list(path)].sum().exp()) for path in paths)
    with CheapSecondDerivatives():
        found = functional.ctc_loss(
            log_probs,
            torch.tensor(labels, dtype=torch.int64),
            torch.tensor(4),
            torch.tensor(len(labels)),
            reduction="none",
        )
    assert found.shape == ()
    assert float((-found).exp()) == pytest.approx(total, rel=1e-13)


TARGETS = torch.tensor([[1, 1, 3], [3, 2, 1], [2, 0, 0], [3, 3, 3]])
LENGTHS = torch.tensor([3, 2, 0, 3])
JOINED = torch.cat([r[:k] for r, k in zip(TARGETS, LENGTHS, strict=True)])
STEPS = torch.tensor([6, 4, 5, 3])  # the last is too short for its labels


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("targets", [TARGETS, JOINED], ids=["padded", "joined"])
@pytest.mark.parametrize("blank", [0, 4])
def test_values_and_slopes_are_those_of_the_original(
    targets: torch.Tensor, reduction: str, blank: int
) -> None:
    def loss(x: torch.Tensor) -> torch.Tensor:
        return functional.ctc_loss(
            x.log_softmax(2),
            targets,
            STEPS.tolist(),
            LENGTHS.tolist(),
            blank=blank,
            reduction=reduction,
            zero_infinity=True,
        )

    x = logits(6, 4, 5).requires_grad_()
    expected = loss(x)
    slope = torch.autograd.grad(expected.sum(), x)[0]
    with CheapSecondDerivatives():
        found = loss(x)
        same = torch.autograd.grad(found.sum(), x)[0]
    # tens of logarithms of sums, each rounded
    assert (found - expected).abs().max() <= 1e-13 * expected.abs().max()
    assert (same - slope).abs().max() <= 1e-13


def test_a_sequence_too_short_for_its_labels_is_impossible() -> None:
    x = logits(6, 4, 5).log_softmax(2)
    with CheapSecondDerivatives():
        found = functional.ctc_loss(x, TARGETS, STEPS, LENGTHS, reduction="none")
    assert torch.equal(found.isinf(), torch.tensor([False, False, False, True]))


def test_second_derivatives_agree_with_differences() -> None:
    def loss(x: torch.Tensor) -> torch.Tensor:
        steps, lengths = STEPS[:3], LENGTHS[:3]
        return functional.ctc_loss(x, TARGETS[:3], steps, lengths, reduction="sum")

    x = logits(6, 3, 5).requires_grad_()
    with CheapSecondDerivatives():
        assert gradcheck(loss, x)
        assert gradgradcheck(loss, x)
