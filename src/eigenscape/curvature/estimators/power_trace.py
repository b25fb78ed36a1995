"""The trace of an operator or of its square, by the three methods, from products."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import Estimate
from eigenscape.curvature.estimators.columns import Columns
from eigenscape.curvature.estimators.leave_one_out import (
    Compression,
    exchangeable_trace,
)
from eigenscape.curvature.estimators.sampling import (
    Sampling,
    require_probes,
    with_sketch,
)
from eigenscape.curvature.estimators.sketch import Sketch
from eigenscape.curvature.estimators.vector_sets import gram, scaled, sphere, squares
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import rademacher
from eigenscape.curvature.process import drive

Method = Literal["hutchinson", "hutch++", "xtrace"]

LEAST = {"hutchinson": 2, "hutch++": 4, "xtrace": 4}
"""Least products from which a method has two samples, and so a standard error."""


def power_trace(
    operator: LinearOperator,
    power: Literal[1, 2],
    *,
    probes: int,
    generator: torch.Generator,
    method: Method,
    checkpoint: Path | None,
    progress: bool,
) -> Estimate:
    """Estimate tr A or tr A²; see ``trace`` and ``frobenius_norm``.

    Args:
        operator: The symmetric operator A.
        power: Of A.
        probes: Products allowed.
        generator: Source of the random vectors, on the processor.
        method: How to spend the products.
        checkpoint: A file to keep the state in.
        progress: Whether to show a bar.

    Returns:
        The unbiased estimate.
    """
    require_probes(method, probes, LEAST)
    if probes >= operator.size:
        columns = Columns(operator)
        drive(columns, operator, checkpoint=checkpoint, progress=progress)
        return _exact(columns, power)
    if method == "xtrace":
        sketch = Sketch(operator, probes // 2, generator=generator)
        drive(sketch, operator, checkpoint=checkpoint, progress=progress)
        precision = torch.finfo(operator.dtype).eps
        return exchangeable_trace(compression(sketch, power), precision=precision)
    sketch = None
    if method == "hutch++":
        sketch, probes = with_sketch(operator, probes, generator=generator)
    forms = Forms(operator, probes=probes, generator=generator, sketch=sketch)
    drive(forms, operator, checkpoint=checkpoint, progress=progress)
    return forms.estimate(power)


@final
class Forms(Sampling):
    """The forms v·Av and ‖Av‖² of independent probes: Hutchinson's, or Hutch++'s.

    Probes are sign vectors; with a sketch they are uniform on the sphere of radius
    √(P − k) in the complement of its range.
    """

    def __init__(
        self,
        operator: LinearOperator,
        *,
        probes: int,
        generator: torch.Generator,
        sketch: Sketch | None = None,
    ) -> None:
        """Prepare the run.

        Args:
            operator: Gives size, type and device.
            probes: Number of probes.
            generator: Source of the probes, on the processor.
            sketch: Not begun; or none.
        """
        super().__init__(probes=probes, generator=generator, sketch=sketch)
        self._operator = operator
        self._vectors = torch.zeros(operator.size, 0)
        self._forms = torch.zeros(2, probes, dtype=torch.float64)

    @property
    def sums(self) -> torch.Tensor:
        """See Sampling."""
        return self._forms

    def draw(self, count: int) -> Float[torch.Tensor, "P c"]:
        """See Sampling.

        Returns:
            The probes.
        """
        operator = self._operator
        self._vectors = (rademacher if self._sketch is None else sphere)(
            operator.size,
            count,
            generator=self._generator,
            dtype=operator.dtype,
            device=operator.device,
        )
        if self._sketch is not None:
            free = float(operator.size - self._sketch.basis.shape[1])
            self._vectors = scaled(self._sketch.outside(self._vectors), free)
        return self._vectors

    def absorb(self, products: Float[torch.Tensor, "P c"]) -> None:
        """See Sampling."""
        forms = torch.stack([
            (self._vectors * products).sum(0, dtype=torch.float64),
            squares(products),
        ])
        self._forms[:, self._count : self._count + forms.shape[1]] = forms.cpu()

    def estimate(self, power: Literal[1, 2]) -> Estimate:
        """Average, once the run has ended.

        Args:
            power: Whether the trace of A or of A² is wanted.

        Returns:
            The part of the trace that the sketch holds, plus the mean of the forms.
        """
        forms = self._forms[power - 1].numpy()
        held = 0.0
        if self._sketch is not None:
            basis, image = self._sketch.basis, self._sketch.image
            held = float(gram(basis if power == 1 else image, image).trace())
        return Estimate(
            value=held + float(np.mean(forms)),
            standard_error=float(np.std(forms, ddof=1) / np.sqrt(len(forms))),
            samples=len(forms),
        )


def compression(sketch: Sketch, power: Literal[1, 2]) -> Compression:
    """Compress A or A², from a sketch whose run has ended.

    As AΩ = QR, also A²Ω needs no further products.

    Args:
        sketch: A sketch of A.
        power: Whether A or A² is wanted.

    Returns:
        Its inner products.
    """
    overlap, factor = gram(sketch.basis, sketch.random), sketch.factor
    inner = gram(sketch.basis, sketch.image)
    if power == 1:
        inner, cross = (inner + inner.T) / 2, factor
        forms = (overlap * factor).sum(0)
    else:
        inner, cross = gram(sketch.image, sketch.image), inner.T @ factor
        forms = (factor**2).sum(0)
    return Compression(
        inner=inner,
        cross=cross,
        forms=forms,
        overlap=overlap,
        factor=factor,
        squares=squares(sketch.random).cpu().numpy(),
        size=len(sketch.basis),
    )


def _exact(columns: Columns, power: Literal[1, 2]) -> Estimate:
    matrix = columns.matrix()
    value = matrix.trace() if power == 1 else (matrix**2).sum()
    return Estimate(value=float(value), standard_error=0.0, samples=len(matrix))
