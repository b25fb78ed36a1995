"""Measure one checkpoint: density, extremes, curvature by example, batch Hessians."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from eigenscape.core import ConvergenceError, stream_seed
from eigenscape.curvature import (
    Eigenpairs,
    EmpiricalRisk,
    Hessian,
    LinearOperator,
    extreme_eigenpairs,
    spectral_measure,
)
from eigenscape.curvature.population_curvature import population_curvature
from eigenscape.spectra import SpectralMeasure
from eigenscape.survey.parts import Draw, Extremes, Population

SMALLEST = 10


def stream_generator(seed: int, *names: str | int) -> torch.Generator:
    """Open a named random stream on the processor.

    Args:
        seed: The master seed.
        *names: The path of the stream.

    Returns:
        A generator of its own.
    """
    return torch.Generator().manual_seed(stream_seed(seed, *names))


def measure_extremes(
    risk: EmpiricalRisk,
    operator: LinearOperator,
    top: Eigenpairs,
    *,
    tolerance: float,
    generator: torch.Generator,
) -> Extremes:
    """Compute loss, gradient norm and the lower end of the spectrum.

    Args:
        risk: The risk on all the data.
        operator: Its Hessian.
        top: The upper end; at the lower end as many pairs are wanted, at most 10.
        tolerance: Relative residual of every pair.
        generator: Source of start vectors.

    Returns:
        Both ends.
    """
    count = min(len(top.values), SMALLEST)
    low = converged_pairs(operator, count, "smallest", tolerance, generator)
    return Extremes(
        loss=risk.value(),
        gradient_norm=float(torch.linalg.vector_norm(risk.gradient().double())),
        largest=top.values,
        largest_residuals=np.ascontiguousarray(top.residuals),
        smallest=low.values[::-1].copy(),
        smallest_residuals=low.residuals[::-1].copy(),
    )


def measure_population(
    risk: EmpiricalRisk, top: Eigenpairs, *, generator: torch.Generator
) -> Population:
    """Compute what each example adds to the largest eigenvalues of the Hessian.

    Args:
        risk: The risk on all the data.
        top: The upper end of its Hessian's spectrum.
        generator: Source of probes and, for large outputs, of labels.

    Returns:
        The measurement, or why there is none.
    """
    try:
        found = population_curvature(
            risk,
            count=len(top.values),
            matrix="hessian",
            eigenpairs=top,
            generator=generator,
        )
    except ValueError as error:
        return Population(None, f"no prediction: {error}")
    return Population(found, "")


def measure_probe(
    operator: LinearOperator, *, steps: int, generator: torch.Generator
) -> SpectralMeasure:
    """Run one probe of stochastic Lanczos quadrature.

    Args:
        operator: The Hessian.
        steps: Lanczos steps.
        generator: Source of the probe.

    Returns:
        A measure of one row.
    """
    return spectral_measure(operator, probes=1, steps=steps, generator=generator)


def measure_draw(
    risk: EmpiricalRisk, *, count: int, tolerance: float, generator: torch.Generator
) -> Draw:
    """Compute the upper end of the spectrum of one batch Hessian.

    The operator is not checked again: it is the one checked on all the data.

    Args:
        risk: The risk on the batch.
        count: Eigenvalues at the upper end.
        tolerance: Relative residual of every pair.
        generator: Source of the start vector.

    Returns:
        The eigenvalues and a one-probe measure.
    """
    operator = Hessian(risk, check=False)
    pairs = converged_pairs(operator, count, "largest", tolerance, generator)
    return Draw(pairs.values, np.ascontiguousarray(pairs.residuals), pairs.measure)


def converged_pairs(
    operator: LinearOperator,
    count: int,
    which: Literal["largest", "smallest"],
    tolerance: float,
    generator: torch.Generator,
) -> Eigenpairs:
    """Compute pairs at one end, half as many while they do not converge.

    Args:
        operator: The operator.
        count: Pairs to ask for at first.
        which: The end.
        tolerance: Relative residual of every pair.
        generator: Source of the start vector.

    Returns:
        The pairs; fewer than asked where the rest lie too deep in the bulk.

    Raises:
        ConvergenceError: If not even two converge.
    """
    state = generator.get_state()
    while True:
        generator.set_state(state)
        try:
            return extreme_eigenpairs(
                operator,
                count,
                which=which,
                tolerance=tolerance,
                generator=generator,
                verify=False,
            )
        except ConvergenceError:
            if count <= 2:
                raise
            count = max(2, count // 2)
