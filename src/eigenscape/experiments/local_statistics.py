"""Local statistics of exact Hessians, as published and above their resolution."""

from __future__ import annotations

import copy
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from tqdm import tqdm

from eigenscape.core import load, save, stream, stream_seed
from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.exact_spectrum import exact_spectrum
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.single_precision import single_precision_eigenvalues
from eigenscape.experiments.experiment import Experiment
from eigenscape.experiments.published_tasks import TaskConfig, published_task
from eigenscape.spectra.network_spectra import (
    BatchSpectra,
    HessianStatistics,
    compare_ratios,
)
from eigenscape.training import TrainingConfig, fit_model, restore

Stage = Literal["initialisation", "middle", "end"]
Part = Literal["train", "test"]

_MAX_ENTRIES = 21_000**2  # the largest published network has 20,060 parameters


@dataclass(frozen=True)
class LocalStatisticsConfig:
    """The network, its training, and the batches.

    Attributes:
        task: The network and its data.
        matrix: Which matrix.
        training: How the network is trained; the defaults are as published.
        stages: Checkpoints to measure.
        parts: Which data batches are cut from, in the order of the data.
        batch_size: Examples a batch; all data as one if 0.
        batches: Most batches of a part; all if 0.
        single: Whether to compute the published float32 spectra too.
        seed: Master seed.
    """

    task: TaskConfig = field(default_factory=TaskConfig)
    matrix: Literal["hessian", "gauss-newton"] = "hessian"
    training: TrainingConfig = field(
        default_factory=lambda: TrainingConfig(
            300, 128, 0.003, 0.9, 5e-4, "linear decay"
        )
    )
    stages: tuple[Stage, ...] = ("initialisation", "end")
    parts: tuple[Part, ...] = ("test",)
    batch_size: int = 64
    batches: int = 0
    single: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_size", "batches"):
            if getattr(self, name) < 0:
                message = f"{name}: expected at least 0, got {getattr(self, name)}"
                raise ValueError(message)
        for name in ("stages", "parts"):
            if not getattr(self, name):
                message = f"{name}: expected at least one, got none"
                raise ValueError(message)


def run(config: LocalStatisticsConfig, directory: Path) -> HessianStatistics:
    """Train a network, compute its spectra batch by batch, and compare statistics.

    Args:
        config: The configuration.
        directory: Keeps checkpoints and finished spectra, from which an interrupted
            run goes on. What is left is forecast on standard error.

    Returns:
        The spectra and their statistics.
    """
    generator = torch.Generator().manual_seed(stream_seed(config.seed, "model"))
    task = published_task(config.task, seed=config.seed, generator=generator)
    place = directory / "checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    checkpoints = fit_model(
        task.model,
        task.loss,
        task.parts["train"],
        config.training,
        seed=config.seed,
        directory=place,
    )
    sets: list[BatchSpectra] = []
    for checkpoint in checkpoints:
        if checkpoint.name not in config.stages:
            continue
        model = copy.deepcopy(task.model)
        restore(model, checkpoint)
        for part in config.parts:
            risk = EmpiricalRisk(model, task.loss, task.parts[part])
            found = _batch_spectra(config, risk, checkpoint.name, part, directory)
            sets.append(found)
    return HessianStatistics(
        task.name,
        task.data,
        config.matrix,
        sum(p.numel() for p in task.model.parameters()),
        checkpoints[-1].losses,
        tuple(
            compare_ratios(found, rng=stream(config.seed, "control", found.name))
            for found in sets
        ),
    )


def measure(found: HessianStatistics) -> dict[str, float]:
    """Compute what the acceptance is about.

    Args:
        found: The result.

    Returns:
        The quantities by name, over all stages and parts; NaN for what was not
        measured.
    """
    published = [s.published for s in found.sets if s.published is not None]
    means = [p.ratio_mean for p in published]
    resolved = [s.resolved for s in found.sets if s.resolved is not None]
    noise = [s.rounding.value for s in found.sets if s.rounding is not None]
    deviations = [
        (s.resolved.value - s.control.value)
        / math.hypot(s.resolved.standard_error, s.control.standard_error)
        for s in found.sets
        if s.resolved is not None and s.control is not None
    ]
    return {
        "published mean ratio, smallest": min(means, default=math.nan),
        "published mean ratio, largest": max(means, default=math.nan),
        "published total variation of ratios, largest": max(
            (p.ratio_total_variation for p in published), default=math.nan
        ),
        "share of published eigenvalues below their resolution, largest": max(
            s.rounding_share for s in found.sets
        ),
        "rounding alone, mean ratio, largest": max(noise, default=math.nan),
        "resolved eigenvalues a spectrum, fewest": min(
            float(s.resolved_counts.min()) for s in found.sets
        ),
        "resolved mean ratio, smallest": min(
            (e.value for e in resolved), default=math.nan
        ),
        "resolved: farthest from GOE of the same density, in standard errors": max(
            map(abs, deviations), default=math.nan
        ),
        "share of stages and parts judged GOE": float(
            np.mean([s.statistics.verdict.decision == "GOE" for s in found.sets])
        ),
        "training loss, last over first": found.losses[-1] / found.losses[0],
    }


def _batch_spectra(
    config: LocalStatisticsConfig,
    risk: EmpiricalRisk,
    stage: str,
    part: str,
    directory: Path,
) -> BatchSpectra:
    name = f"{stage}-{part}"
    found: list[BatchSpectra] = []
    batches = list(_batches(config, risk))
    forecast = False
    for index, batch in enumerate(tqdm(batches, name, disable=None, leave=False)):
        place = directory / "spectra" / name / f"{index:05d}"
        if not (place / "manifest.json").exists():
            begun = time.monotonic()
            save(_one_batch(config, batch, stage, part), place)
            if not forecast:
                left = len(batches) - index - 1
                seconds = left * (time.monotonic() - begun)
                line = f"{name}: {left} more spectra, about {seconds:.0f} s"
                tqdm.write(line, file=sys.stderr)
                forecast = True
        found.append(load(BatchSpectra, place))
    return BatchSpectra(
        stage,
        part,
        batches[0].examples,
        tuple(s for one in found for s in one.exact),
        tuple(s for one in found for s in one.single),
    )


def _one_batch(
    config: LocalStatisticsConfig, batch: EmpiricalRisk, stage: str, part: str
) -> BatchSpectra:
    kind = Hessian if config.matrix == "hessian" else GaussNewton
    operator: RiskOperator = kind(batch.with_batch_size(batch.examples), check=False)
    single: tuple[np.ndarray, ...] = ()
    if config.single:
        scale = float(batch.examples)
        single = (
            single_precision_eigenvalues(
                operator, scale=scale, max_entries=_MAX_ENTRIES
            ),
        )
    exact = (exact_spectrum(operator, max_entries=_MAX_ENTRIES),)
    return BatchSpectra(stage, part, batch.examples, exact, single)


def _batches(
    config: LocalStatisticsConfig, risk: EmpiricalRisk
) -> Iterator[EmpiricalRisk]:
    length = config.batch_size or risk.examples
    starts = range(0, risk.examples, length)
    for start in starts[: config.batches or None]:
        stop = min(start + length, risk.examples)
        yield risk.select(torch.arange(start, stop))


EXPERIMENT = Experiment(
    "local-statistics", LocalStatisticsConfig, HessianStatistics, run, measure
)
