"""Train a network by an optimiser of the damping study, and score it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from eigenscape.core import stream_seed
from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.risk.isolation import in_mode
from eigenscape.experiments.image_networks import ImageTask, accuracy
from eigenscape.optim.damped_adam import DampedAdam
from eigenscape.optim.damping import OptimalShrinkage, PublishedDamping
from eigenscape.optim.damping_learner import DampingLearner
from eigenscape.spectra.damping_study import DampedRun
from eigenscape.training.loop import TrainingConfig

Pair = tuple[torch.Tensor, torch.Tensor]

Optimiser = Literal["SGD", "Adam", "fixed damping", "published", "shrinkage"]

OPTIMISERS: tuple[Optimiser, ...] = (
    "SGD",
    "Adam",
    "fixed damping",
    "published",
    "shrinkage",
)
"""SGD with momentum; Adam; DampedAdam with a fixed δ and rates scaled by 1 + δ, by the
published rule with δ_min = δ, and by the best linear shrinkage."""

DAMPED: tuple[Optimiser, ...] = ("fixed damping", "published")
"""Those whose initial damping is tuned."""

_SCORED_AT_ONCE = 1000


@dataclass(frozen=True)
class ProbeConfig:
    """On which examples curvature is measured, and how often.

    Attributes:
        examples: Training examples of the probe set, the first ones; 1,024 as
            published.
        interval: Steps between measurements; the published default is 1, the interval
            of the published figures is not known.
    """

    examples: int = 1024
    interval: int = 50


@dataclass(frozen=True, eq=False)
class DampingTask:
    """A network with its training data, and data to choose settings by.

    Attributes:
        task: The network and images, as they come.
        held_out: Training examples used for validation, the last ones.
        used: Training examples used, the first ones; all that are left if 0.
    """

    task: ImageTask
    held_out: int
    used: int = 0

    @property
    def train(self) -> Pair:
        """Training data."""
        last = len(self.task.train[1]) - self.held_out
        count = min(self.used or last, last)
        return self.task.train[0][:count], self.task.train[1][:count]

    @property
    def validation(self) -> Pair:
        """Validation data."""
        first = len(self.task.train[1]) - self.held_out
        return self.task.train[0][first:], self.task.train[1][first:]


def train_damped(
    task: DampingTask,
    optimiser: Optimiser,
    training: TrainingConfig,
    probe: ProbeConfig,
    *,
    damping: float,
    run: int,
    seed: int,
) -> DampedRun:
    """Train a copy of a network once.

    Runs of one number see the same batches in the same order, whatever the optimiser.

    Args:
        task: The network and data.
        optimiser: Which optimiser.
        training: How; its learning rate is the base rate.
        probe: How curvature is measured.
        damping: Initial damping δ; not used by SGD, Adam and the best shrinkage.
        run: Number of the run.
        seed: Master seed.

    Returns:
        The errors at the end. A run whose loss is not finite has errors 1.
    """
    model = copy.deepcopy(task.task.model)
    generator = torch.Generator().manual_seed(stream_seed(seed, "probes", run))
    optimizer = _optimizer(model, optimiser, training, damping)
    learner = _learner(model, optimizer, optimiser, task, training, probe, generator)
    factor = 1 + damping if optimiser == "fixed damping" else 1.0
    record = partial(
        DampedRun, task.task.name, optimiser, damping, training.learning_rate, run
    )
    with in_mode(model, "train"), torch.random.fork_rng():
        for epoch in range(training.epochs):
            torch.manual_seed(stream_seed(seed, "noise", run, epoch))
            for group in optimizer.param_groups:
                group["lr"] = training.rate(epoch) * factor
            for inputs, targets in _batches(task, training, run, epoch, seed):
                optimizer.zero_grad()
                cross_entropy(model(inputs), targets).backward()
                optimizer.step()
                if learner is not None:
                    learner.step()
            if not all(bool(p.isfinite().all()) for p in model.parameters()):
                return record(None, 1.0, 1.0, 1.0, damping)
    train, validation, test = (
        1 - accuracy(model, pair, batch_size=_SCORED_AT_ONCE)
        for pair in (task.train, task.validation, task.task.test)
    )
    final = float(optimizer.param_groups[0].get("eps", 0.0))
    return record(_loss(model, task.train), train, validation, test, final)


def _optimizer(
    model: nn.Module, optimiser: Optimiser, training: TrainingConfig, damping: float
) -> torch.optim.Optimizer:
    options: dict[str, Any] = {
        "lr": training.learning_rate,
        "weight_decay": training.weight_decay,
    }
    if optimiser == "SGD":
        return torch.optim.SGD(
            model.parameters(), momentum=training.momentum, **options
        )
    if optimiser == "Adam":
        return torch.optim.Adam(model.parameters(), **options)
    return DampedAdam(model.parameters(), damping=damping or 1e-8, **options)


def _learner(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    optimiser: Optimiser,
    task: DampingTask,
    training: TrainingConfig,
    probe: ProbeConfig,
    generator: torch.Generator,
) -> DampingLearner | None:
    if optimiser not in {"published", "shrinkage"}:
        return None
    device = next(model.parameters()).device
    inputs, targets = (part[: probe.examples].to(device) for part in task.train)
    risk = EmpiricalRisk(
        model,
        cross_entropy,
        (inputs, targets),
        batch_size=training.batch_size,
        mode="train",
    )
    least = float(optimizer.param_groups[0]["eps"])
    rule, operator = (
        (PublishedDamping(least), Hessian(risk, check=False))
        if optimiser == "published"
        else (OptimalShrinkage(), GaussNewton(risk, check=False))
    )
    return DampingLearner(
        optimizer, rule, operator, generator=generator, interval=probe.interval
    )


def _batches(
    task: DampingTask, training: TrainingConfig, run: int, epoch: int, seed: int
) -> Iterator[Pair]:
    order = torch.Generator().manual_seed(stream_seed(seed, "order", run, epoch))
    changes = torch.Generator().manual_seed(stream_seed(seed, "augment", run, epoch))
    device = next(task.task.model.parameters()).device
    inputs, targets = task.train
    for chosen in torch.randperm(len(targets), generator=order).split(
        training.batch_size
    ):
        images = inputs[chosen]
        if task.task.augment is not None:
            images = task.task.augment(images, changes)
        yield images.to(device), targets[chosen].to(device)


def _loss(model: nn.Module, data: Pair) -> float:
    device = next(model.parameters()).device
    total = 0.0
    with torch.no_grad(), in_mode(model, "eval"):
        for inputs, targets in zip(
            *(part.split(_SCORED_AT_ONCE) for part in data), strict=True
        ):
            loss = cross_entropy(model(inputs.to(device)), targets.to(device))
            total += float(loss) * len(targets)
    return total / len(data[1])
