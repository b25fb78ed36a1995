"""Measure one checkpoint: its density, its extreme eigenpairs, its batch Hessians."""

from __future__ import annotations

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
from eigenscape.spectra import SpectralMeasure
from eigenscape.survey.parts import Draw, Extremes

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
    *,
    count: int,
    tolerance: float,
    generator: torch.Generator,
) -> Extremes:
    """Compute loss, gradient norm and both ends of the spectrum.

    Args:
        risk: The risk on all the data.
        operator: Its Hessian.
        count: Eigenvalues at the upper end; at the lower end at most 10.
        tolerance: Relative residual of every pair.
        generator: Source of start vectors.

    Returns:
        The extremes; fewer than asked where the rest lie too deep in the bulk to
        converge.
    """
    top = _converged(operator, count, "largest", tolerance, generator)
    low = _converged(operator, min(count, SMALLEST), "smallest", tolerance, generator)
    return Extremes(
        loss=risk.value(),
        gradient_norm=float(torch.linalg.vector_norm(risk.gradient().double())),
        largest=top.values,
        largest_residuals=np.ascontiguousarray(top.residuals),
        smallest=low.values[::-1].copy(),
        smallest_residuals=low.residuals[::-1].copy(),
    )


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
    pairs = _converged(operator, count, "largest", tolerance, generator)
    return Draw(pairs.values, np.ascontiguousarray(pairs.residuals), pairs.measure)


def _converged(
    operator: LinearOperator,
    count: int,
    which: str,
    tolerance: float,
    generator: torch.Generator,
) -> Eigenpairs:
    """Ask for `count` pairs, and for half as many while they do not converge."""
    state = generator.get_state()
    while True:
        generator.set_state(state)
        try:
            return extreme_eigenpairs(
                operator,
                count,
                which="largest" if which == "largest" else "smallest",
                tolerance=tolerance,
                generator=generator,
                verify=False,
            )
        except ConvergenceError:
            if count <= 2:
                raise
            count = max(2, count // 2)
