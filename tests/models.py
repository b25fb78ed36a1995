"""Small models of many kinds, and their dense second derivatives by other routes."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before = nn.LayerNorm(4)
        self.project = nn.Linear(4, 12, bias=False)
        self.after = nn.LayerNorm(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.project(self.before(x))[:, None].chunk(3, dim=-1)
        mixed = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True
        )
        return self.head(functional.gelu(self.after(x + mixed[:, 0]))).mean(1)


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.cells = kind(4, 3, batch_first=True)
        self.head = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.cells(x)[0][:, -1])


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Linear(4, 3)
        self.decode = nn.Linear(3, 4)
        self.again = nn.Linear(4, 3)
        self.again.weight = self.encode.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.decode(torch.tanh(self.encode(x))))
        return self.again(hidden)[:, :2]


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Linear(2, 2)
        self.inner = mlp()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = mlp()

    def forward(self, *, first: torch.Tensor, nested: list) -> torch.Tensor:
        return self.inner(first + nested[0] * nested[1]["deep"])


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))


def convolutional(norm: nn.Module) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 2, 2), norm, nn.GELU(), nn.Flatten(), nn.Linear(8, 2)
    )


def frozen() -> nn.Module:
    model = mlp()
    model[0].bias.requires_grad_(False)
    return model


VECTOR, SEQUENCE, IMAGE = (10, 4), (10, 3, 4), (10, 1, 3, 3)
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (mlp, VECTOR),
    "transformer": (Transformer, SEQUENCE),
    "batch norm, training": (lambda: convolutional(nn.BatchNorm2d(2)), IMAGE),
    "batch norm, evaluation": (lambda: convolutional(nn.BatchNorm2d(2)).eval(), IMAGE),
    "group norm": (lambda: convolutional(nn.GroupNorm(2, 2)), IMAGE),
    "gru": (lambda: Recurrent(nn.GRU), SEQUENCE),
    "lstm": (lambda: Recurrent(nn.LSTM), SEQUENCE),
    "tied": (Tied, VECTOR),
    "unused": (Unused, VECTOR),
    "frozen": (frozen, VECTOR),
}


def problem(name: str) -> tuple[nn.Module, tuple[torch.Tensor, torch.Tensor]]:
    make, shape = MODELS[name]
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        model = make().double()
        for param in model.parameters():
            with torch.no_grad():
                param.add_(0.3 * torch.randn_like(param))
        return model, (torch.randn(shape).double(), torch.randint(0, 2, shape[:1]))


def trainable(model: nn.Module) -> list[nn.Parameter]:
    return [param for param in model.parameters() if param.requires_grad]


def by_double_loop(
    model: nn.Module, data: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    model = copy.deepcopy(model)
    params = trainable(model)
    with sdpa_kernel(SDPBackend.MATH):
        loss = functional.cross_entropy(model(data[0]), data[1])
    options = {"allow_unused": True, "materialize_grads": True}
    gradient = torch.autograd.grad(loss, params, create_graph=True, **options)
    rows = [
        torch.cat([
            piece.flatten()
            for piece in torch.autograd.grad(
                entry, params, retain_graph=True, **options
            )
        ])
        if entry.requires_grad
        else torch.zeros(sum(param.numel() for param in params), dtype=entry.dtype)
        for entry in torch.cat([piece.flatten() for piece in gradient])
    ]
    return torch.stack(rows)


def jacobian(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Differentiate every output in every parameter: (n, C, P)."""
    model = copy.deepcopy(model)
    params = trainable(model)
    with sdpa_kernel(SDPBackend.MATH):
        output = model(inputs)
    rows = [
        torch.cat([
            piece.flatten()
            for piece in torch.autograd.grad(
                entry,
                params,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        ])
        for entry in output.flatten()
    ]
    return torch.stack(rows).view(*output.shape, -1)
