"""Layers with cheap second derivatives against PyTorch's own, in every derivative."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from eigenscape.curvature.kernels import CheapSecondDerivatives


def by_hand(x: torch.Tensor, axes: tuple[int, ...], eps: float = 1e-5) -> torch.Tensor:
    """Normalise by elementary operations: PyTorch's own third derivative is wrong."""
    centred = x - x.mean(axes, keepdim=True)
    return centred / ((centred**2).mean(axes, keepdim=True) + eps).sqrt()


GENERATOR = torch.Generator().manual_seed(0)


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


MEAN, VARIANCE = numbers(3), numbers(3).exp()
WEIGHT, BIAS = numbers(3), numbers(3)
CLASSES = torch.tensor([0, 2, 1, 2])


def normalised(
    x: torch.Tensor,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    return functional.batch_norm(x, MEAN.to(x), VARIANCE.to(x), weight, bias)


MASK = torch.ones(3, 3, dtype=torch.bool).triu(1)
SIGNAL, WINDOWS = numbers(2, 2, 4), numbers(3, 2, 2)
CASES: dict[str, tuple[Callable, tuple[torch.Tensor, ...]]] = {
    "gelu": (functional.gelu, (numbers(5, 3),)),
    "gelu, tanh": (
        lambda x: functional.gelu(x, approximate="tanh"),
        (numbers(5, 3),),
    ),
    "silu": (functional.silu, (numbers(5, 3),)),
    "relu": (lambda x: functional.relu(x) ** 3, (numbers(5, 3),)),
    "relu, method": (lambda x: x.relu() * torch.relu(x - 0.5), (numbers(5, 3),)),
    "relu between layers": (
        lambda x, w, b: functional.linear(functional.linear(x, w, b).relu(), w),
        (numbers(5, 3), numbers(3, 3), BIAS),
    ),
    "layer norm": (
        lambda x, w, b: functional.layer_norm(x, (3,), w, b),
        (numbers(5, 3), WEIGHT, BIAS),
    ),
    "layer norm, two axes, plain": (
        lambda x: functional.layer_norm(x, (2, 3), eps=0.1),
        (numbers(4, 2, 3),),
    ),
    "layer norm without bias": (
        lambda x, w: functional.layer_norm(x, (3,), w),
        (numbers(2, 2, 3), WEIGHT),
    ),
    "batch norm": (
        lambda x, w, b: functional.batch_norm(x, MEAN, VARIANCE, w, b),
        (numbers(4, 3, 2, 2), WEIGHT, BIAS),
    ),
    "batch norm, flat, plain": (
        lambda x: functional.batch_norm(x, MEAN, VARIANCE),
        (numbers(4, 3),),
    ),
    "batch norm without bias": (
        lambda x, w: functional.batch_norm(x, MEAN, VARIANCE, w),
        (numbers(4, 3, 2), WEIGHT),
    ),
    "convolution and batch norm": (
        lambda x, w, b, s, t: normalised(functional.conv2d(x, w, b, padding=1), s, t),
        (numbers(2, 2, 3, 2), numbers(3, 2, 2, 2), BIAS, WEIGHT, numbers(3)),
    ),
    "convolution in groups and plain batch norm": (
        lambda x, w: normalised(functional.conv1d(x, w, groups=3)),
        (numbers(2, 3, 4), numbers(3, 1, 2)),
    ),
    "linear and batch norm": (
        lambda x, w, s: normalised(functional.linear(x, w), s) ** 2,
        (numbers(4, 2), numbers(3, 2), WEIGHT),
    ),
    "linear of sequences and batch norm": (
        lambda x, w, b: normalised(functional.linear(x, w, b)),
        (numbers(2, 3, 2), numbers(4, 2), numbers(4)),
    ),
    "changed image and batch norm": (
        lambda x, w: normalised(functional.linear(x, w).mul_(2)),
        (numbers(4, 2), numbers(3, 2)),
    ),
    "image used twice": (
        lambda x, w, s: (y := functional.linear(x, w)).sin() * normalised(y, s),
        (numbers(4, 2), numbers(3, 2), WEIGHT),
    ),
    "softmax": (lambda x: functional.softmax(x, -1), (numbers(5, 3),)),
    "softmax, first axis": (lambda x: x.softmax(0), (numbers(5, 3),)),
    "masked softmax": (
        lambda x: torch.softmax(x.masked_fill(MASK, -torch.inf), dim=1),
        (numbers(3, 3),),
    ),
    "log softmax": (lambda x: torch.log_softmax(input=x, dim=1), (numbers(5, 3, 2),)),
    "cross entropy": (
        lambda x: functional.cross_entropy(input=x, target=CLASSES),
        (numbers(4, 3),),
    ),
    "cross entropy, weighted, of images": (
        lambda x: functional.cross_entropy(
            x, CLASSES.view(2, 2), WEIGHT.exp().to(x), ignore_index=1, reduction="sum"
        ),
        (numbers(2, 3, 2),),
    ),
    "cross entropy, smoothed": (
        lambda x: functional.cross_entropy(x, CLASSES, label_smoothing=0.1),
        (numbers(4, 3),),
    ),
    "cross entropy, one example": (
        lambda x: functional.cross_entropy(x, CLASSES[0]),
        (numbers(3),),
    ),
    "linear": (functional.linear, (numbers(5, 2), numbers(3, 2), BIAS)),
    "linear, sequences": (functional.linear, (numbers(2, 4, 2), numbers(3, 2))),
    "linear of one vector": (functional.linear, (numbers(2), numbers(3, 2), BIAS)),
    "linear in the bias": (
        lambda b: functional.linear(SIGNAL.to(b), b.new_ones(3, 4), b) ** 3,
        (BIAS,),
    ),
    "weight norm": (
        lambda v, g: torch._weight_norm(v, g, 0) ** 2,
        (numbers(3, 2, 2), numbers(3, 1, 1).exp()),
    ),
    "weight norm, last axis": (
        lambda v, g: torch._weight_norm(v, g, 1) ** 2,
        (numbers(3, 2), numbers(1, 2).exp()),
    ),
    "weight norm, whole": (
        lambda v, g: torch._weight_norm(v, g, -1) ** 2,
        (numbers(3, 2), numbers(1, 1)[0, 0].exp()),
    ),
    "convolution": (
        lambda x, w, b: functional.conv2d(x, w, b, stride=2, padding=(1, 0)),
        (numbers(2, 4, 5, 4), numbers(3, 4, 3, 2), BIAS),
    ),
    "convolution in groups, dilated": (
        lambda x, w: functional.conv1d(x, w, padding=1, dilation=2, groups=2),
        (numbers(2, 4, 6), numbers(6, 2, 2)),
    ),
    "convolution of volumes": (
        lambda x, w, b: functional.conv3d(x, w, b, padding=1),
        (numbers(2, 2, 3, 2, 3), numbers(3, 2, 2, 2, 2), BIAS),
    ),
    "convolution of given weights": (
        lambda x: functional.conv1d(x, WINDOWS.to(x), BIAS.to(x)),
        (numbers(2, 2, 4),),
    ),
    "convolution of given images": (
        lambda w, b: functional.conv1d(SIGNAL.to(w), w, b) ** 2,
        (numbers(3, 2, 2), BIAS),
    ),
    "bias of a convolution": (
        lambda b: functional.conv1d(SIGNAL.to(b), WINDOWS.to(b), b) ** 3,
        (BIAS,),
    ),
}


REFERENCES: dict[str, Callable] = {
    "layer norm": lambda x, w, b: by_hand(x, (-1,)) * w + b,
    "layer norm, two axes, plain": lambda x: by_hand(x, (-2, -1), 0.1),
    "layer norm without bias": lambda x, w: by_hand(x, (-1,)) * w,
    "weight norm": lambda v, g: (g * v / (v**2).sum((1, 2), keepdim=True).sqrt()) ** 2,
    "weight norm, last axis": lambda v, g: (
        (g * v / (v**2).sum(0, keepdim=True).sqrt()) ** 2
    ),
    "weight norm, whole": lambda v, g: (g * v / (v**2).sum().sqrt()) ** 2,
}


def derivatives(
    function: Callable, inputs: tuple[torch.Tensor, ...], order: int
) -> list[torch.Tensor]:
    """Differentiate along one fixed direction after the other."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    found = [function(*leaves)]
    for level in range(order):
        generator = torch.Generator().manual_seed(level)
        value = sum(
            (torch.randn(t.shape, generator=generator).to(t) * t).sum() for t in found
        )
        if not value.requires_grad:
            return [torch.zeros_like(x) for x in inputs]
        found = list(
            torch.autograd.grad(
                value, leaves, create_graph=True, materialize_grads=True
            )
        )
    return found


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("name", CASES)
def test_every_derivative_is_that_of_the_original(name: str, order: int) -> None:
    function, inputs = CASES[name]
    expected = derivatives(REFERENCES.get(name, function), inputs, order)
    with CheapSecondDerivatives():
        found = derivatives(function, inputs, order)
    scale = max(float(t.detach().abs().max()) for t in expected)
    for a, b in zip(found, expected, strict=True):
        # sums of up to 48 terms, differentiated four times
        assert (a - b).abs().max() <= 1e-11 * scale + 1e-15


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_of_a_kept_graph_agree_with_differences(name: str) -> None:
    function, inputs = CASES[name]
    leaves = [x.clone().requires_grad_() for x in inputs]
    with CheapSecondDerivatives():
        assert gradcheck(function, leaves)
        assert gradgradcheck(function, leaves)


def test_products_of_many_vectors_at_once() -> None:
    """Through vmap, whose tensors are not changed in place."""
    function, inputs = CASES["relu between layers"]
    leaves = [x.clone().requires_grad_() for x in inputs]
    with CheapSecondDerivatives():
        loss = function(*leaves).pow(3).sum()
        slopes = torch.autograd.grad(loss, leaves, create_graph=True)
        along = [numbers(4, *x.shape) for x in inputs]
        options = {"retain_graph": True}
        together = torch.autograd.grad(
            slopes, leaves, along, is_grads_batched=True, **options
        )
        for k in range(4):
            one = [v[k] for v in along]
            expected = torch.autograd.grad(slopes, leaves, one, **options)
            for a, b in zip(together, expected, strict=True):
                assert (a[k] - b).abs().max() <= 1e-13 * b.abs().max()


@pytest.mark.parametrize("name", [n for n in CASES if "batch" not in n])
def test_values_and_products_in_single_precision(name: str) -> None:
    function, inputs = CASES[name]
    single = tuple(x.float() for x in inputs)
    expected = derivatives(REFERENCES.get(name, function), inputs, 2)
    with CheapSecondDerivatives():
        found = derivatives(function, single, 2)
    scale = max(float(t.detach().abs().max()) for t in expected)
    for a, b in zip(found, expected, strict=True):
        assert (a.double() - b).abs().max() <= 1e-5 * scale


def test_what_cannot_be_replaced_is_left_alone() -> None:
    x = numbers(6, 3)
    mean, variance = torch.zeros(3).double(), torch.ones(3).double()
    with CheapSecondDerivatives():
        trained = functional.batch_norm(x, mean, variance, training=True)
        moved = functional.silu(y := x.clone(), inplace=True)
        with pytest.raises(RuntimeError, match="normalized_shape"):
            functional.layer_norm(x, (4,))
    assert trained.mean(0).abs().max() <= 1e-12
    assert mean.abs().max() > 0
    assert moved.data_ptr() == y.data_ptr()


@pytest.mark.filterwarnings("ignore:`torch.jit")  # PyTorch's own, on first use
def test_forward_mode_goes_by_the_original() -> None:
    x = numbers(6, 3)
    expected = torch.func.jvp(functional.gelu, (x,), (x,))[1]
    with CheapSecondDerivatives():
        found = torch.func.jvp(functional.gelu, (x,), (x,))[1]
    assert torch.equal(found, expected)


def test_they_work_under_vmap() -> None:
    rows = numbers(4, 3)

    def slope(row: torch.Tensor) -> torch.Tensor:
        hidden = functional.gelu(functional.layer_norm(row, (3,)))
        return (hidden * WEIGHT).sum()

    expected = torch.func.vmap(torch.func.grad(slope))(rows)
    with CheapSecondDerivatives():
        found = torch.func.vmap(torch.func.grad(slope))(rows)
    assert (found - expected).abs().max() <= 1e-13


@pytest.mark.parametrize("features", [3, 4])  # as many as there are, and one more
def test_layers_evaluated_again_have_the_same_derivatives(features: int) -> None:
    x, first, second = numbers(5, 3), numbers(3, 3), numbers(features, 3)

    def again(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        def evaluate(hidden: torch.Tensor) -> torch.Tensor:
            return functional.gelu(functional.linear(hidden, b))

        return checkpoint(evaluate, functional.linear(x, a), use_reentrant=False)

    def once(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return functional.gelu(x @ a.T @ b.T)

    expected = derivatives(once, (first, second), 2)
    with CheapSecondDerivatives():
        found = derivatives(again, (first, second), 2)
    for a, b in zip(found, expected, strict=True):
        assert (a - b).abs().max() <= 1e-13 * b.abs().max()
