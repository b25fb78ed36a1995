"""The eigenpairs at the ends of a spectrum, to a stated residual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int

from eigenscape.core import ConvergenceError
from eigenscape.curvature.basis import KrylovBasis
from eigenscape.curvature.lanczos import StopRule, drive, recurrence, ritz, ritz_of
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.quadrature import measure_of
from eigenscape.spectra import SpectralMeasure, measure_of_eigenvalues

Which = Literal["largest", "smallest", "both"]

DEFAULT_MAX_STEPS = 500
"""Steps a run may take: so many vectors of memory at most. Eigenvalues that stand
clear of a bulk need a tenth; those inside one would need more than can be afforded."""

VERIFY_STEPS = 16
"""Least steps of a verifying run. At P = 10⁵, an eigenvalue that was missed and stands
above all that remain by a tenth of their spread stays hidden with probability below
1.648 √P exp(−√0.1 (2·16 − 1)) = 0.03 (Kuczyński and Woźniakowski, 1992)."""

SAFETY = 0.5
"""Part of the tolerance that a run aims at, which leaves the rest for the rounding
between estimated and true residuals; a Lanczos step gains more than this factor."""


@dataclass(frozen=True)
class Eigenpairs:
    """Eigenpairs of an operator, each with its residual.

    Attributes:
        values: Eigenvalues λ, descending.
        residuals: ‖A u − λ u‖, computed: an eigenvalue of A lies within it of λ.
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


@dataclass(frozen=True, eq=False)
class _Found:
    """Converged pairs, the products spent, the norm seen, and the first run's rule."""

    values: Float[np.ndarray, " c"]
    rows: Float[torch.Tensor, "c P"]
    products: int
    norm: float
    measure: SpectralMeasure | None


@dataclass(frozen=True)
class _Goal:
    """What is wanted: how many pairs, at which end, how well, in how many steps."""

    count: int
    which: Which
    tolerance: float
    max_steps: int
    verify: bool

    @property
    def total(self) -> int:
        return 2 * self.count if self.which == "both" else self.count

    def select(
        self, found: Float[np.ndarray, " c"], fresh: Float[np.ndarray, " m"]
    ) -> Int[np.ndarray, " k"]:
        """Choose the wanted ones; a fresh value must win by a margin.

        Args:
            found: Values found before.
            fresh: Values of the present run.

        Returns:
            Positions in the two joined.
        """
        margin = self.tolerance * _largest(found, fresh)
        top = bottom = np.zeros(0, dtype=np.int64)
        if self.which != "smallest":
            order = np.argsort(-np.concatenate([found, fresh - margin]), kind="stable")
            top = order[: self.count]
        if self.which != "largest":
            order = np.argsort(np.concatenate([found, fresh + margin]), kind="stable")
            bottom = order[~np.isin(order, top)][: self.count]
        return np.sort(np.concatenate([top, bottom]))

    def stop_rule(self, found: _Found) -> StopRule:
        """Tell when a run has nothing more to give.

        Args:
            found: The pairs found before.

        Returns:
            The rule: the wanted pairs have converged and, in a run that found none
            to add, it was long enough to have seen one.
        """

        def stop(alpha: Float[np.ndarray, " m"], beta: Float[np.ndarray, " m"]) -> bool:
            known = len(found.values)
            if known + len(alpha) < self.total:
                return False
            pairs = ritz_of(alpha, beta)
            wanted = self.select(found.values, pairs.values)
            added = wanted[wanted >= known] - known
            if not len(added):
                return len(alpha) >= VERIFY_STEPS
            norm = max(found.norm, _largest(pairs.values))
            return bool(pairs.residuals[added].max() <= SAFETY * self.tolerance * norm)

        return stop


def extreme_eigenpairs(
    operator: LinearOperator,
    count: int,
    *,
    which: Which = "largest",
    tolerance: float = 1e-4,
    generator: torch.Generator,
    max_steps: int | None = None,
    verify: bool = True,
) -> Eigenpairs:
    """Compute the eigenpairs at the ends of a spectrum.

    A Lanczos run with full reorthogonalisation goes on until the residual of every
    wanted pair is small. One run sees one vector of each eigenspace, and may take two
    close eigenvalues for one; so further runs, from random vectors orthogonal to what
    was found, look for pairs that were missed, until one adds nothing. A final
    Rayleigh–Ritz step gives the values and their true residuals. An eigenvalue errs by
    at most its residual, and by about its square over the gap if it is isolated.
    Residuals that stay above the tolerance raise a ConvergenceError.

    Args:
        operator: The symmetric operator A.
        count: Pairs wanted, at each end if at both. All P are computed, densely, where
            no fewer are wanted.
        which: The algebraically largest, the smallest, or both ends.
        tolerance: Largest residual ‖A u − λ u‖ allowed, relative to ‖A‖ as estimated
            by the largest |λ| seen. Default from the residual at which the fastest
            methods were compared; eigenvalues then err by about 1e-8 over the
            relative gap.
        generator: Source of the start vectors, on the processor.
        max_steps: Most steps of one run, which bounds the memory to so many vectors:
            min(P, 500) if None.
        verify: Whether to look for missed pairs (copies of a multiple eigenvalue)
            though the first run saw no sign of any, for 16 products or more.

    Returns:
        The pairs, in descending order.

    References:
        Golub and Meurant (2010), Matrices, Moments and Quadrature, Sec. 4.1.
        Parlett (1998), The Symmetric Eigenvalue Problem, Ch. 11 and 13.
        Kuczyński and Woźniakowski (1992), SIAM J. Matrix Anal. Appl. 13, 1094.
    """
    _require(count, which, tolerance, max_steps)
    limit = DEFAULT_MAX_STEPS if max_steps is None else max_steps
    goal = _Goal(count, which, tolerance, min(limit, operator.size), verify)
    if goal.total >= operator.size:
        return _all_eigenpairs(operator)
    found = _Found(
        values=np.zeros(0),
        rows=torch.zeros(0, operator.size, dtype=operator.dtype).to(operator.device),
        products=0,
        norm=0.0,
        measure=None,
    )
    unfinished = True
    while unfinished:
        found, unfinished = _run(operator, goal, found, generator)
    return _polished(operator, goal, found)


