"""The eigenpairs at the ends of a spectrum, to a stated residual."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.core import ConvergenceError
from eigenscape.curvature.krylov.thick_restart import SEARCH_STEPS, ThickRestart
from eigenscape.curvature.krylov.wanted import Wanted, Which
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.process import drive
from eigenscape.spectra import SpectralMeasure, measure_of_eigenvalues

ROOM = 50
"""Vectors held at least beyond the pairs wanted: enough for most runs not to restart,
and for a search beside them. Half as many as pairs wanted if that is more: on decaying
spectra and on outliers beside a bulk, 50 pairs took as many products within a tenth at
1.2 to 3.6 vectors a pair, and the time spent on vectors grew with that number."""


@dataclass(frozen=True)
class Eigenpairs:
    """Eigenpairs of an operator, each with its residual.

    Attributes:
        values: Eigenvalues λ, descending.
        residuals: ‖A u − λ u‖, within which an eigenvalue of A lies of λ: that of the
            Lanczos relation, and what a product of the sum of all u shows beyond it;
            from a product each where the search added pairs.
        vectors: Unit eigenvectors u as rows.
        products: Number of operator products spent.
        measure: The one-probe quadrature of the first run, a by-product: the spectral
            density with the weights of one random vector.
    """

    values: Float[np.ndarray, " c"]
    residuals: Float[np.ndarray, " c"]
    vectors: Float[np.ndarray, "c P"]
    products: int
    measure: SpectralMeasure


def extreme_eigenpairs(
    operator: LinearOperator,
    count: int,
    *,
    which: Which = "largest",
    tolerance: float = 1e-4,
    generator: torch.Generator,
    block: int = 1,
    max_basis: int | None = None,
    max_products: int | None = None,
    verify: bool = True,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> Eigenpairs:
    """Compute the eigenpairs at the ends of a spectrum.

    Lanczos runs with full reorthogonalisation and thick restarts, until the residual of
    every wanted pair is small, which a further product checks. An eigenvalue errs by at
    most its residual, and by about its square over the gap if it is isolated.

    A run sees one vector of each eigenspace (as many as ``block``), and may take two
    close eigenvalues for one. So further runs, from random vectors orthogonal to what
    was found, search for pairs that were missed, until one adds nothing. Such a search
    ends when it would have overlooked a pair with probability below 1 %, or after 32
    products (a pair that stands above the rest by 3 % of their spread is then
    overlooked with probability below 1 % at P = 10⁵).

    Args:
        operator: The symmetric operator A.
        count: Pairs wanted, at each end if at both. All P are computed, densely, where
            no fewer are wanted.
        which: The algebraically largest, the smallest, both ends, or the largest in
            magnitude.
        tolerance: Largest residual ‖A u − λ u‖ allowed, relative to ‖A‖ as estimated
            by the largest |λ| seen. Default from the residual at which the fastest
            methods were compared; eigenvalues then err by about 1e-8 over the
            relative gap.
        generator: Source of the start vectors, on the processor.
        block: Vectors multiplied at once in the first run. More than one costs more
            products and sees that many copies of a multiple eigenvalue at once; it
            pays where products of several vectors share work.
        max_basis: Most vectors held as a basis, which bounds the memory. Default
            the pairs wanted and 50 more, or half as many if that is more. Three times
            the pairs wanted are held at the end.
        max_products: Most products to spend. Default 500, or 20 a pair if that is more;
            pairs that stand clear of a bulk need a tenth.
        verify: Whether to search for missed pairs (copies of a multiple eigenvalue)
            though the first run saw no sign of any.
        checkpoint: A file that keeps the state about once a minute; an interrupted run
            goes on from it. So does one that ran out of products, if given more.
        progress: Whether to show progress on standard error.

    Returns:
        The pairs, in descending order.

    Raises:
        ConvergenceError: If the residuals stay above the tolerance.

    References:
        Wu and Simon (2000), SIAM J. Matrix Anal. Appl. 22, 602.
        van Dorsselaer, Hochstenbach and van der Vorst (2000), SIAM J. Matrix Anal.
        Appl. 22, 837.
        Kuczyński and Woźniakowski (1992), SIAM J. Matrix Anal. Appl. 13, 1094.
    """
    _require(count, which, tolerance, block)
    goal = Wanted(count, which, tolerance)
    if goal.total >= operator.size:
        return _all_eigenpairs(operator)
    process = ThickRestart(
        torch.empty(0, operator.size, dtype=operator.dtype, device=operator.device),
        goal,
        generator=generator,
        block=block,
        max_basis=_basis_bound(max_basis, goal, block, verify=verify),
        max_products=_product_bound(max_products, goal, block),
        verify=verify,
    )
    drive(process, operator, checkpoint=checkpoint, progress=progress)
    if not process.converged:
        what = (
            f"extreme_eigenpairs ({count} {which}, tolerance {tolerance:.3g}, "
            f"max_products {process.most_products})"
        )
        raise ConvergenceError(
            what,
            iterations=process.products,
            residual=process.worst(),
            remedy="ask for fewer pairs, raise max_products or tolerance, or use "
            "float64",
        )
    nodes, weights = process.rule[:, None]
    return Eigenpairs(
        values=process.values,
        residuals=process.residuals,
        vectors=process.rows.double().cpu().numpy(),
        products=process.products,
        measure=SpectralMeasure(nodes, weights / weights.sum(), operator.size),
    )


def _all_eigenpairs(operator: LinearOperator) -> Eigenpairs:
    identity = torch.eye(operator.size, dtype=operator.dtype, device=operator.device)
    matrix = operator.matmat(identity).double().cpu().numpy()
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return Eigenpairs(
        values=values[::-1].copy(),
        residuals=np.linalg.norm(matrix @ vectors - vectors * values, axis=0)[::-1],
        vectors=vectors.T[::-1].copy(),
        products=operator.size,
        measure=measure_of_eigenvalues(values),
    )


def default_max_basis(total: int, block: int = 1) -> int:
    """Tell how many vectors a run may hold.

    Args:
        total: Pairs wanted, at both ends together.
        block: Vectors multiplied at once.

    Returns:
        The default of ``max_basis``.
    """
    return total + max(ROOM, total // 2, 3 * block)


def default_max_products(total: int) -> int:
    """Tell how many products a run may ask for.

    Args:
        total: Pairs wanted, at both ends together.

    Returns:
        The default of ``max_products``.
    """
    return max(500, 20 * total)


def _basis_bound(given: int | None, goal: Wanted, block: int, *, verify: bool) -> int:
    least = goal.total + max(3 * block, SEARCH_STEPS + 1 if verify else 0)
    if given is not None and given < least:
        message = (
            f"max_basis: expected at least {least} for {goal.total} pairs in blocks of "
            f"{block}, got {given}; ask for fewer pairs"
        )
        raise ValueError(message)
    return default_max_basis(goal.total, block) if given is None else given


def _product_bound(given: int | None, goal: Wanted, block: int) -> int:
    least = goal.total + block
    if given is not None and given < least:
        message = (
            f"max_products: expected at least {least} for {goal.total} pairs in blocks "
            f"of {block}, got {given}; ask for fewer pairs"
        )
        raise ValueError(message)
    return default_max_products(goal.total) if given is None else given


def _require(count: int, which: str, tolerance: float, block: int) -> None:
    if count < 1:
        message = f"count: expected at least 1, got {count}"
        raise ValueError(message)
    if which not in {"largest", "smallest", "both", "magnitude"}:
        message = (
            "which: expected 'largest', 'smallest', 'both' or 'magnitude', "
            f"got {which!r}"
        )
        raise ValueError(message)
    if not 0 < tolerance < 1:
        message = f"tolerance: expected between 0 and 1, got {tolerance}"
        raise ValueError(message)
    if block < 1:
        message = f"block: expected at least 1, got {block}"
        raise ValueError(message)
