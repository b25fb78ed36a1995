"""The workloads: networks in plain PyTorch on seeded synthetic data."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from itertools import starmap

import torch
from torch import nn
from torch.nn import functional

CLASSES = 10
TOKENS = 256
CONTEXT = 64
TRAINING_STEPS = 20


@dataclass(frozen=True)
class Workload:
    """A network, its mean loss and its data, which contestants may not change."""

    name: str
    model: nn.Module
    loss: nn.Module
    inputs: torch.Tensor
    targets: torch.Tensor
    batch_size: int

    @property
    def batches(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        pairs = zip(
            self.inputs.split(self.batch_size),
            self.targets.split(self.batch_size),
            strict=True,
        )
        return list(pairs)

    @property
    def size(self) -> int:
        return sum(param.numel() for param in self.model.parameters())

    def network(self) -> nn.Module:
        """Copy the network, so that no contestant meets what another left behind."""
        return copy.deepcopy(self.model)

    def vectors(self, count: int) -> torch.Tensor:
        """Draw unit vectors as columns, the same for every contestant."""
        generator = torch.Generator().manual_seed(1)
        rows = torch.randn(count, self.size, generator=generator)
        return functional.normalize(rows, dim=1).T.contiguous()


class TokenCrossEntropy(nn.CrossEntropyLoss):
    """The mean over all tokens; curvlinops reads ``reduction`` off the loss."""

    def forward(self, output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return super().forward(output.flatten(0, 1), targets.flatten())


def mlp(samples: int, *, batch_size: int | None = None) -> Workload:
    """MLP 784-256-256-10 with ReLU on ten noisy clusters, in the midst of training.

    Nine eigenvalues stand clear of the bulk then, one less than there are classes.
    """
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, CLASSES),
    )
    inputs, targets = _clusters(samples, (784,))
    loss = nn.CrossEntropyLoss()
    descent = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(TRAINING_STEPS):
        descent.zero_grad()
        loss(model(inputs), targets).backward()
        descent.step()
    descent.zero_grad()
    return Workload(
        f"MLP, {samples} samples",
        model,
        loss,
        inputs,
        targets,
        batch_size or samples,
    )


class _Block(nn.Module):
    """Two convolutions and a shortcut without parameters (He et al., 2016, A)."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        self.stride = stride
        self.padding = (0, 0, 0, 0, 0, outside - inside)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.first_norm(self.first(images)))
        shortcut = images[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, self.padding)
        return functional.relu(self.second_norm(self.second(hidden)) + shortcut)


class _ResidualNetwork(nn.Module):
    """ResNet-20 for images of 32 by 32."""

    def __init__(self) -> None:
        super().__init__()
        widths = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
        widths += [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.stem = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(*starmap(_Block, widths))
        self.head = nn.Linear(64, CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu(self.norm(self.stem(images)))
        return self.head(self.blocks(hidden).mean(dim=(2, 3)))


def resnet(images: int) -> Workload:
    """ResNet-20, its batch norms in evaluation mode with statistics of the data."""
    torch.manual_seed(0)
    model = _ResidualNetwork()
    inputs, targets = _clusters(images, (3, 32, 32))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(inputs)
    return Workload(
        f"ResNet-20, batch {images}",
        model.eval(),
        nn.CrossEntropyLoss(),
        inputs,
        targets,
        images,
    )


class _Attention(nn.Module):
    """Causal self-attention by an explicit softmax, which all contestants can run."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.joint = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        mask = torch.ones(CONTEXT, CONTEXT, dtype=torch.bool).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        sequences, tokens, width = hidden.shape
        joint = self.joint(hidden).view(sequences, tokens, 3, self.heads, -1)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(self.mask[:tokens, :tokens], float("-inf"))
        mixed = scores.softmax(-1) @ value
        return self.out(mixed.transpose(1, 2).reshape(sequences, tokens, width))


class _Layer(nn.Module):
    """A transformer layer with the norms in front."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = _Attention(width, heads)
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        hidden = hidden + self.attention(self.attention_norm(hidden))
        return hidden + self.narrow(functional.gelu(self.wide(self.norm(hidden))))


class _Transformer(nn.Module):
    """GPT of 2 layers, width 128, 4 heads, over 256 tokens: 470,528 parameters."""

    def __init__(self, width: int = 128, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.tokens = nn.Embedding(TOKENS, width)
        self.positions = nn.Embedding(CONTEXT, width)
        self.layers = nn.Sequential(*(_Layer(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, TOKENS, bias=False)
        for embedding in (self.tokens, self.positions):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        hidden = self.tokens(tokens) + self.positions(positions)
        return self.head(self.norm(self.layers(hidden)))


def gpt(sequences: int, *, batch_size: int | None = None) -> Workload:
    """Small GPT that predicts the next of 64 tokens of a random Markov chain."""
    torch.manual_seed(0)
    model = _Transformer()
    generator = torch.Generator().manual_seed(2)
    successors = torch.randint(TOKENS, (TOKENS, 4), generator=generator)
    chain = [torch.randint(TOKENS, (sequences,), generator=generator)]
    for _ in range(CONTEXT):
        turn = torch.randint(4, (sequences,), generator=generator)
        chain.append(successors[chain[-1], turn])
    text = torch.stack(chain, dim=1)
    return Workload(
        f"GPT, {sequences} x {CONTEXT} tokens",
        model,
        TokenCrossEntropy(),
        text[:, :-1].contiguous(),
        text[:, 1:].contiguous(),
        batch_size or sequences,
    )


def _clusters(
    samples: int, shape: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    centres = torch.randn(CLASSES, *shape, generator=generator)
    targets = torch.arange(samples) % CLASSES
    noise = torch.randn(samples, *shape, generator=generator)
    return (centres[targets] + noise) / math.sqrt(2), targets
