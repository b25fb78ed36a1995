"""Train a network by a method of the averaging study, and score it and its averages."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from tqdm import tqdm

from eigenscape.core import stream_seed, write_atomically
from eigenscape.curvature.risk.isolation import in_mode
from eigenscape.experiments.image_networks import ImageTask
from eigenscape.landscape.averaging_study import AveragedRun
from eigenscape.optim.averaging import IterateAverage
from eigenscape.optim.averaging_schedule import annealing_schedule, averaging_schedule
from eigenscape.optim.batch_norm_statistics import recomputed_batch_norm
from eigenscape.optim.gadam import Gadam, GadamX

Pair = tuple[torch.Tensor, torch.Tensor]

_MOMENTUM = 0.9
_SCORED_AT_ONCE = 1000


@dataclass(frozen=True)
class AveragingMethod:
    """An optimiser, whether its iterates are averaged, and the settings to choose from.

    Attributes:
        name: What it is called.
        optimiser: SGD of momentum 0.9 or Adam with an L2 penalty, Adam or partially
            adaptive Adam with decoupled decay.
        averaged: Whether the rate stays at `ratio` for averaging, and the average is
            what counts; it falls to a hundredth otherwise.
        learning_rates: To be tried.
        weight_decays: To be tried with each.
        ratio: The rate of averaging over the initial one, as published.
    """

    name: str
    optimiser: Literal["sgd", "adam", "adamw", "padamw"]
    averaged: bool
    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]
    ratio: float = 0.5

    @property
    def settings(self) -> tuple[tuple[float, float], ...]:
        """Learning rates and weight decays to try, in pairs."""
        return tuple((r, d) for r in self.learning_rates for d in self.weight_decays)

    def optimiser_of(
        self, model: torch.nn.Module, rate: float, decay: float
    ) -> Optimizer:
        """Make the optimiser.

        Args:
            model: Its parameters are trained.
            rate: Learning rate.
            decay: Weight decay.

        Returns:
            The optimiser.
        """
        parameters = list(model.parameters())
        if self.optimiser == "sgd":
            return torch.optim.SGD(parameters, rate, _MOMENTUM, weight_decay=decay)
        if self.optimiser == "adam":
            return torch.optim.Adam(parameters, rate, weight_decay=decay)
        kind = Gadam if self.optimiser == "adamw" else GadamX
        return kind(parameters, rate, weight_decay=decay)


@dataclass(frozen=True)
class AveragedTraining:
    """How networks of the study are trained.

    Attributes:
        epochs: Passes over the data. As published.
        batch_size: Examples a step. As published.
        start: Epochs before averaging. As published, 161 of 300.
        frequencies: Epochs from one iterate averaged to the next, for each average; 0
            for every step. Methods are tuned for the first, as published once an epoch.
        keep_every: Epochs from one state kept, for a resumed run, to the next; 0 to
            keep none.
    """

    epochs: int = 300
    batch_size: int = 128
    start: int = 161
    frequencies: tuple[float, ...] = (1.0,)
    keep_every: int = 1

    def __post_init__(self) -> None:
        checks = (
            ("start", 0 < self.start < self.epochs, "between 0 and the epochs"),
            ("batch_size", self.batch_size >= 2, "at least 2"),
            ("frequencies", len(self.frequencies) >= 1, "at least one"),
            ("keep_every", self.keep_every >= 0, "at least 0"),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)


@dataclass(frozen=True, eq=False)
class AveragedTrial:
    """One run: a network from its initial weights, a method and a setting.

    Attributes:
        task: The network and its images; trained in place.
        train: What it is trained on.
        validation: What it is validated on; possibly empty.
        method: How.
        setting: Learning rate and weight decay.
        training: How long.
        seed: Of the order of examples and their augmentation.
    """

    task: ImageTask
    train: Pair
    validation: Pair
    method: AveragingMethod
    setting: tuple[float, float]
    training: AveragedTraining
    seed: int

    def run(self, state: Path) -> AveragedRun:
        """Train and score.

        Args:
            state: The file that keeps the state of an interrupted run; removed at the
                end.

        Returns:
            The scores of the last iterate, then of each average. Training that has
            diverged is scored where it is.
        """
        model, training = self.task.model, self.training
        optimiser = self.method.optimiser_of(model, *self.setting)
        if self.method.averaged:
            scheduler = averaging_schedule(
                optimiser, start=training.start, ratio=self.method.ratio
            )
        else:
            scheduler = annealing_schedule(optimiser, length=training.epochs)
        parts: dict[str, Any] = {
            "model": model,
            "optimiser": optimiser,
            "scheduler": scheduler,
        }
        averages = self._averages()
        parts |= {f"average {i}": average for i, average in enumerate(averages)}
        losses = _restored(parts, state)
        model.train()
        for epoch in tqdm(
            range(len(losses), training.epochs), "epochs", disable=None, leave=False
        ):
            losses.append(self._epoch(optimiser, averages, epoch))
            scheduler.step()
            keep = training.keep_every
            if keep and (epoch + 1) % keep == 0:
                _keep(parts, losses, state)
        found = self._scored(averages, losses)
        state.unlink(missing_ok=True)
        return found

    def _averages(self) -> list[IterateAverage]:
        training = self.training
        whole, rest = divmod(len(self.train[1]), training.batch_size)
        steps = whole + (rest > 1)
        return [
            IterateAverage(
                self.task.model,
                start=training.start * steps,
                every=max(1, round(frequency * steps)),
            )
            for frequency in training.frequencies
        ]

    def _epoch(
        self, optimiser: Optimizer, averages: list[IterateAverage], epoch: int
    ) -> float:
        model, total, count = self.task.model, 0.0, 0
        for inputs, targets in self._batches(epoch):
            optimiser.zero_grad()
            value = cross_entropy(model(inputs), targets)
            value.backward()
            optimiser.step()
            for average in averages:
                average.step()
            total += float(value.detach()) * len(targets)
            count += len(targets)
        return total / count

    def _batches(self, epoch: int) -> Iterator[Pair]:
        order, changes = (
            torch.Generator().manual_seed(
                stream_seed(self.seed, "training", kind, epoch)
            )
            for kind in ("order", "augment")
        )
        device = next(self.task.model.parameters()).device
        shuffled = torch.randperm(len(self.train[1]), generator=order)
        for chosen in shuffled.split(self.training.batch_size):
            inputs, targets = (part[chosen].to(device) for part in self.train)
            if self.task.augment is not None:
                inputs = self.task.augment(inputs, changes)
            if len(targets) > 1:
                yield inputs, targets

    def _scored(
        self, averages: list[IterateAverage], losses: list[float]
    ) -> AveragedRun:
        scores = [self._score()]
        for average in averages:
            with average.swapped():
                scores.append(self._score())
        validation_errors, validation_losses, test_errors, test_losses = np.array(
            scores
        ).T
        return AveragedRun(
            validation_errors,
            validation_losses,
            test_errors,
            test_losses,
            np.array(losses),
        )

    def _score(self) -> list[float]:
        model = self.task.model
        inputs = self.train[0].split(self.training.batch_size)
        whole = (batch for batch in inputs if len(batch) > 1)
        with recomputed_batch_norm(model, whole, trained="model"):
            parts = (self.validation, self.task.test)
            return [score for part in parts for score in _error_and_loss(model, part)]


def _error_and_loss(model: torch.nn.Module, data: Pair) -> tuple[float, float]:
    if not len(data[1]):
        return math.nan, math.nan
    device = next(model.parameters()).device
    wrong, total = 0, 0.0
    with torch.no_grad(), in_mode(model, "eval"):
        for chosen in torch.arange(len(data[1])).split(_SCORED_AT_ONCE):
            inputs, expected = (part[chosen].to(device) for part in data)
            outputs = model(inputs)
            wrong += int((outputs.argmax(1) != expected).sum())
            total += float(cross_entropy(outputs, expected, reduction="sum"))
    return wrong / len(data[1]), total / len(data[1])


def _keep(parts: dict[str, Any], losses: list[float], state: Path) -> None:
    states = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save({"losses": losses, "states": states}, buffer)
    state.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(state, buffer.getvalue())


def _restored(parts: dict[str, Any], state: Path) -> list[float]:
    """Put a kept state into the parts, and return its losses."""
    if not state.exists():
        return []
    kept = torch.load(state, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(kept["states"][name])
    return list(kept["losses"])
