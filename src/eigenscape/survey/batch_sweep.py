"""Sweep batch sizes: the largest eigenvalues of many batches, forecast and resumed."""

from __future__ import annotations

import functools
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.krylov.lanczos import Recurrence, ritz_of
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.residual import Residual
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.process import drive, take_steps
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.spectra.batch_sweep import BatchSweep
from eigenscape.spectra.ritz_outliers import ritz_outliers
from eigenscape.survey.measurement import stream_generator

Matrix = Literal["hessian", "gauss-newton", "residual"]

OPERATORS: dict[str, type[RiskOperator]] = {
    "hessian": Hessian,
    "gauss-newton": GaussNewton,
    "residual": Residual,
}

SIZES = tuple(2**k for k in range(11))
"""Default batch sizes, 1 … 1024. Default from the published code of the batch Hessian
pipeline of Baskerville et al. (2022), as draws, steps and count."""
DRAWS = 10
STEPS = 100
COUNT = 5

TOLERANCE = 1e-3
"""Residual, relative to the eigenvalue, at which it counts as found; it then errs by a
millionth over its relative gap."""

_CHECKED = 64
_TIMED_STEPS = 4


@dataclass(frozen=True)
class SweepSettings:
    """Which batches, and how their largest eigenvalues are found.

    Attributes:
        batch_sizes: Ascending batch sizes.
        draws: Independent batches of each size.
        steps: Most Lanczos steps a batch; fewer where the eigenvalues are found.
        count: Largest eigenvalues wanted.
        tolerance: Residual bound, relative to the eigenvalue, at which it is found.
        seed: Master seed of batches and start vectors.
    """

    batch_sizes: tuple[int, ...] = SIZES
    draws: int = DRAWS
    steps: int = STEPS
    count: int = COUNT
    tolerance: float = TOLERANCE
    seed: int = 0

    def __post_init__(self) -> None:
        sizes = self.batch_sizes
        ascending = all(a < b for a, b in itertools.pairwise(sizes))
        checks = (
            ("batch_sizes", bool(sizes) and sizes[0] >= 1 and ascending, "ascending"),
            ("draws", self.draws >= 1, "at least 1"),
            ("steps", self.steps >= self.count, "at least as many as count"),
            ("count", self.count >= 1, "at least 1"),
            ("tolerance", 0 < self.tolerance < 1, "a number in (0, 1)"),
        )
        for name, fine, expected in checks:
            if not fine:
                message = f"{name}: expected {expected}, got {getattr(self, name)}"
                raise ValueError(message)


@dataclass(frozen=True)
class SweepForecast:
    """What a sweep will take, from a few products timed.

    Attributes:
        products: Most products.
        seconds: Time of so many, with the work on vectors.
    """

    products: int
    seconds: float

    def __add__(self, other: SweepForecast) -> SweepForecast:
        return SweepForecast(
            self.products + other.products, self.seconds + other.seconds
        )

    def __str__(self) -> str:
        hours, rest = divmod(round(self.seconds), 3600)
        minutes, seconds = divmod(rest, 60)
        time_taken = (
            f"{hours} h {minutes} min"
            if hours
            else f"{minutes} min {seconds} s"
            if minutes
            else f"{seconds} s"
        )
        return f"at most {self.products:,} products in {time_taken}"


