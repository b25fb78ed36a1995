"""The diagonal of an operator: Hutchinson's estimate, and Diag++."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.estimators.columns import Columns
from eigenscape.curvature.estimators.sampling import (
    Sampling,
    require_probes,
    with_sketch,
)
from eigenscape.curvature.estimators.sketch import Sketch
from eigenscape.curvature.estimators.vector_sets import CHUNK, gram
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import rademacher
from eigenscape.curvature.process import drive

DiagonalMethod = Literal["hutchinson", "diag++"]

LEAST = {"hutchinson": 2, "diag++": 4}
"""Least products from which a method has two samples, and so a standard error."""


@dataclass(frozen=True, eq=False)
class DiagonalEstimate:
    """A diagonal, entry by entry.

    Attributes:
        value: The estimates.
        standard_error: Their standard errors, in the units of the value. Entries share
            their samples, so that their errors are correlated.
        samples: Number of independent samples behind each.
    """

    value: Float[np.ndarray, " P"]
    standard_error: Float[np.ndarray, " P"]
    samples: int


def diagonal(
    operator: LinearOperator,
    *,
    probes: int,
    generator: torch.Generator,
    method: DiagonalMethod = "hutchinson",
    checkpoint: Path | None = None,
    progress: bool = False,
) -> DiagonalEstimate:
    """Estimate every Aᵢᵢ by the mean of vᵢ(Av)ᵢ over random sign vectors v.

    The estimates are unbiased; the variance of one sample is ∑_{j≠i} Aᵢⱼ². "diag++"
    spends a third of the products on a sketch of the range of A, with an orthonormal
    basis Q, and a third on AQ: the diagonal of A − (I − QQᵀ)A(I − QQᵀ) is then exact,
    and the remaining probes see only A outside the range of Q. It pays where a few
    eigenvalues hold most of ∑ λ², and takes P × probes of memory; "hutchinson" takes
    about thirty vectors.

    Args:
        operator: The symmetric operator A.
        probes: Products allowed, r. From P on they give the diagonal itself.
        generator: Source of the random vectors, on the processor.
        method: "hutchinson" (at least 2 products) or "diag++" (at least 4).
        checkpoint: A file from which an interrupted run goes on; see ``drive``.
        progress: Whether to show a bar on standard error.

    Returns:
        The diagonal. An interval of ± t standard errors, with Student's t of one degree
        less than the samples, covers; the rounding of the products is not in it.

    References:
        Bekas, Kokiopoulou and Saad (2007), Appl. Numer. Math. 57: sign vectors.
        Baston and Nakatsukasa (2022), arXiv:2201.10684: Diag++; that A is symmetric is
        used here beyond it.
    """
    require_probes(method, probes, LEAST)
    size = operator.size
    if probes >= size:
        columns = Columns(operator)
        drive(columns, operator, checkpoint=checkpoint, progress=progress)
        exact = columns.matrix().diagonal().copy()
        return DiagonalEstimate(exact, np.zeros(size), size)
    sketch = None
    if method == "diag++":
        sketch, probes = with_sketch(operator, probes, generator=generator)
    entries = Entries(operator, probes=probes, generator=generator, sketch=sketch)
    drive(entries, operator, checkpoint=checkpoint, progress=progress)
    return entries.estimate()


@final
class Entries(Sampling):
    """Running mean and spread of ω ∘ Bω over sign vectors ω, entry by entry.

    B is A, or with a sketch (I − QQᵀ)A(I − QQᵀ).
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
        self._signs = torch.zeros(operator.size, 0)
        self._moments = torch.zeros(
            2, operator.size, dtype=torch.float64, device=operator.device
        )

    @property
    def sums(self) -> torch.Tensor:
        """See Sampling."""
        return self._moments

    def draw(self, count: int) -> Float[torch.Tensor, "P c"]:
        """See Sampling.

        Returns:
            The probes, outside the range of the sketch.
        """
        operator = self._operator
        self._signs = rademacher(
            operator.size,
            count,
            generator=self._generator,
            dtype=operator.dtype,
            device=operator.device,
        )
        if self._sketch is None:
            return self._signs
        return self._sketch.outside(self._signs)

    def absorb(self, products: Float[torch.Tensor, "P c"]) -> None:
        """See Sampling."""
        if self._sketch is not None:
            products = self._sketch.outside(products)
        mean, spread = self._moments
        samples = (self._signs * products).unbind(1)
        for count, sample in enumerate(samples, start=self._count + 1):
            deviation = sample - mean
            mean.add_(deviation, alpha=1 / count)
            spread.add_(deviation * (sample - mean))

    def estimate(self) -> DiagonalEstimate:
        """Average, once the run has ended.

        Returns:
            The part of the diagonal that the sketch holds, plus the mean.
        """
        mean, spread = self._moments
        held = 0.0 if self._sketch is None else _held(self._sketch)
        count = self._count
        return DiagonalEstimate(
            value=(mean + held).cpu().numpy(),
            standard_error=(spread / (count * (count - 1))).sqrt().cpu().numpy(),
            samples=count,
        )


def _held(sketch: Sketch) -> Float[torch.Tensor, " P"]:
    """The diagonal of QQᵀA + AQQᵀ − QQᵀAQQᵀ."""
    basis, image = sketch.basis, sketch.image
    inner = torch.from_numpy(gram(basis, image)).to(basis.device)
    return torch.cat([
        (rows * (2 * images - rows @ inner)).sum(1)
        for rows, images in zip(
            (part.double() for part in basis.split(CHUNK)),
            (part.double() for part in image.split(CHUNK)),
            strict=True,
        )
    ])
