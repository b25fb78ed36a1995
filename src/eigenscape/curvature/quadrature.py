"""Stochastic Lanczos quadrature: the spectral density of an operator."""

from __future__ import annotations

import torch

from eigenscape.curvature.basis import KrylovBasis
from eigenscape.curvature.lanczos import Krylov, drive, recurrence, ritz
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.spectra import SpectralMeasure, stack_measures


def spectral_measure(
    operator: LinearOperator,
    *,
    probes: int,
    steps: int,
    generator: torch.Generator,
    reorthogonalise: bool = False,
) -> SpectralMeasure:
    """Estimate the spectral density φ(λ) = (1/P) ∑ᵢ δ(λ − λᵢ).

    Each probe v, uniform on the unit sphere, gives the m-point Gauss rule of its own
    measure ∑ᵢ (v·uᵢ)² δ(λ − λᵢ), whose mean over v is φ. For a polynomial f of degree
    up to 2m − 1 the estimate of ∫ f φ is therefore unbiased, and the standard error
    over r probes is √(2 Var f / (P + 2)) / √r, where Var f is the variance of f over
    the eigenvalues; take it from the spread of the rows. For other f a bias is added,
    the Gauss rule's own error, which more steps reduce and more probes do not.

    Args:
        operator: The symmetric operator.
        probes: Number r of probes. They run in lockstep, so that they share the work
            of a minibatch; memory holds three vectors a probe.
        steps: Number m of Lanczos steps, one product a probe each.
        generator: Source of the probes, on the processor.
        reorthogonalise: Whether to hold each Lanczos basis orthonormal, for m more
            vectors of memory a probe. Not needed for a density: repeated nodes share
            the weight of the eigenvalue that they repeat.

    Returns:
        Nodes and weights, one row a probe; rows that ended early are padded.

    References:
        Ubaru, Chen and Saad (2017), SIAM J. Matrix Anal. Appl. 38, Sec. 3.
        Ghorbani, Krishnan and Xiao (2019), ICML, Algorithm 1.
    """
    starts = gaussian(
        operator.size,
        probes,
        generator=generator,
        dtype=operator.dtype,
        device=operator.device,
    ).T
    processes = [
        recurrence(
            start,
            steps=steps,
            basis=KrylovBasis(starts[:0]) if reorthogonalise else None,
        )
        for start in starts
    ]
    return measure_of(drive(processes, operator), dimension=operator.size)


def measure_of(runs: list[Krylov], *, dimension: int) -> SpectralMeasure:
    """Turn Lanczos runs from random vectors into a spectral measure.

    Args:
        runs: One run a probe.
        dimension: The dimension P of the operator.

    Returns:
        Nodes and weights, one row a run.
    """
    rules = [ritz(run) for run in runs]
    return stack_measures([
        SpectralMeasure(rule.values[None], rule.weights[None], dimension)
        for rule in rules
    ])