def sweep_batches(
    risk: EmpiricalRisk,
    matrix: Matrix,
    settings: SweepSettings,
    *,
    data: str = "train",
    name: str = "model",
    epoch: float = 0.0,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> BatchSweep:
    """Find the largest eigenvalues of many batches.

    Batches are drawn without replacement, independently for every size and draw: a
    fit over sizes then knows the errors of its means. The same examples and start
    vectors serve every matrix and every checkpoint of a model, so that differences
    between those are no sampling noise. Lanczos runs without reorthogonalisation,
    which at 300,000 parameters would cost ten times the products; copies are merged. It
    ends as soon as the eigenvalues are found.

    Args:
        risk: The risk on all the data.
        matrix: The Hessian, the Gauss-Newton matrix, or what is left of the one by
            the other.
        settings: Which batches.
        data: What to call the examples; a part of the name of random streams.
        name: What to call the checkpoint of the model.
        epoch: Epochs trained.
        checkpoint: A file from which an interrupted sweep goes on, to the same bits.
        progress: Whether to show a bar on standard error.

    Returns:
        The sweep. With batch norm in training mode b = 1 is left out, with a note.

    References:
        The batch pipeline of Baskerville et al. (2022), arXiv 2205.08601; Cullum and
        Willoughby (1981), J. Comput. Phys. 44, on Lanczos without
        reorthogonalisation.
    """
    _require(risk, matrix, settings)
    sizes, notes = _sizes(risk, settings)
    shape = (len(settings.batch_sizes), settings.draws, settings.count)
    table = torch.full((*shape, 2), torch.nan, dtype=torch.float64)
    products = torch.zeros(shape[:2], dtype=torch.int64)
    first = len(settings.batch_sizes) - len(sizes)

    starts = functools.lru_cache(1)(functools.partial(_start, risk, settings))

    def measure(step: int) -> None:
        draw, place = divmod(step, len(sizes))
        examples = _stream(settings, "batch", data, sizes[place], draw)
        batch = risk.subsample(sizes[place], examples)
        operator = OPERATORS[matrix](batch, check=False)
        found = _solve(operator, starts(draw), settings)
        table[first + place, draw] = torch.from_numpy(found[0])
        products[first + place, draw] = found[1]

    take_steps(
        measure,
        {"table": table, "products": products},
        len(sizes) * settings.draws,
        identity=f"{risk.fingerprint()} {matrix} {data} {settings}"
        if checkpoint
        else "",
        checkpoint=checkpoint,
        progress=progress,
    )
    return BatchSweep(
        checkpoint=name,
        epoch=epoch,
        data=data,
        matrix=matrix,
        population=risk.examples,
        batch_sizes=np.array(settings.batch_sizes, dtype=np.int64),
        values=table[..., 0].numpy().copy(),
        residuals=table[..., 1].numpy().copy(),
        products=products.numpy(),
        notes=notes,
    )


def forecast_sweep(
    risk: EmpiricalRisk, matrix: Matrix, settings: SweepSettings
) -> SweepForecast:
    """Forecast a sweep by timing steps at its smallest and its largest batch.

    A step is taken to cost a line in the batch size; sweeps that find their
    eigenvalues before the last step take less.

    Args:
        risk: The risk on all the data.
        matrix: The matrix.
        settings: Which batches.

    Returns:
        The forecast; what a sweep would refuse is refused here.
    """
    _require(risk, matrix, settings)
    sizes, _ = _sizes(risk, settings)
    ends = sorted({sizes[0], sizes[-1]})
    times = [_seconds(risk, matrix, settings, size) for size in ends]
    counts = len(sizes) * settings.draws * settings.steps
    mean = float(np.interp(np.mean(sizes), ends, times))
    return SweepForecast(counts, counts * mean)


def _solve(
    operator: RiskOperator, start: Float[torch.Tensor, " P"], settings: SweepSettings
) -> tuple[Float[np.ndarray, "k 2"], int]:
    """Find the eigenvalues of one batch, their residuals, and the products taken."""
    run = Recurrence(
        start,
        steps=settings.steps,
        reorthogonalise="none",
        stop=lambda alpha, beta: bool(
            np.isfinite(_found(alpha, beta, operator, settings)).all()
        ),
    )
    drive(run, operator)
    return _found(run.alpha, run.beta, operator, settings), run.products


def _start(
    risk: EmpiricalRisk, settings: SweepSettings, draw: int
) -> Float[torch.Tensor, " P"]:
    rows = gaussian(
        risk.size,
        1,
        generator=_stream(settings, "start", draw),
        dtype=risk.dtype,
        device=risk.device,
    )
    return rows[:, 0]


def _found(
    alpha: Float[np.ndarray, " m"],
    beta: Float[np.ndarray, " m"],
    operator: RiskOperator,
    settings: SweepSettings,
) -> Float[np.ndarray, "k 2"]:
    rule = ritz_of(alpha, beta)
    return np.stack(
        ritz_outliers(
            rule.values,
            rule.residuals,
            rule.weights,
            dimension=operator.size,
            count=settings.count,
            tolerance=settings.tolerance,
            rounding=torch.finfo(operator.dtype).eps,
        ),
        axis=1,
    )


def _seconds(
    risk: EmpiricalRisk, matrix: Matrix, settings: SweepSettings, size: int
) -> float:
    """Time a Lanczos step, after one run that builds the graphs."""
    batch = risk.subsample(size, _stream(settings, "forecast", size))
    operator = OPERATORS[matrix](batch, check=False)
    start = torch.ones(operator.size, dtype=operator.dtype, device=operator.device)
    taken = np.inf
    for _ in range(2):
        run = Recurrence(start, steps=_TIMED_STEPS, reorthogonalise="none")
        began = time.perf_counter()
        drive(run, operator)
        taken = (time.perf_counter() - began) / run.products
    return taken


def _sizes(
    risk: EmpiricalRisk, settings: SweepSettings
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Leave b = 1 out where batch norm would normalise an example by itself."""
    if not risk.couples_examples:
        return settings.batch_sizes, ()
    note = (
        "batch norm in training mode couples the examples of a batch: its matrix is no "
        "mean over examples, and the noise models do not apply literally"
    )
    if settings.batch_sizes[0] > 1:
        return settings.batch_sizes, (note,)
    alone = (
        "b = 1 is left out: batch norm in training mode would normalise an example by "
        "its own statistics, which leaves nothing of a channel of one pixel; measure "
        "with mode='eval' to have it"
    )
    return settings.batch_sizes[1:], (note, alone)


def _stream(settings: SweepSettings, *names: str | int) -> torch.Generator:
    return stream_generator(settings.seed, "sweep", *names)


def _require(risk: EmpiricalRisk, matrix: str, settings: SweepSettings) -> None:
    if matrix not in OPERATORS:
        message = f"matrix: expected one of {', '.join(OPERATORS)}, got {matrix!r}"
        raise ValueError(message)
    if settings.batch_sizes[-1] > risk.examples:
        message = (
            f"batch_sizes: expected at most the {risk.examples} examples of the data, "
            f"got {settings.batch_sizes[-1]}"
        )
        raise ValueError(message)
    if settings.batch_sizes == (1,) and risk.couples_examples:
        message = (
            "batch_sizes: expected more than b = 1 with batch norm in training mode, "
            "which normalises an example by itself; use mode='eval' or larger batches"
        )
        raise ValueError(message)
    few = min(_CHECKED, risk.examples)
    OPERATORS[matrix](risk.subsample(few, _stream(settings, "check")))  # proves itself
