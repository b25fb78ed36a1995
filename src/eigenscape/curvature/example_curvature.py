"""What each single example curves, and how the examples' gradients overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.example_factors import (
    TOGETHER,
    ExampleFactors,
    Jacobians,
    example_gradients,
    stretches,
)
from eigenscape.curvature.example_rows import ExampleRows
from eigenscape.curvature.extremes import extreme_eigenpairs
from eigenscape.curvature.memory import available_memory
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.process import take_steps
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.trace import trace

Kind = Literal["gradient", "gauss-newton"]

Rows = Callable[[range], Float[torch.Tensor, "v P"]]
"""Vectors of the examples at some positions."""

EXACT_OUTPUTS = 64
"""Outputs an example up to which its curvature is computed exactly, by one backward
pass an output, of many examples at once."""

MOST_COLUMNS = 4096
"""Most outputs an example for which the columns of a root are listed."""

GIB = 2**30

SHARE = 0.25
"""Part of the available memory that rows of per-example vectors may take."""


@dataclass(frozen=True)
class ExampleCurvature:
    """The Gauss-Newton matrices Gᵢ = Jᵢᵀ ∇²l Jᵢ of single examples.

    Attributes:
        traces: tr Gᵢ.
        standard_errors: Of the traces; zeros where they are exact.
        eigenvalues: The largest eigenvalues of Gᵢ, descending: all that are not zero
            where they are exact.
    """

    traces: Float[np.ndarray, " n"]
    standard_errors: Float[np.ndarray, " n"]
    eigenvalues: Float[np.ndarray, "n c"]


def example_curvature(
    risk: EmpiricalRisk,
    *,
    exact_outputs: int = EXACT_OUTPUTS,
    count: int = 10,
    probes: int = 16,
    tolerance: float = 1e-3,
    generator: torch.Generator | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> ExampleCurvature:
    """Compute trace and eigenvalues of every example's Gauss-Newton matrix.

    With C outputs an example, the nonzero eigenvalues are those of the C × C matrix
    K^{1/2} ∇²l K^{1/2}, K = Jᵢ Jᵢᵀ, exact to rounding. With more than
    ``exact_outputs``, the trace is Hutchinson's estimate and the largest eigenvalues
    come from Lanczos runs.

    Args:
        risk: The risk; its loss is taken of each example by itself.
        exact_outputs: Most outputs an example for exact values.
        count: Eigenvalues an example where they are not exact.
        probes: Products for an estimated trace.
        tolerance: Relative residual of estimated eigenvalues.
        generator: Source of probes, needed where values are estimated.
        checkpoint: A file that keeps the rows, and from which an interrupted run goes
            on.
        progress: Whether to show a bar with a forecast on standard error.

    Returns:
        One row an example. Batch norm in training mode, which couples the examples, and
        a generator that is missing raise a ValueError.
    """
    _require_separate(risk)
    rows = torch.zeros(risk.examples, 3 + max(exact_outputs, count)).double()
    factors = ExampleFactors(risk, exact_outputs, _spectra)
    parts = stretches(range(risk.examples), factors.together)

    def fill(number: int) -> None:
        for part, found in factors.of(parts[number]):
            if found is not None:
                rows[part.start : part.stop, : found.shape[1]] = found
                continue
            if generator is None:
                message = (
                    "generator: expected one, to estimate the curvature of more than "
                    f"{exact_outputs} outputs, got None"
                )
                raise ValueError(message)
            alone = risk.select(torch.tensor([part.start]))
            values = _estimated(alone, count, probes, tolerance, generator)
            rows[part.start, : len(values)] = values

    settings = f"curvature {exact_outputs} {count} {probes} {tolerance} {len(parts)}"
    take_steps(
        fill,
        {"rows": rows},
        len(parts),
        identity=f"{risk.fingerprint()} {settings}" if checkpoint else "",
        generator=generator,
        checkpoint=checkpoint,
        progress=progress,
    )
    width = int(rows[:, 2].max())
    traces, errors = rows[:, :2].numpy().T.copy()
    return ExampleCurvature(traces, errors, rows[:, 3 : 3 + width].numpy().copy())


def example_gram(
    risk: EmpiricalRisk,
    *,
    kind: Kind = "gradient",
    memory: int | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> Float[np.ndarray, "m m"]:
    """Compute the inner products of per-example vectors.

    "gradient": Kᵢⱼ = gᵢ·gⱼ, n × n; K/n has the nonzero eigenvalues of the uncentred
    gradient covariance. "gauss-newton": the vectors are the C columns of
    Jᵢᵀ (∇²l)^{1/2} of each example in turn, nC × nC; K/n has the nonzero eigenvalues
    of the Gauss-Newton matrix, and the rows and columns of some examples, over their
    number, those of these examples' matrix: batches can be redrawn without a pass.

    Args:
        risk: The risk; its loss is taken of each example by itself.
        kind: Which vectors.
        memory: Bytes that vectors may take; a quarter of what is available if None, one
            GiB with a checkpoint, which another machine may resume. Blocks that do not
            fit together are computed again.
        checkpoint: A file that keeps the matrix, and from which an interrupted run goes
            on with the same ``memory``.
        progress: Whether to show a bar with a forecast on standard error.

    Returns:
        The Gram matrix; a loss that is not convex in the output, or examples coupled by
        batch norm in training mode, raise a ValueError.

    Raises:
        ValueError: If ``kind`` is unknown.

    References:
        Papyan (2020), JMLR 21, for the factors of Gauss-Newton matrices by example.
    """
    if kind not in get_args(Kind):
        message = f"kind: expected one of {list(get_args(Kind))}, got {kind!r}"
        raise ValueError(message)
    _require_separate(risk)
    vectors = _gradient_rows(risk) if kind == "gradient" else _root_rows(risk)
    budget = memory or (GIB if checkpoint else _share(risk.device))
    each = len(vectors(range(1)))
    bytes_each = 2 * each * risk.size * risk.params[0].element_size()
    parts = stretches(range(risk.examples), max(budget // bytes_each, 1))
    gram = torch.zeros(each * risk.examples, each * risk.examples).double()

    def fill(first: int) -> None:
        left = vectors(parts[first])
        for other in parts[first:]:
            right = left if other == parts[first] else vectors(other)
            block = (left @ right.T).double().cpu()
            rows = slice(each * parts[first].start, each * parts[first].stop)
            columns = slice(each * other.start, each * other.stop)
            gram[rows, columns] = block
            gram[columns, rows] = block.T

    take_steps(
        fill,
        {"gram": gram},
        len(parts),
        identity=f"{risk.fingerprint()} gram {kind} {len(parts)}" if checkpoint else "",
        checkpoint=checkpoint,
        progress=progress,
    )
    return gram.numpy()


def _share(device: torch.device) -> int:
    return int(SHARE * (available_memory(device) or 4 * GIB))


def _require_separate(risk: EmpiricalRisk) -> None:
    if risk.couples_examples:
        message = (
            "risk: expected examples that do not feel each other, got batch norm in "
            "training mode; call model.eval() or pass mode='eval'"
        )
        raise ValueError(message)


def _spectra(
    jacobians: Jacobians, curvatures: Float[torch.Tensor, "m c c"]
) -> Float[torch.Tensor, "m w"]:
    """Compute traces, errors, numbers of eigenvalues and eigenvalues, a row each."""
    units = torch.eye(curvatures.shape[1]).to(curvatures).expand_as(curvatures)
    gram = jacobians.gram(units).double().cpu().numpy()
    middle = curvatures.double().cpu().numpy()
    scales, turn = np.linalg.eigh(gram)
    root = (turn * np.sqrt(np.maximum(scales, 0))[:, None]) @ turn.swapaxes(1, 2)
    values = np.linalg.eigvalsh(root @ middle @ root)[:, ::-1]
    traces = np.sum(gram * middle, axis=(1, 2))
    numbers = np.full(len(traces), values.shape[1])
    columns = np.column_stack([traces, np.zeros(len(traces)), numbers, values])
    return torch.from_numpy(columns)


def _gradient_rows(risk: EmpiricalRisk) -> Rows:
    every = ExampleRows(risk)
    return lambda part: torch.cat([
        example_gradients(risk, few, every) for few in stretches(part, TOGETHER)
    ])


def _root_rows(risk: EmpiricalRisk) -> Rows:
    factors = ExampleFactors(risk, MOST_COLUMNS, _roots)

    def rows(part: range) -> torch.Tensor:
        found = [one for _, one in factors.of(part)]
        if any(one is None for one in found):
            message = (
                f"kind: expected at most {MOST_COLUMNS} outputs an example for "
                "'gauss-newton', got more; use kind='gradient'"
            )
            raise ValueError(message)
        return torch.cat([one for one in found if one is not None])

    return rows


def _roots(
    jacobians: Jacobians, curvatures: Float[torch.Tensor, "m c c"]
) -> Float[torch.Tensor, "v P"]:
    values, turn = np.linalg.eigh(curvatures.double().cpu().numpy())
    least, most = values.min(initial=0.0), np.abs(values).max(initial=0.0)
    if least < -1e-6 * most:
        message = (
            "loss: expected one that is convex in the model's output, got a negative "
            f"second derivative {least:.3g}; use kind='gradient'"
        )
        raise ValueError(message)
    root = (turn * np.sqrt(np.maximum(values, 0))[:, None]) @ turn.swapaxes(1, 2)
    return jacobians.rows(torch.from_numpy(root).to(curvatures)).flatten(0, 1)


def _estimated(
    alone: EmpiricalRisk,
    count: int,
    probes: int,
    tolerance: float,
    generator: torch.Generator,
) -> Float[torch.Tensor, " w"]:
    operator = GaussNewton(alone, check=False)
    whole = trace(operator, probes=probes, generator=generator)
    pairs = extreme_eigenpairs(
        operator,
        min(count, operator.size),
        tolerance=tolerance,
        generator=generator,
        verify=False,
    )
    found = [whole.value, whole.standard_error, len(pairs.values), *pairs.values]
    return torch.tensor(found, dtype=torch.float64)
