"""Outliers of batch Hessians against batch size, along training."""

from __future__ import annotations

import copy
import functools
import operator
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from eigenscape.core import stream_seed
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.image_networks import (
    ImagesConfig,
    ImageTask,
    NetworkConfig,
    accuracy,
    image_task,
)
from eigenscape.optim.batch_norm_statistics import recompute_batch_norm
from eigenscape.spectra.batch_outliers import BatchOutliers, FittedSweep, fit_sweep
from eigenscape.survey.batch_sweep import (
    COUNT,
    DRAWS,
    SIZES,
    STEPS,
    TOLERANCE,
    Matrix,
    SweepForecast,
    SweepSettings,
    forecast_sweep,
    sweep_batches,
)
from eigenscape.training.checkpoint import Checkpoint, restore
from eigenscape.training.loop import TrainingConfig, fit_model

Part = Literal["train", "test"]


@dataclass(frozen=True)
class BatchOutliersConfig:
    """The network, its training, and the batches.

    Attributes:
        network: Which network.
        images: Which images.
        training: How it is trained.
        epochs: Checkpoints to sweep, by the epochs trained; all that are kept if empty.
        matrices: Which matrices.
        parts: Which data batches are drawn from.
        mode: Whether batch norm and dropout evaluate or train in the sweeps. Batch norm
            that evaluates has the statistics of the training data at the weights of the
            checkpoint, as published. Training networks with dropout have no Hessian, as
            no two evaluations agree.
        batch_sizes: Ascending batch sizes.
        draws: Independent batches of each size.
        steps: Most Lanczos steps a batch.
        count: Outliers followed.
        tolerance: Residual, relative to the eigenvalue, at which it is found.
        minibatch: Most examples pushed through the network at once.
        device: "cpu" or an accelerator's name.
        seed: Master seed.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    images: ImagesConfig = field(default_factory=ImagesConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    epochs: tuple[int, ...] = ()
    matrices: tuple[Matrix, ...] = ("hessian", "gauss-newton", "residual")
    parts: tuple[Part, ...] = ("train", "test")
    mode: Literal["eval", "train"] = "eval"
    batch_sizes: tuple[int, ...] = SIZES
    draws: int = DRAWS
    steps: int = STEPS
    count: int = COUNT
    tolerance: float = TOLERANCE
    minibatch: int = 1024
    device: str = "cpu"
    seed: int = 0

    @property
    def sweep(self) -> SweepSettings:
        """Which batches, as a sweep takes them."""
        return SweepSettings(
            self.batch_sizes,
            self.draws,
            self.steps,
            self.count,
            self.tolerance,
            self.seed,
        )


def run(config: BatchOutliersConfig, directory: Path) -> BatchOutliers:
    """Train the network, sweep its checkpoints, and fit the published form.

    Checkpoints and finished sweeps are kept in the directory, where an interrupted run
    goes on. The forecast is printed to standard error before anything is trained.

    Args:
        config: The configuration.
        directory: The run directory.

    Returns:
        The sweeps and fits.
    """
    began = time.perf_counter()
    epochs = _epochs(config)
    generator = torch.Generator().manual_seed(stream_seed(config.seed, "model"))
    task = image_task(
        config.network, config.images, seed=config.seed, generator=generator
    )
    task.model.to(config.device)
    once = _forecast(config, task)
    tqdm.write(f"sweeps of {task.name}: {len(epochs)} × {once}", file=sys.stderr)
    kept = fit_model(
        task.model,
        cross_entropy,
        task.train,
        config.training,
        seed=config.seed,
        directory=directory / "checkpoints",
        augment=task.augment,
    )
    chosen = tuple(c for c in kept if c.epoch in epochs)
    sweeps = tuple(_sweeps(config, task, chosen, directory))
    shares = [
        accuracy(task.model, data, batch_size=config.minibatch)
        for data in (task.train, task.test)
    ]
    return BatchOutliers(
        model=task.name,
        parameters=sum(p.numel() for p in task.model.parameters()),
        data=task.data,
        train_accuracy=shares[0],
        test_accuracy=shares[1],
        losses=kept[-1].losses,
        sweeps=sweeps,
        forecast_seconds=len(epochs) * once.seconds,
        seconds=time.perf_counter() - began,
    )


def measure(result: BatchOutliers) -> Mapping[str, float]:
    """Compute what the acceptance is about.

    Args:
        result: The sweeps.

    Returns:
        Quantities by name; those of fits are NaN where nothing was fitted.
    """
    last = result.pick("hessian", "train")[-1].sweep
    ratio = last.means[:, 0] / last.means[-1, 0]
    hessians = [s for s in result.sweeps if s.sweep.matrix == "hessian"]
    fits = [s.fit for s in hessians if s.fit is not None]
    explained = [fit.explained for fit in fits]
    found = [_share_found(s) for s in result.sweeps]
    worst = [_worst_residual(s) for s in result.sweeps]
    quantities = {
        "share of eigenvalues found": min(found),
        "largest relative residual": max(worst),
        "test accuracy": result.test_accuracy,
        "largest eigenvalue, smallest over largest batch": float(
            ratio[np.isfinite(ratio)][0]
        ),
        "share explained by the published form, median": _median(explained),
        "share of Hessian fits that identify υ": float(
            np.mean([
                s.fit is not None and s.fit.exponent is not None for s in hessians
            ])
        ),
    }
    gauss = result.pick("gauss-newton", "train")
    if gauss:
        gap = np.abs(gauss[-1].sweep.means[-1, 0] / last.means[-1, 0] - 1)
        quantities["Hessian against Gauss-Newton, largest eigenvalue"] = float(gap)
    return quantities


def _forecast(config: BatchOutliersConfig, task: ImageTask) -> SweepForecast:
    """Forecast the sweeps of one checkpoint, by the network before training."""
    return functools.reduce(
        operator.add,
        (
            forecast_sweep(_risk(config, task, part), matrix, config.sweep)
            for part in config.parts
            for matrix in config.matrices
        ),
    )


def _sweeps(
    config: BatchOutliersConfig,
    task: ImageTask,
    chosen: tuple[Checkpoint, ...],
    directory: Path,
) -> Iterator[FittedSweep]:
    model = copy.deepcopy(task.model)
    inputs = task.train[0].split(config.training.batch_size)
    for checkpoint in chosen:
        restore(model, checkpoint)
        recompute_batch_norm(model, (batch for batch in inputs if len(batch) > 1))
        for part in config.parts:
            risk = _risk(config, replace(task, model=model), part)
            for matrix in config.matrices:
                name = f"{checkpoint.name}-{part}-{matrix}.safetensors"
                sweep = sweep_batches(
                    risk,
                    matrix,
                    config.sweep,
                    data=part,
                    name=checkpoint.name,
                    epoch=float(checkpoint.epoch),
                    checkpoint=directory / "sweeps" / name,
                    progress=sys.stderr.isatty(),
                )
                yield fit_sweep(sweep)


def _risk(config: BatchOutliersConfig, task: ImageTask, part: Part) -> EmpiricalRisk:
    data = task.train if part == "train" else task.test
    return EmpiricalRisk(
        task.model, cross_entropy, data, batch_size=config.minibatch, mode=config.mode
    )


def _epochs(config: BatchOutliersConfig) -> tuple[int, ...]:
    known = tuple(config.training.kept().values())
    missing = [epoch for epoch in config.epochs if epoch not in known]
    if missing:
        message = (
            f"epochs: expected some of {list(known)}, which are kept, got {missing}; "
            "change training.checkpoint_every"
        )
        raise ValueError(message)
    return tuple(sorted(set(config.epochs))) or known


def _share_found(fitted: FittedSweep) -> float:
    """Count what was found, but for sizes left out."""
    values = fitted.sweep.values[fitted.sweep.products.sum(1) > 0]
    return float(np.isfinite(values).mean())


def _worst_residual(fitted: FittedSweep) -> float:
    values, residuals = fitted.sweep.values, fitted.sweep.residuals
    known = np.isfinite(values)
    return float((residuals[known] / np.abs(values[known])).max(initial=0.0))


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


EXPERIMENT = Experiment(
    name="batch-outliers",
    config=BatchOutliersConfig,
    result=BatchOutliers,
    run=run,
    measure=measure,
)
