"""Networks, losses and data on which batches are predicted: small, and trained here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.training.data import mnist_digits

EXAMPLES = 2000
SYMBOLS = 10
LENGTH = 16

Pair = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """A network that is trained on its data for some epochs.

    Attributes:
        name: What it is.
        build: Makes the network; the global seed is set before.
        data: Makes inputs and targets.
        loss: The mean loss.
        epochs: How long it is trained, by Adam.
        rate: With which learning rate.
    """

    name: str
    build: Callable[[], nn.Module]
    data: Callable[[], Pair]
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    epochs: int
    rate: float = 1e-3

    def risk(self) -> EmpiricalRisk:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model, (inputs, targets) = self.build(), self.data()
            optimiser = torch.optim.Adam(model.parameters(), self.rate)
            for _ in range(self.epochs):
                for rows in torch.randperm(len(inputs)).split(64):
                    optimiser.zero_grad()
                    self.loss(model(inputs[rows]), targets[rows]).backward()
                    optimiser.step()
        return EmpiricalRisk(model, self.loss, (inputs, targets), batch_size=500)


def digits() -> Pair:
    split = mnist_digits(train=EXAMPLES, seed=0)
    return split.train_inputs, split.train_targets


def one_hot_digits() -> Pair:
    inputs, labels = digits()
    return inputs, functional.one_hot(labels, 10).float()


def commonest_symbol() -> Pair:
    """Which symbol of a random sequence occurs most often."""
    sequences = torch.randint(0, SYMBOLS, (EXAMPLES, LENGTH))
    counts = functional.one_hot(sequences, SYMBOLS).sum(1)
    return sequences, (counts + 0.01 * torch.rand(counts.shape)).argmax(1)


def smooth_function() -> Pair:
    inputs = torch.randn(EXAMPLES, 20)
    mixed = torch.tanh(inputs @ torch.randn(20, 8) / np.sqrt(20))
    return inputs, (mixed**2).sum(1, keepdim=True) + 0.1 * torch.randn(EXAMPLES, 1)


def mlp(activation: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 32),
        activation(),
        nn.Linear(32, 32),
        activation(),
        nn.Linear(32, 10),
    )


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 8, 5, stride=2),
        nn.GELU(),
        nn.Conv2d(8, 16, 5, stride=2),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 16)
        self.recurrent = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, SYMBOLS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.recurrent(self.embedding(x))[0][:, -1])


class Transformer(nn.Module):
    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, width)
        self.position = nn.Parameter(0.02 * torch.randn(LENGTH, width))
        layer = nn.TransformerEncoderLayer(
            width, 2, 4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, SYMBOLS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.embedding(x) + self.position).mean(1))


def regression() -> nn.Module:
    return nn.Sequential(nn.Linear(20, 48), nn.Tanh(), nn.Linear(48, 1))


CASES = (
    Case(
        "ReLU network, digits, trained",
        lambda: mlp(nn.ReLU),
        digits,
        functional.cross_entropy,
        6,
    ),
    Case(
        "ReLU network, digits, untrained",
        lambda: mlp(nn.ReLU),
        digits,
        functional.cross_entropy,
        0,
    ),
    Case(
        "tanh network, digits",
        lambda: mlp(nn.Tanh),
        digits,
        functional.cross_entropy,
        6,
    ),
    Case(
        "ReLU network, digits, squared error",
        lambda: mlp(nn.ReLU),
        one_hot_digits,
        functional.mse_loss,
        6,
    ),
    Case(
        "convolutional network, digits",
        convolutional,
        digits,
        functional.cross_entropy,
        6,
    ),
    Case(
        "GRU, sequences",
        Recurrent,
        commonest_symbol,
        functional.cross_entropy,
        15,
        3e-3,
    ),
    Case(
        "transformer, sequences",
        Transformer,
        commonest_symbol,
        functional.cross_entropy,
        15,
        3e-3,
    ),
    Case(
        "tanh network, regression",
        regression,
        smooth_function,
        functional.mse_loss,
        15,
        3e-3,
    ),
)