def _run(
    operator: LinearOperator, goal: _Goal, found: _Found, generator: torch.Generator
) -> tuple[_Found, bool]:
    known = len(found.values)
    basis = KrylovBasis(found.rows)
    start = gaussian(
        operator.size,
        1,
        generator=generator,
        dtype=operator.dtype,
        device=operator.device,
    )[:, 0].clone()
    basis.orthogonalise(start)
    process = recurrence(
        start, steps=goal.max_steps, basis=basis, stop=goal.stop_rule(found)
    )
    krylov = drive([process], operator)[0]
    pairs = ritz(krylov)
    products = found.products + len(pairs.values)
    norm = max(found.norm, _largest(pairs.values))
    wanted = goal.select(found.values, pairs.values)
    added = wanted[wanted >= known] - known
    worst = float(pairs.residuals[added].max(initial=0.0))
    _require_converged(goal, products, worst, norm)
    coefficients = np.zeros((len(basis), len(added)))
    coefficients[known:] = pairs.coefficients[:, added]
    kept = wanted[wanted < known]
    rows = torch.cat([
        found.rows[kept.tolist()],
        basis.combine(torch.from_numpy(coefficients)),
    ])
    values = np.concatenate([found.values[kept], pairs.values[added]])
    measure = found.measure or measure_of([krylov], dimension=operator.size)
    result = _Found(values, rows, products, norm, measure)
    settled = not krylov.invariant and not goal.verify
    return result, len(values) < goal.total or (len(added) > 0 and not settled)


def _polished(operator: LinearOperator, goal: _Goal, found: _Found) -> Eigenpairs:
    images = operator.matmat(found.rows.T.contiguous()).T
    projected = (found.rows @ images.T).double().cpu().numpy()
    values, rotation = np.linalg.eigh((projected + projected.T) / 2)
    turn = torch.from_numpy(rotation.T[::-1].copy()).to(found.rows)
    values = values[::-1].copy()
    rows, images = turn @ found.rows, turn @ images
    scaled = rows * torch.from_numpy(values).to(rows)[:, None]
    residuals = torch.linalg.vector_norm(images - scaled, dim=1).double().cpu().numpy()
    products = found.products + len(values)
    _require_converged(goal, products, float(residuals.max()), found.norm)
    vectors = rows.double().cpu().numpy()
    measure = found.measure or measure_of_eigenvalues(values)
    return Eigenpairs(values, residuals, vectors, products, measure)


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


def _require_converged(
    goal: _Goal, products: int, residual: float, norm: float
) -> None:
    if residual > goal.tolerance * norm:
        what = (
            f"extreme_eigenpairs ({goal.count} {goal.which}, "
            f"tolerance {goal.tolerance:.3g}, max_steps {goal.max_steps})"
        )
        raise ConvergenceError(
            what,
            iterations=products,
            residual=residual / norm if norm else residual,
            remedy="ask for fewer pairs, raise max_steps or tolerance, or use float64",
        )


def _largest(*parts: Float[np.ndarray, " _"]) -> float:
    return max((float(np.abs(part).max()) for part in parts if len(part)), default=0.0)


def _require(count: int, which: str, tolerance: float, max_steps: int | None) -> None:
    if count < 1:
        message = f"count: expected at least 1, got {count}"
        raise ValueError(message)
    if which not in {"largest", "smallest", "both"}:
        message = f"which: expected 'largest', 'smallest' or 'both', got {which!r}"
        raise ValueError(message)
    if not 0 < tolerance < 1:
        message = f"tolerance: expected between 0 and 1, got {tolerance}"
        raise ValueError(message)
    if max_steps is not None and max_steps < 1:
        message = f"max_steps: expected at least 1, got {max_steps}"
        raise ValueError(message)
