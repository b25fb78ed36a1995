"""Measure on all the data what predicts the spectra of batches."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from eigenscape.core import Estimate
from eigenscape.curvature.example_columns import (
    Columns,
    ExactColumns,
    SampledColumns,
    outputs_per_example,
)
from eigenscape.curvature.example_spectra import example_spectra
from eigenscape.curvature.extremes import Eigenpairs, extreme_eigenpairs
from eigenscape.curvature.operators import GaussNewton, Hessian, Residual
from eigenscape.curvature.residual_noise import residual_noise
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.trace import trace
from eigenscape.spectra.sampling_noise.population import PopulationCurvature

Matrix = Literal["gauss-newton", "hessian"]

EXACT_OUTPUTS = 64
"""Outputs an example up to which its curvature is computed exactly."""

SAMPLES = 16
"""Labels drawn an example where its curvature is not exact."""

PROBES = 16
"""Products for the trace of the Hessian's residual part."""

LEADING = 10
"""Eigenvectors along which its noise is measured: those of the outliers followed, and
what couples to them most. Of a recurrent network, 65 to 80 % of what the residual part
does to its first five eigenvectors stays among these five."""


def population_curvature(
    risk: EmpiricalRisk,
    *,
    count: int,
    matrix: Matrix = "gauss-newton",
    projections: bool = True,
    generator: torch.Generator,
    tolerance: float = 1e-3,
    exact_outputs: int = EXACT_OUTPUTS,
    samples: int = SAMPLES,
    examples: int | None = None,
    probes: int = PROBES,
    eigenpairs: Eigenpairs | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> PopulationCurvature:
    """Measure the spikes of a curvature matrix, and what each example adds to them.

    Of the matrix A on all the data: its largest eigenpairs and its trace. Of each
    example's Gauss-Newton matrix Gᵢ = Jᵢᵀ ∇²lᵢ Jᵢ = ∑꜀ eᵢ꜀ vᵢ꜀ vᵢ꜀ᵀ: the eigenvalues
    eᵢ꜀, which are those of BᵢᵀJᵢJᵢᵀBᵢ with BᵢBᵢᵀ = ∇²lᵢ, and the components √eᵢ꜀ u·vᵢ꜀
    along the eigenvectors u of A. The eigenpairs cost some products with A each, the
    components a third of a product, the eigenvalues of the examples a backward pass
    an output. Of a Hessian, the noise that these matrices do not explain is measured
    among ten leading eigenvectors, for twenty products over a thousand examples.

    All is exact but for rounding and ``tolerance``, up to ``exact_outputs`` numbers in
    an example's output and for all examples. With more outputs, labels are drawn from
    the model: then the trace is unbiased and has a standard error, while the variance
    of the traces between examples grows by that of one example's over ``samples``.

    Args:
        risk: The risk; the loss of each example must be convex in the output.
        count: Eigenpairs wanted; those above their residuals are returned.
        matrix: Whose spikes and trace: "gauss-newton" or "hessian". The examples'
            matrices are Gauss-Newton matrices in both cases.
        projections: Whether to compute the components.
        generator: Source of start vectors and, where needed, labels, examples, probes.
        tolerance: Residual of eigenpairs, relative to the largest |λ|.
        exact_outputs: Most outputs an example for exact values.
        samples: Labels to draw for an example of more outputs.
        examples: Examples to measure, drawn without replacement; all if None. The
            eigenpairs are those of all in any case.
        probes: Products for the trace of the residual part, for the Hessian's.
        eigenpairs: Those of ``matrix``, where they are at hand; ``count`` of them are
            used.
        checkpoint: What the names of files begin with that keep what is finished, and
            from which an interrupted run goes on.
        progress: Whether to show bars with a forecast on standard error.

    Returns:
        The measurement. Examples coupled by batch norm in training mode, and a loss
        that is not convex in the output, raise a ValueError.

    References:
        Schraudolph (2002), Neural Computation 14, Sec. 3, for Gᵢ.
        Kunstner, Balles and Hennig (2019), NeurIPS, Sec. 2, for labels drawn.
    """
    _require(risk, count, matrix, samples, examples)
    seeds = torch.randint(2**62, (5,), generator=generator).tolist()
    draw, labels, starts, signs, batches = (
        torch.Generator().manual_seed(seed) for seed in seeds
    )
    chosen = risk if examples is None else risk.subsample(examples, draw)
    columns = _columns(chosen, exact_outputs, samples, labels)
    gauss_newton = GaussNewton(risk)
    pairs = eigenpairs or extreme_eigenpairs(
        gauss_newton if matrix == "gauss-newton" else Hessian(risk),
        min(count, risk.size),
        tolerance=tolerance,
        generator=starts,
        checkpoint=_place(checkpoint, "pairs"),
        progress=progress,
    )
    certain = np.flatnonzero(pairs.values > pairs.residuals)[:count]
    found = example_spectra(
        chosen.with_batch_size(gauss_newton.risk.batch_size),
        columns,
        pairs.vectors[certain if projections else []],
        checkpoint=_place(checkpoint, "examples"),
        progress=progress,
    )
    total, noise = found.trace(risk.examples), None
    if matrix == "hessian":
        leading = pairs.vectors[certain[:LEADING]]
        if risk.examples > 1:
            noise = residual_noise(risk, leading, generator=batches)
        rest = trace(
            Residual(gauss_newton.risk),
            probes=probes,
            generator=signs,
            checkpoint=_place(checkpoint, "residual"),
            progress=progress,
        )
        total = _sum(total, rest)
    return PopulationCurvature(
        spikes=pairs.values[certain],
        trace=total.value,
        example_eigenvalues=found.eigenvalues,
        projections=found.projections if projections else None,
        matrix=matrix,
        population=None if examples is None else risk.examples,
        trace_standard_error=total.standard_error,
        residual_noise=noise,
    )


def _columns(
    risk: EmpiricalRisk, exact_outputs: int, samples: int, generator: torch.Generator
) -> Columns:
    """Choose the columns, and try them on the first minibatch before anything costs."""
    outputs, _ = outputs_per_example(risk)
    exact = outputs <= exact_outputs
    first = risk.first_minibatch()
    with first.isolated():
        inputs, targets, _ = next(first.batches())
        trial = ExactColumns() if exact else SampledColumns(1, torch.Generator())
        trial(first, inputs, targets, first.examples)
    return trial if exact else SampledColumns(samples, generator)


def _sum(first: Estimate, second: Estimate) -> Estimate:
    error = float(np.hypot(first.standard_error, second.standard_error))
    return Estimate(first.value + second.value, error, first.samples)


def _place(checkpoint: Path | None, part: str) -> Path | None:
    if checkpoint is None:
        return None
    return checkpoint.with_name(f"{checkpoint.name}.{part}")


def _require(
    risk: EmpiricalRisk, count: int, matrix: str, samples: int, examples: int | None
) -> None:
    if risk.couples_examples:
        message = (
            "risk: expected examples that do not feel each other, got batch norm in "
            "training mode; call model.eval() or pass mode='eval'"
        )
        raise ValueError(message)
    if matrix not in {"gauss-newton", "hessian"}:
        message = f"matrix: expected 'gauss-newton' or 'hessian', got {matrix!r}"
        raise ValueError(message)
    least = {"count": (count, 1), "samples": (samples, 2)}
    if examples is not None:
        least["examples"] = (examples, 2)
    for name, (given, bound) in least.items():
        if given < bound:
            message = f"{name}: expected at least {bound}, got {given}"
            raise ValueError(message)
    if examples is not None and examples > risk.examples:
        message = f"examples: expected at most {risk.examples}, got {examples}"
        raise ValueError(message)
