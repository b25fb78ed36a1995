"""What each single example curves, and how the examples' gradients overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.extremes import extreme_eigenpairs
from eigenscape.curvature.memory import available_memory
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.operators.likelihood import curvature_of
from eigenscape.curvature.operators.output_curvature import outputs_of
from eigenscape.curvature.process import take_steps
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.trace import trace

Kind = Literal["gradient", "gauss-newton"]

EXACT_OUTPUTS = 64
"""Outputs an example up to which its curvature is computed exactly, by one backward
pass an output."""

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

    def fill(index: int) -> None:
        alone = risk.select(torch.tensor([index]))
        found = _exact(alone, exact_outputs)
        if found is None:
            if generator is None:
                message = (
                    "generator: expected one, to estimate the curvature of more than "
                    f"{exact_outputs} outputs, got None"
                )
                raise ValueError(message)
            found = _estimated(alone, count, probes, tolerance, generator)
        value, error, eigenvalues = found
        row = [value, error, len(eigenvalues), *eigenvalues]
        rows[index, : len(row)] = torch.tensor(row)

    settings = f"example curvature {exact_outputs} {count} {probes} {tolerance}"
    take_steps(
        fill,
        {"rows": rows},
        risk.examples,
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
    makers = {"gradient": _gradient_rows, "gauss-newton": _root_rows}
    if kind not in makers:
        message = f"kind: expected one of {list(makers)}, got {kind!r}"
        raise ValueError(message)
    _require_separate(risk)
    vectors = makers[kind]
    budget = memory or (GIB if checkpoint else _share(risk.device))
    each = len(vectors(risk.select(torch.tensor([0]))))
    bytes_each = 2 * each * risk.size * risk.params[0].element_size()
    chunk = max(budget // bytes_each, 1)
    starts = range(0, risk.examples, chunk)
    parts = [range(start, min(start + chunk, risk.examples)) for start in starts]
    gram = torch.zeros(each * risk.examples, each * risk.examples).double()

    def fill(first: int) -> None:
        left = _stack(risk, parts[first], vectors)
        for other in parts[first:]:
            right = left if other == parts[first] else _stack(risk, other, vectors)
            block = (left @ right.T).double().cpu()
            rows = slice(each * parts[first].start, each * parts[first].stop)
            columns = slice(each * other.start, each * other.stop)
            gram[rows, columns] = block
            gram[columns, rows] = block.T

    take_steps(
        fill,
        {"gram": gram},
        len(parts),
        identity=f"{risk.fingerprint()} gram {kind} {chunk}" if checkpoint else "",
        checkpoint=checkpoint,
        progress=progress,
    )
    return gram.numpy()


def _share(device: torch.device) -> int:
    return int(SHARE * (available_memory(device) or 4 * GIB))


def _stack(
    risk: EmpiricalRisk, part: range, vectors: Callable[[EmpiricalRisk], torch.Tensor]
) -> Float[torch.Tensor, "m P"]:
    return torch.cat([vectors(risk.select(torch.tensor([index]))) for index in part])


def _require_separate(risk: EmpiricalRisk) -> None:
    if risk.couples_examples:
        message = (
            "risk: expected examples that do not feel each other, got batch norm in "
            "training mode; call model.eval() or pass mode='eval'"
        )
        raise ValueError(message)


def _exact(
    alone: EmpiricalRisk, most: int
) -> tuple[float, float, Float[np.ndarray, " c"]] | None:
    with alone.isolated():
        factors = _factors(alone, most)
    if factors is None:
        return None
    jacobian, middle = factors
    gram = (jacobian @ jacobian.T).double().cpu().numpy()
    scales, turn = np.linalg.eigh(gram)
    root = (turn * np.sqrt(np.maximum(scales, 0))) @ turn.T
    values = np.linalg.eigvalsh(root @ middle @ root)[::-1]
    return float(np.sum(gram * middle)), 0.0, values.copy()


def _factors(
    alone: EmpiricalRisk, most: int
) -> tuple[Float[torch.Tensor, "c P"], Float[np.ndarray, "c c"]] | None:
    """Compute J and ∇²l of one example, unless it has more outputs than said."""
    inputs, targets, _ = next(alone.batches())
    output = alone.output(inputs)
    outputs = outputs_of(output)
    total = sum(tensor.numel() for tensor in outputs)
    if total > most:
        return None
    if not outputs:
        return alone.params[0].new_zeros(0, alone.size), np.zeros((0, 0))
    curvature = curvature_of(alone.loss, output, targets)
    rows = [
        alone.flatten(
            torch.autograd.grad(
                outputs, alone.params, unit, retain_graph=True, allow_unused=True
            )
        )
        for unit in _units(outputs)
    ]
    columns = [
        torch.cat([piece.reshape(-1) for piece in curvature.product(unit)])
        for unit in _units(outputs)
    ]
    middle = torch.stack(columns, dim=1).detach().double().cpu().numpy()
    return torch.stack(rows), (middle + middle.T) / 2


def _units(outputs: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    for k, tensor in enumerate(outputs):
        for position in range(tensor.numel()):
            units = [torch.zeros_like(other) for other in outputs]
            units[k].view(-1)[position] = 1
            yield units


def _gradient_rows(alone: EmpiricalRisk) -> Float[torch.Tensor, "1 P"]:
    return alone.gradient()[None]


def _root_rows(alone: EmpiricalRisk) -> Float[torch.Tensor, "c P"]:
    with alone.isolated():
        factors = _factors(alone, MOST_COLUMNS)
    if factors is None:
        message = (
            f"kind: expected at most {MOST_COLUMNS} outputs an example for "
            "'gauss-newton', got more; use kind='gradient'"
        )
        raise ValueError(message)
    jacobian, middle = factors
    values, turn = np.linalg.eigh(middle)
    if len(values) and values[0] < -1e-6 * np.abs(values).max():
        message = (
            "loss: expected one that is convex in the model's output, got a negative "
            f"second derivative {values[0]:.3g}; use kind='gradient'"
        )
        raise ValueError(message)
    root = (turn * np.sqrt(np.maximum(values, 0))) @ turn.T
    return torch.from_numpy(root).to(jacobian) @ jacobian


def _estimated(
    alone: EmpiricalRisk,
    count: int,
    probes: int,
    tolerance: float,
    generator: torch.Generator,
) -> tuple[float, float, Float[np.ndarray, " c"]]:
    operator = GaussNewton(alone, check=False)
    whole = trace(operator, probes=probes, generator=generator)
    pairs = extreme_eigenpairs(
        operator,
        min(count, operator.size),
        tolerance=tolerance,
        generator=generator,
        verify=False,
    )
    return whole.value, whole.standard_error, pairs.values
