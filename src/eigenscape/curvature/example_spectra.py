"""Eigenvalues of single examples' Gauss-Newton matrices, and where they point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.curvature.example_columns import (
    Columns,
    joined,
    outputs_per_example,
)
from eigenscape.curvature.example_rows import ExampleRows
from eigenscape.curvature.kernels import CheapSecondDerivatives
from eigenscape.curvature.operators.output_curvature import Outputs, outputs_of
from eigenscape.curvature.process import take_steps
from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk import EmpiricalRisk

TOGETHER = 1024
"""Examples of a step, at most: what an interruption may cost."""


@dataclass(frozen=True)
class ExampleSpectra:
    """The spectra of single examples' matrices Gᵢ = ∑꜀ eᵢ꜀ vᵢ꜀ vᵢ꜀ᵀ.

    Attributes:
        eigenvalues: eᵢ꜀, descending.
        projections: √eᵢ꜀ u·vᵢ꜀ for the given vectors u, on the last axis.
        label_variances: Variance of tr Gᵢ for the labels that were drawn; zeros where
            none were.
    """

    eigenvalues: Float[np.ndarray, "m r"]
    projections: Float[np.ndarray, "m r k"]
    label_variances: Float[np.ndarray, " m"]

    def trace(self, population: int) -> Estimate:
        """Estimate the mean trace over a population that the examples were drawn from.

        Args:
            population: Its size n; the m examples were drawn without replacement.

        Returns:
            The mean, whose error √(s² (1 − m/n)/m + v/n) has the scatter s² of the
            traces and the mean variance v by labels.
        """
        traces = self.eigenvalues.sum(1)
        count = len(traces)
        scatter = float(traces.var(ddof=1)) if count > 1 else 0.0
        square = scatter * (1 - count / population) / count
        square += float(self.label_variances.mean()) / population
        return Estimate(float(traces.mean()), square**0.5, count)


def example_spectra(
    risk: EmpiricalRisk,
    columns: Columns,
    vectors: Float[np.ndarray, "k P"],
    *,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> ExampleSpectra:
    """Compute them in one pass over the data.

    Args:
        risk: The risk.
        columns: The roots of the losses' curvature.
        vectors: Vectors u to project on, as rows.
        checkpoint: A file that keeps what is finished, and from which an interrupted
            run goes on.
        progress: Whether to show a bar with a forecast on standard error.

    Returns:
        One entry an example.
    """
    rows = ExampleRows(risk)
    outputs, are_rows = outputs_per_example(risk)
    width, count = columns.width(outputs), risk.examples
    length = min(risk.batch_size, TOGETHER) if are_rows else 1
    starts = range(0, count, length)
    parts = [range(start, min(start + length, count)) for start in starts]
    along = torch.from_numpy(vectors).to(dtype=risk.dtype, device=risk.device)
    eigenvalues = torch.zeros(count, width).double()
    projections = torch.zeros(count, width, len(along)).double()
    variances = torch.zeros(count).double()

    def fill(number: int) -> None:
        part = parts[number]
        few = risk.select(torch.arange(part.start, part.stop))
        few = few.with_batch_size(len(part))
        with few.isolated():
            inputs, targets, _ = next(few.batches())
            roots = columns(few, inputs, targets, len(part))
            gram = rows.gram(inputs, roots).double()
        values, turn = torch.linalg.eigh(gram)
        here = slice(part.start, part.stop)
        eigenvalues[here] = values.clamp(min=0).flip(1)
        if columns.generator is not None:
            variances[here] = (width * gram.diagonal(dim1=1, dim2=2)).var(1) / width
        turned = turn.flip(2).mT @ roots.double()
        for k, image in enumerate(_pushed(few, inputs, along)):
            components = turned @ joined(image, len(part)).double()[:, :, None]
            projections[here, :, k] = components[:, :, 0]

    settings = f"{type(columns).__name__} {width} {length} {digest([along])}"
    take_steps(
        fill,
        {"values": eigenvalues, "projections": projections, "variances": variances},
        len(parts),
        identity=f"{risk.fingerprint()} {settings}" if checkpoint else "",
        generator=columns.generator,
        checkpoint=checkpoint,
        progress=progress,
    )
    return ExampleSpectra(eigenvalues.numpy(), projections.numpy(), variances.numpy())


def _pushed(
    risk: EmpiricalRisk, inputs: Any, vectors: Float[torch.Tensor, "k P"]
) -> Iterator[Outputs]:
    # J u by differentiating v ↦ Jᵀv, whose graph serves all vectors: on an MLP twice as
    # fast as forward mode, on a convolutional network half, and no layer fails
    if not len(vectors):
        return
    with risk.isolated(), CheapSecondDerivatives():
        outputs = outputs_of(risk.output(inputs))
        duals = [torch.zeros_like(output, requires_grad=True) for output in outputs]
        pulled = torch.autograd.grad(
            outputs, risk.params, duals, create_graph=True, materialize_grads=True
        )
        reached = [k for k, piece in enumerate(pulled) if piece.requires_grad]
        for vector in vectors:
            pieces = risk.unflatten(vector)
            yield torch.autograd.grad(
                [pulled[k] for k in reached],
                duals,
                [pieces[k] for k in reached],
                retain_graph=True,
                materialize_grads=True,
            )
