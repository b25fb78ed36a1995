"""Train a model by stochastic gradient descent, and keep checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from tqdm import tqdm

from eigenscape.core import stream_seed
from eigenscape.curvature.risk.data import as_arguments, map_tensors
from eigenscape.curvature.risk.sources import examples_of
from eigenscape.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    restore,
    save_checkpoint,
)

Loss = Callable[[Any, Any], torch.Tensor]

Augment = Callable[[Any, torch.Generator], Any]

STAGES = ("initialisation", "middle", "end")

_FLAT, _DECAYED, _LEAST = 0.5, 0.9, 0.01


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained.

    The defaults but for `epochs` are those of the network on which our law of batch
    outliers was measured; twenty epochs take its training loss on 4,000 digits
    below 0.05.

    Attributes:
        epochs: Passes over the data, at least 2.
        batch_size: Examples a step.
        learning_rate: Learning rate of SGD, at the start.
        momentum: Heavy-ball momentum.
        weight_decay: L2 penalty in the update; not part of the loss surveyed.
        schedule: "constant", or "linear decay": constant for half of the epochs, then
            linear to a hundredth at nine tenths, then constant; from the public
            training code of Baskerville et al. (2022), arXiv 2205.08601, as are 300
            epochs, momentum 0.9, weight decay 5e-4 and batches of 128.
        checkpoint_every: Keep a checkpoint every so many epochs; those of `STAGES` if
            None.
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Literal["constant", "linear decay"] = "constant"
    checkpoint_every: int | None = None

    def __post_init__(self) -> None:
        checks = (
            ("epochs", self.epochs >= 2, "at least 2"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("learning_rate", self.learning_rate > 0, "a positive number"),
            ("momentum", 0 <= self.momentum < 1, "a number in [0, 1)"),
            ("weight_decay", self.weight_decay >= 0, "a non-negative number"),
            (
                "schedule",
                self.schedule in {"constant", "linear decay"},
                "'constant' or 'linear decay'",
            ),
            (
                "checkpoint_every",
                self.checkpoint_every is None or self.checkpoint_every >= 1,
                "at least 1",
            ),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)

    def rate(self, epoch: int) -> float:
        """Give the learning rate of an epoch.

        Args:
            epoch: Epochs trained before it.

        Returns:
            The learning rate.
        """
        if self.schedule == "constant":
            return self.learning_rate
        passed = (epoch / self.epochs - _FLAT) / (_DECAYED - _FLAT)
        left = 1 - (1 - _LEAST) * min(max(passed, 0.0), 1.0)
        return self.learning_rate * left

    def kept(self) -> dict[str, int]:
        """Say when checkpoints are kept.

        Returns:
            Epochs trained by name, in order.
        """
        every = self.checkpoint_every
        if every is None:
            return dict(zip(STAGES, (0, self.epochs // 2, self.epochs), strict=True))
        epochs = sorted({*range(0, self.epochs, every), self.epochs})
        return {f"epoch-{epoch}": epoch for epoch in epochs}


def fit_model(
    model: nn.Module,
    loss: Loss,
    data: object,
    config: TrainingConfig,
    *,
    seed: int,
    directory: Path | None = None,
    augment: Augment | None = None,
) -> tuple[Checkpoint, ...]:
    """Train a model and keep checkpoints: at the start, on the way and at the end.

    The order of examples in epoch e is the stream (seed, "training", "order", e), so
    a run that was interrupted goes on from its last epoch to the same bits.

    Args:
        model: The model; trained in place, in training mode; its mode is restored.
        loss: Maps output and target to the mean loss of a batch.
        data: What `EmpiricalRisk` takes: a map-style data set of (input, target)
            pairs, or two equally long tensors.
        config: How to train.
        seed: The master seed.
        directory: Where to keep checkpoints, and to find those of an earlier,
            interrupted call; nowhere when None.
        augment: Changes a minibatch of inputs at random, drawing from a generator; none
            when None.

    Returns:
        The checkpoints that `TrainingConfig.kept` names.
    """
    mode = model.training
    model.train()
    kept: list[Checkpoint] = []
    for name, epoch in config.kept().items():
        path = None if directory is None else directory / f"{name}.safetensors"
        if path is not None and path.exists():
            kept.append(load_checkpoint(path))
            continue
        latest = None if directory is None else directory / "latest.safetensors"
        start = kept[-1] if kept else _snapshot(name, model)
        if latest is not None and latest.exists():
            reached = load_checkpoint(latest)
            start = reached if start.epoch <= reached.epoch <= epoch else start
        run = _Run(model, loss, data, config, seed, latest, augment)
        checkpoint = run.train(start, name, epoch)
        if path is not None:
            save_checkpoint(checkpoint, path)
        kept.append(checkpoint)
    restore(model, kept[-1])
    model.train(mode)
    return tuple(kept)


@dataclass(frozen=True)
class _Run:
    """What does not change from epoch to epoch."""

    model: nn.Module
    loss: Loss
    data: object
    config: TrainingConfig
    seed: int
    latest: Path | None
    augment: Augment | None

    def train(self, start: Checkpoint, name: str, last: int) -> Checkpoint:
        restore(self.model, start)
        parameters = dict(self.model.named_parameters())
        optimiser = torch.optim.SGD(
            parameters.values(),
            lr=self.config.learning_rate,
            momentum=self.config.momentum,
            weight_decay=self.config.weight_decay,
        )
        for key, buffer in start.momentum.items():
            optimiser.state[parameters[key]]["momentum_buffer"] = buffer.clone()
        checkpoint = replace(start, name=name)
        epochs = range(start.epoch, last)
        for epoch in tqdm(epochs, f"training to {name}", disable=None, leave=False):
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate(epoch)
            losses = (*checkpoint.losses, self._epoch(optimiser, epoch))
            buffers = {
                key: optimiser.state[p]["momentum_buffer"].detach().clone()
                for key, p in parameters.items()
                if optimiser.state[p].get("momentum_buffer") is not None
            }
            checkpoint = _snapshot(name, self.model, epoch + 1, buffers, losses)
            if self.latest is not None:
                save_checkpoint(checkpoint, self.latest)
        return checkpoint

    def _epoch(self, optimiser: torch.optim.Optimizer, epoch: int) -> float:
        total, count = 0.0, 0
        with torch.random.fork_rng():
            torch.manual_seed(stream_seed(self.seed, "training", "noise", epoch))
            for inputs, targets, size in self._batches(epoch):
                optimiser.zero_grad()
                arguments, named = as_arguments(inputs)
                value = self.loss(self.model(*arguments, **named), targets)
                value.backward()
                optimiser.step()
                total += float(value.detach()) * size
                count += size
        mean = total / count
        if not math.isfinite(mean):
            message = (
                f"training: expected a finite loss, got {mean} in epoch {epoch + 1}; "
                f"lower the learning rate {self.config.learning_rate}"
            )
            raise ValueError(message)
        return mean

    def _batches(self, epoch: int) -> Iterator[tuple[Any, Any, int]]:
        generator = torch.Generator()
        generator.manual_seed(stream_seed(self.seed, "training", "order", epoch))
        changes = torch.Generator()
        changes.manual_seed(stream_seed(self.seed, "training", "augment", epoch))
        examples = examples_of(self.data)
        device = next(self.model.parameters()).device
        order = torch.randperm(len(examples), generator=generator)
        for chosen in order.split(self.config.batch_size):
            *pair, count = next(examples.select(chosen).walk(len(chosen)))
            inputs, targets = map_tensors(lambda t: t.to(device), pair)
            if self.augment is not None:
                inputs = self.augment(inputs, changes)
            yield inputs, targets, count


def _snapshot(
    name: str,
    model: nn.Module,
    epoch: int = 0,
    momentum: dict[str, torch.Tensor] | None = None,
    losses: tuple[float, ...] = (),
) -> Checkpoint:
    state = {k: v.detach().clone() for k, v in model.state_dict().items()}
    return Checkpoint(name, epoch, state, momentum or {}, losses)
