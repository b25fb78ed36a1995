"""The log-determinant of a shifted operator, by stochastic Lanczos quadrature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.curvature.estimators.columns import Columns
from eigenscape.curvature.estimators.vector_sets import sphere
from eigenscape.curvature.krylov.lanczos import BREAKDOWN, Recurrence, Ritz, ritz_of
from eigenscape.curvature.krylov.lockstep import Lockstep
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.process import drive

EXACT_SIZE = 2000
"""Largest P of which all eigenvalues are computed where the products suffice: one
thread takes about two seconds for them."""

SLOWEST = 0.9
"""Largest ratio of two halvings that is believed: the bias is then nine times the
last."""


def log_determinant(
    operator: LinearOperator,
    *,
    shift: float,
    probes: int,
    steps: int,
    generator: torch.Generator,
    lower_bound: float | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> Estimate:
    """Estimate log det(A + sI) = ∑ᵢ log(λᵢ + s), in natural units.

    Each probe v, uniform on the sphere of radius √P, gives v·log(A + sI)v through the
    Gauss rule of m Lanczos steps, whose mean over v is the log-determinant but for the
    rule's own bias. The even derivatives of the logarithm are negative, so that the
    Gauss rule errs upwards and falls with m; with a node prescribed at a lower bound of
    the spectrum (Gauss-Radau) it errs downwards.

    The standard error is a sum: that of the mean over probes, and the bias. Given a
    ``lower_bound``, the value is the middle of the two rules, and half their distance
    bounds the bias. Without one, the value is the Gauss rule's, and its bias is
    extrapolated from the rules of a half and a quarter of the steps; eigenvalues that
    no step has begun to resolve stay unknown. The rounding of the products is in
    neither. An operator that is seen not to be positive definite is refused, with a
    shift that would do; a negative eigenvalue that no probe sees goes unnoticed.

    Args:
        operator: The symmetric operator A.
        shift: The number s added to every eigenvalue.
        probes: Number r of probes, at least 2. They run in lockstep; memory holds three
            vectors a probe.
        steps: Number m of Lanczos steps, at least 4, one product a probe each.
        generator: Source of the probes, on the processor.
        lower_bound: A number that no eigenvalue of A is below; 0 for a positive
            semidefinite operator, such as a Gauss-Newton matrix. Must exceed −s.
        checkpoint: A file from which an interrupted run goes on; see ``drive``.
        progress: Whether to show a bar on standard error.

    Returns:
        The log-determinant; where P ≤ probes × steps, and P is at most 2000, the sum
        over all eigenvalues, with standard error 0 and P samples.

    References:
        Ubaru, Chen and Saad (2017), SIAM J. Matrix Anal. Appl. 38, Sec. 3.
        Golub and Meurant (2010), Matrices, Moments and Quadrature, Ch. 6: the rules of
        Gauss and Gauss-Radau, their signs, and the modified matrix.
    """
    _require(shift, probes, steps, lower_bound)
    if operator.size <= min(probes * steps, EXACT_SIZE):
        columns = Columns(operator)
        drive(columns, operator, checkpoint=checkpoint, progress=progress)
        eigenvalues = np.linalg.eigvalsh(columns.matrix())
        _require_positive(float(eigenvalues[0]), 0.0, shift)
        return Estimate(float(np.log(eigenvalues + shift).sum()), 0.0, operator.size)
    starts = sphere(
        operator.size,
        probes,
        generator=generator,
        dtype=operator.dtype,
        device=operator.device,
    )
    process = Lockstep(starts, steps=steps)
    drive(process, operator, checkpoint=checkpoint, progress=progress)
    rules = [ritz_of(run.alpha, run.beta) for run in process.runs]
    lowest = min(rules, key=lambda rule: rule.values[0])
    _require_positive(float(lowest.values[0]), float(lowest.residuals[0]), shift)
    values = _mean_logarithms(rules, shift)
    if lower_bound is None:
        bias = _extrapolated(process.runs, shift)
    else:
        precision = torch.finfo(operator.dtype).eps
        radau = [_radau(run, shift, lower_bound, precision) for run in process.runs]
        bounds = _mean_logarithms(radau, shift)
        bias = max(float((values - bounds).mean()) / 2, 0.0)
        values = (values + bounds) / 2
    error = values.std(ddof=1) / np.sqrt(probes) + bias
    size = operator.size
    return Estimate(float(size * values.mean()), float(size * error), probes)


def _mean_logarithms(rules: Sequence[Ritz], shift: float) -> Float[np.ndarray, " r"]:
    return np.array([rule.weights @ np.log(rule.values + shift) for rule in rules])


def _extrapolated(runs: Sequence[Recurrence], shift: float) -> float:
    """What further doublings of the steps would take off, if in geometric series."""
    means = [
        _mean_logarithms([_shortened(run, part) for run in runs], shift).mean()
        for part in (1, 2, 4)
    ]
    last, before = means[1] - means[0], means[2] - means[1]
    ratio = min(last / before, SLOWEST) if before > 0 else 0.0
    return float(max(last, last * ratio / (1 - ratio), 0.0))


def _shortened(run: Recurrence, part: int) -> Ritz:
    """The Gauss rule of a part of the steps; of all, where it is exact."""
    steps = len(run.alpha) if run.invariant else len(run.alpha) // part
    return ritz_of(run.alpha[:steps], run.beta[:steps])


def _radau(run: Recurrence, shift: float, lower_bound: float, precision: float) -> Ritz:
    """The Gauss-Radau rule with a node at the lower bound, less what rounding does."""
    if run.invariant:
        return ritz_of(run.alpha, run.beta)
    norm = float((np.abs(run.alpha) + 2 * run.beta).max())
    rounding = BREAKDOWN * precision * norm
    node = lower_bound - min(rounding, (lower_bound + shift) / 2)
    pivot = np.inf
    couplings = np.append(0.0, run.beta[:-1] ** 2)
    for diagonal, coupling in zip(run.alpha, couplings, strict=True):
        pivot = diagonal - node - coupling / pivot
        if pivot <= 0:
            message = (
                "lower_bound: expected no eigenvalue of A below it, got "
                f"{lower_bound:.6g} and a Ritz value below {node:.6g}; pass None"
            )
            raise ValueError(message)
    last = node + run.beta[-1] ** 2 / pivot
    return ritz_of(np.append(run.alpha, last), np.append(run.beta, 0.0))


def _require(shift: float, probes: int, steps: int, lower_bound: float | None) -> None:
    for name, number, least in (("probes", probes, 2), ("steps", steps, 4)):
        if number < least:
            message = f"{name}: expected at least {least}, for an error, got {number}"
            raise ValueError(message)
    if not np.isfinite(shift):
        message = f"shift: expected a finite number, got {shift}"
        raise ValueError(message)
    if lower_bound is not None and not lower_bound + shift > 0:
        message = (
            f"lower_bound: expected more than minus the shift, {-shift:.6g}, got "
            f"{lower_bound:.6g}; pass a larger shift, or None"
        )
        raise ValueError(message)


def _require_positive(least: float, residual: float, shift: float) -> None:
    if not least + shift > 0:
        message = (
            "shift: expected A + shift I to be positive definite, got "
            f"{shift:.6g} where A has a Ritz value {least:.6g}; pass more than "
            f"{residual - least:.6g}"
        )
        raise ValueError(message)
