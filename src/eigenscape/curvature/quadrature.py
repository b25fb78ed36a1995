"""Stochastic Lanczos quadrature: the spectral density of an operator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.curvature.krylov.lanczos import (
    Krylov,
    Recurrence,
    Reorthogonalise,
    ritz_of,
)
from eigenscape.curvature.krylov.lockstep import Lockstep
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.process import drive
from eigenscape.spectra import SpectralMeasure, stack_measures
from eigenscape.spectra.cumulative_band import cumulative_band, probes_within

ASKS_PER_OCTAVE = 4
"""Times that the width of a band is looked at while the steps double: a run is too
long by a quarter at most. One look costs about 100 diagonalisations of T a probe."""


@runtime_checkable
class KnownPairs(Protocol):
    """Eigenpairs that have been found, such as ``Eigenpairs``."""

    @property
    def values(self) -> Float[np.ndarray, " k"]:
        """The eigenvalues."""
        ...

    @property
    def vectors(self) -> Float[np.ndarray, "k P"]:
        """Orthonormal eigenvectors as rows."""
        ...


def spectral_measure(
    operator: LinearOperator,
    *,
    probes: int,
    steps: int,
    generator: torch.Generator,
    reorthogonalise: Reorthogonalise = "none",
    band: float | None = None,
    deflate: KnownPairs | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> SpectralMeasure:
    """Estimate the spectral density φ(λ) = (1/P) ∑ᵢ δ(λ − λᵢ).

    Each probe v, uniform on the unit sphere, gives the m-point Gauss rule of its own
    measure ∑ᵢ (v·uᵢ)² δ(λ − λᵢ), whose mean over v is φ. For a polynomial f of degree
    up to 2m − 1 the estimate of ∫ f φ is therefore unbiased, and the standard error
    over r probes is √(2 Var f / (P + 2)) / √r, where Var f is the variance of f over
    the eigenvalues; take it from the spread of the rows. For other f a bias is added,
    the Gauss rule's own error, which more steps reduce and more probes do not;
    ``cumulative_band`` bounds both.

    With k eigenpairs deflated, the probes and all that follows are orthogonal to them,
    and φ = (1/P) ∑ₖ δ(λ − λₖ) + (1 − k/P) φ', φ' being measured. Outliers then add
    nothing to Var f, and steps are not spent on finding them.

    Args:
        operator: The symmetric operator.
        probes: Number r of probes. They run in lockstep, so that they share the work
            of a minibatch; memory holds three vectors a probe. With a band, the most.
        steps: Number m of Lanczos steps, one product a probe each. With a band, the
            most.
        generator: Source of the probes, on the processor.
        reorthogonalise: As in ``lanczos``. Not needed for a density: repeated nodes
            share the weight of the eigenvalue that they repeat.
        band: Stop as soon as the mean width of the band at 95 % on the cumulative
            distribution, over the range of the nodes not deflated, is at most so much;
            no more probes are used than that needs. None: use all steps and probes.
        deflate: Eigenpairs to count as known, converged and orthonormal. Far outliers
            should be: they stretch the range, and the bulk goes unseen in it.
        checkpoint: A file from which an interrupted run goes on; see ``drive``. So does
            one that is to take more steps than a finished one, with as many probes.
        progress: Whether to show a bar on standard error.

    Returns:
        Nodes and weights, one row a probe, deflated eigenvalues first, each with
        weight 1/P; rows that ended early are padded.

    Raises:
        ConvergenceError: If the band is still wider than asked.

    References:
        Ubaru, Chen and Saad (2017), SIAM J. Matrix Anal. Appl. 38, Sec. 3.
        Ghorbani, Krishnan and Xiao (2019), ICML, Algorithm 1.
    """
    known = np.zeros(0) if deflate is None else np.asarray(deflate.values, float)
    count = probes
    if band is not None:
        needed = probes_within(band, dimension=operator.size - len(known), steps=steps)
        count = min(probes, needed)
    process = Lockstep(
        gaussian(
            operator.size,
            count,
            generator=generator,
            dtype=operator.dtype,
            device=operator.device,
        ),
        steps=steps,
        reorthogonalise=reorthogonalise,
        stop=lambda runs: (
            band is not None
            and _is_due(max(run.products for run in runs))
            and _width(_with_known(runs, known, operator.size)) <= band
        ),
        orthogonal_to=None if deflate is None else _rows(deflate, operator),
    )
    drive(process, operator, checkpoint=checkpoint, progress=progress)
    measure = _with_known(process.runs, known, operator.size)
    if band is not None and (width := _width(measure)) > band:
        message = f"spectral_measure (band {band:.3g}, {count} of {probes} probes)"
        raise ConvergenceError(
            message,
            iterations=process.products,
            residual=width,
            remedy="allow more steps and probes, a wider band, or deflate outliers",
        )
    return measure


def measure_of(
    runs: Sequence[Krylov | Recurrence], *, dimension: int
) -> SpectralMeasure:
    """Turn Lanczos runs from random vectors into a spectral measure.

    Args:
        runs: One run a probe.
        dimension: The dimension P of the operator.

    Returns:
        Nodes and weights, one row a run.
    """
    rules = [ritz_of(run.alpha, run.beta) for run in runs]
    return stack_measures([
        SpectralMeasure(rule.values[None], rule.weights[None], dimension)
        for rule in rules
    ])


def _with_known(
    runs: Sequence[Recurrence], known: Float[np.ndarray, " k"], size: int
) -> SpectralMeasure:
    rest = measure_of(runs, dimension=size - len(known))
    table = np.tile(known, (rest.probes, 1))
    return SpectralMeasure(
        nodes=np.hstack([table, rest.nodes]),
        weights=np.hstack([
            np.full_like(table, 1 / size),
            rest.weights * (rest.dimension / size),
        ]),
        dimension=size,
    )


def _width(measure: SpectralMeasure) -> float:
    return cumulative_band(measure).width


def _is_due(steps: int) -> bool:
    """Say whether steps, a multiple of four, are one of four in their octave."""
    return steps % max(1, 2 ** (steps.bit_length() - 1) // ASKS_PER_OCTAVE) == 0


def _rows(pairs: KnownPairs, operator: LinearOperator) -> Float[torch.Tensor, "k P"]:
    vectors = np.asarray(pairs.vectors, dtype=float)
    fits = vectors.shape == (len(pairs.values), operator.size)
    if not fits or len(vectors) >= operator.size:
        message = (
            f"deflate: expected fewer than {operator.size} vectors of that length, "
            f"one a value, got shape {vectors.shape} and {len(pairs.values)} values"
        )
        raise ValueError(message)
    defect = np.abs(vectors @ vectors.T - np.eye(len(vectors))).max(initial=0.0)
    if not defect <= torch.finfo(operator.dtype).eps ** 0.5:
        message = (
            "deflate: expected orthonormal vectors, got inner products off by "
            f"{defect:.3g}; orthonormalise them"
        )
        raise ValueError(message)
    return torch.from_numpy(vectors).to(dtype=operator.dtype, device=operator.device)
