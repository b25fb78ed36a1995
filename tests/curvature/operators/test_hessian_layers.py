"""Layers, losses and ways to compute against differences of plain gradients.

The other route is PyTorch's own first derivative in float64, differenced eight points
deep along random directions: it meets no second derivative.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, weight_norm

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.risk.data import as_arguments

COUNT = 6
STEPS = (1e-2, 1e-3, 1e-4)
"""Of differences: the shorter ones where a longer one crosses a kink."""

STENCIL = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
"""Of Fornberg (1988), Math. Comp. 51, Table 1: order 8."""


class Computed(nn.Module):
    """A function of modules and inputs."""

    def __init__(self, evaluate: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.evaluate = evaluate
        self.parts = nn.ModuleDict(modules)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.evaluate(self.parts, *inputs)


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(COUNT, *shape, dtype=torch.float64)


def words(*shape: int) -> torch.Tensor:
    return torch.randint(0, 6, (COUNT, *shape))


def embedded(**options: Any) -> nn.Module:
    return Computed(
        lambda p, x: p["head"](torch.tanh(p["words"](x)).mean(1)),
        words=nn.Embedding(6, 4, **options),
        head=nn.Linear(4, 3),
    )


def bagged(**options: Any) -> nn.Module:
    return nn.Sequential(nn.EmbeddingBag(6, 4, **options), nn.Tanh(), nn.Linear(4, 3))


def encoder() -> nn.Module:
    """A transformer that takes a route of its own in evaluation mode."""
    layer = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True, norm_first=False)
    return Computed(
        lambda p, x, hidden: p["head"](p["body"](x, src_key_padding_mask=hidden)[:, 0]),
        body=nn.TransformerEncoder(layer, 1),
        head=nn.Linear(8, 3),
    ).eval()


def padding_mask() -> torch.Tensor:
    hidden = torch.zeros(COUNT, 4, dtype=torch.bool)
    hidden[::2, 2:] = True
    return hidden


def mixed(p: Any, x: torch.Tensor) -> torch.Tensor:
    """Attention of grouped queries with an additive mask."""
    query, key, value = (
        p[name](x).unflatten(2, (-1, 2)).transpose(1, 2) for name in "qkv"
    )
    mask = torch.linspace(-1, 1, 16).view(4, 4).to(x)
    found = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, enable_gqa=True
    )
    return p["head"](found.transpose(1, 2).flatten(1))


def forces(p: Any, x: torch.Tensor) -> torch.Tensor:
    slope = torch.func.grad(lambda one: p["energy"](one).square().sum())
    return p["head"](torch.func.vmap(slope)(x))


def spectral(p: Any, x: torch.Tensor) -> torch.Tensor:
    return p["out"](torch.fft.irfft(torch.fft.rfft(p["in"](x)).exp() / 3, n=5))


def in_place(p: Any, x: torch.Tensor) -> torch.Tensor:
    hidden = p["in"](x)
    hidden.add_(1).mul_(0.5)
    bent = torch.tanh(hidden)
    copied = bent.clone()
    copied[:, 0] = bent[:, 1] * bent[:, 2]
    return p["out"](copied.mul_(hidden.sin()))


def both(p: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    found = p["out"](p["in"](x).sin())
    return {"kind": found[:, :3], "size": found[:, 3:]}


def ctc(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    log_probs = output.log_softmax(2).transpose(0, 1)
    steps, labels = ([n] * len(output) for n in (output.shape[1], targets.shape[1]))
    return functional.ctc_loss(log_probs, targets, steps, labels)


def two_tasks(output: Any, targets: Any) -> torch.Tensor:
    kinds = functional.cross_entropy(output["kind"], targets["kind"])
    return kinds + functional.huber_loss(output["size"], targets["size"])


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(weight_norm(nn.Linear(4, 5)), nn.Tanh(), nn.Linear(5, 3))


def dense(width: int = 3) -> dict[str, nn.Module]:
    return {"in": nn.Linear(4, 5), "out": nn.Linear(5, width)}


CLASSES = torch.tensor([0, 2, 1, 1, 0, 2])
Case = tuple[Callable[[], nn.Module], Any, Callable[[], Any], Any]
CASES: dict[str, Case] = {
    "encoder, evaluated, padded": (
        encoder,
        functional.cross_entropy,
        lambda: (rows(4, 8), padding_mask()),
        CLASSES,
    ),
    "attention of grouped queries": (
        lambda: Computed(
            mixed,
            q=nn.Linear(4, 4),
            k=nn.Linear(4, 2),
            v=nn.Linear(4, 2),
            head=nn.Linear(16, 3),
        ),
        functional.cross_entropy,
        lambda: rows(4, 4),
        CLASSES,
    ),
    "projected LSTM of both directions": (
        lambda: Computed(
            lambda p, x: p["head"](p["cells"](x)[0][:, -1]),
            cells=nn.LSTM(4, 3, proj_size=2, bidirectional=True, batch_first=True),
            head=nn.Linear(4, 3),
        ),
        functional.cross_entropy,
        lambda: rows(3, 4),
        CLASSES,
    ),
    "instance norm": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 2), nn.InstanceNorm2d(3, affine=True), nn.Flatten()
        ),
        functional.mse_loss,
        lambda: rows(2, 3, 3),
        torch.linspace(-1, 1, 72, dtype=torch.float64).view(6, 12),
    ),
    "old weight norm": (
        old_weight_norm,
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "orthogonal weights": (
        lambda: nn.Sequential(
            parametrizations.orthogonal(nn.Linear(4, 4)), nn.Tanh(), nn.Linear(4, 3)
        ),
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "padding": (
        lambda: embedded(padding_idx=-1),
        functional.cross_entropy,
        lambda: words(5),
        CLASSES,
    ),
    "sparse slopes": (
        lambda: embedded(sparse=True),
        functional.cross_entropy,
        lambda: words(5),
        CLASSES,
    ),
    "bags": (bagged, functional.cross_entropy, lambda: words(5), CLASSES),
    "greatest of bags": (
        lambda: bagged(mode="max", padding_idx=2),
        functional.cross_entropy,
        lambda: words(5),
        CLASSES,
    ),
    "distances": (
        lambda: Computed(
            lambda p, x: p["out"](torch.exp(-(torch.cdist(x, p["in"].weight) ** 2))),
            **dense(),
        ),
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "derivatives inside": (
        lambda: Computed(forces, energy=nn.Linear(4, 3), head=nn.Linear(4, 3)),
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "complex numbers inside": (
        lambda: Computed(spectral, **dense()),
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "operations in place": (
        lambda: Computed(in_place, **dense()),
        functional.cross_entropy,
        lambda: rows(4),
        CLASSES,
    ),
    "CTC loss": (
        lambda: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 4)),
        ctc,
        lambda: rows(5, 4),
        torch.tensor([[1, 1], [2, 3], [3, 3], [1, 2], [3, 1], [2, 2]]),
    ),
    "two tasks": (
        lambda: Computed(
            both,
            **dense(5),
        ),
        two_tasks,
        lambda: rows(4),
        {"kind": CLASSES, "size": torch.ones(6, 2).double()},
    ),
}


def by_differences(
    model: nn.Module, loss: Any, data: Any, direction: torch.Tensor, step: float
) -> torch.Tensor:
    inputs, targets = data
    params = list(model.parameters())
    start = [param.detach().clone() for param in params]
    pieces = direction.split([param.numel() for param in params])

    def gradient(length: float) -> torch.Tensor:
        with torch.no_grad():
            for param, value, piece in zip(params, start, pieces, strict=True):
                param.copy_(value + length * piece.view_as(value))
        value = loss(model(*as_arguments(inputs)[0]), targets)
        found = torch.autograd.grad(
            value, params, materialize_grads=True, allow_unused=True
        )
        return torch.cat([piece.to_dense().flatten() for piece in found])

    found = sum(
        weight / step * (gradient(k * step) - gradient(-k * step))
        for k, weight in enumerate(STENCIL, start=1)
    )
    gradient(0.0)
    return found


@pytest.mark.parametrize("name", CASES)
def test_products_are_those_of_differences(name: str) -> None:
    make, loss, inputs, targets = CASES[name]
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        model, other = make().double(), make().double()
        data = (inputs(), targets)
    other.load_state_dict(model.state_dict())
    operator = Hessian(EmpiricalRisk(model, loss, data, batch_size=4))
    generator = torch.Generator().manual_seed(0)
    vector = torch.randn(operator.size, generator=generator, dtype=torch.float64)
    if name == "padding":
        vector[5 * 4 : 6 * 4] = 0
    vector /= vector.norm()
    found = operator.matvec(vector)
    gaps: list[float] = []
    for step in STEPS:
        expected = by_differences(other, loss, data, vector, step)
        gaps.append(float((found - expected).norm() / expected.norm()))
    assert min(gaps) <= 1e-10  # ε over a step of 1e-4 or more, with room


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # PyTorch's own
@pytest.mark.parametrize("name", CASES)
def test_single_precision_is_right_to_five_digits(name: str) -> None:
    make, loss, inputs, targets = CASES[name]
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        model, single = make().double(), make().double()
        given = inputs()
    single.load_state_dict(model.state_dict())
    model.load_state_dict(single.float().state_dict())
    wide = Hessian(EmpiricalRisk(model, loss, (given, targets)), check=False)
    vector = torch.cos(torch.arange(wide.size, dtype=torch.float64))
    expected = wide.matvec(vector.float().double())

    def narrow(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: narrow(value) for key, value in tree.items()}
        if isinstance(tree, tuple):
            return tuple(map(narrow, tree))
        return tree.float() if tree.is_floating_point() else tree

    risk = EmpiricalRisk(single, loss, narrow((given, targets)))
    found = Hessian(risk, check=False).matvec(vector.float())
    assert (found - expected).norm() <= 1e-5 * expected.norm()
