"""Lanczos tridiagonalisation, and the Ritz values and weights it gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal

from eigenscape.curvature.basis import KrylovBasis
from eigenscape.curvature.operators.operator import LinearOperator

StopRule = Callable[[Float[np.ndarray, " m"], Float[np.ndarray, " m"]], bool]

STOP_INTERVAL = 4
"""Steps between two questions to a stopping rule; one costs about a millisecond."""

BREAKDOWN = 10
"""A residual norm below this many spacings of the type, relative to the operator's
norm, is rounding; the constant leaves room for the product's own rounding."""


@dataclass(frozen=True, eq=False)
class Krylov:
    """An orthonormal basis Q of a Krylov space, with A Q = Q T + βₘ q eₘᵀ.

    Attributes:
        alpha: The diagonal α₁ … αₘ of T.
        beta: β₁ … βₘ: the off-diagonal of T, then the norm left after the last step.
        basis: Q as columns; None if it was not kept.
        invariant: Whether the space is invariant (to rounding) under A, so that the
            Ritz values are eigenvalues.
    """

    alpha: Float[np.ndarray, " m"]
    beta: Float[np.ndarray, " m"]
    basis: Float[torch.Tensor, "P m"] | None
    invariant: bool


@dataclass(frozen=True)
class Ritz:
    """The eigenpairs of T, as approximations to those of A.

    Attributes:
        values: Ritz values θₖ, ascending.
        weights: Squared first components of the eigenvectors of T; they sum to one.
        residuals: ‖A y − θ y‖ = βₘ |last component|, for each Ritz vector y.
        coefficients: Eigenvectors of T as columns; the Ritz vectors are Q times them.
    """

    values: Float[np.ndarray, " m"]
    weights: Float[np.ndarray, " m"]
    residuals: Float[np.ndarray, " m"]
    coefficients: Float[np.ndarray, "m m"]


def lanczos(
    operator: LinearOperator,
    start: Float[torch.Tensor, " P"],
    *,
    steps: int,
    reorthogonalise: bool = True,
    stop: StopRule | None = None,
) -> Krylov:
    """Tridiagonalise an operator on the Krylov space of a vector.

    T = Qᵀ A Q, with Q an orthonormal basis of span(v, Av, …, A^{m−1} v). The run ends
    early, at less than ``steps``, where the space is invariant.

    Args:
        operator: The symmetric operator A.
        start: The vector v, of any norm but zero.
        steps: Most steps m to take, one product each; never more than P are taken.
        reorthogonalise: Whether to keep Q and to hold it orthonormal. Without, three
            vectors are stored, and T repeats eigenvalues that have converged; their
            weights add up, so that quadrature is right all the same.
        stop: Asked every few steps with α and β so far; True ends the run.

    Returns:
        T, the norm left over, and Q if it was kept.

    Raises:
        ValueError: If ``steps`` is less than 1, or the vector does not fit, is zero or
            not finite, or a product is not finite.

    References:
        Golub and Meurant (2010), Matrices, Moments and Quadrature, Sec. 4.1.
        Paige (1972), J. Inst. Maths Applics 10: the order of operations.
    """
    if start.shape != (operator.size,):
        shape = tuple(start.shape)
        message = f"start: expected shape ({operator.size},), got {shape}"
        raise ValueError(message)
    basis = KrylovBasis(start.new_empty(0, len(start))) if reorthogonalise else None
    process = recurrence(start, steps=steps, basis=basis, stop=stop)
    krylov = drive([process], operator)[0]
    if basis is None:
        return krylov
    return Krylov(krylov.alpha, krylov.beta, basis.rows().T, krylov.invariant)


def ritz(krylov: Krylov) -> Ritz:
    """Diagonalise T.

    Args:
        krylov: A Lanczos run.

    Returns:
        Ritz values, weights and residuals. The values and weights are the nodes and
        weights of the m-point Gauss rule of the start vector's spectral measure, exact
        for polynomials of degree 2m − 1.

    References:
        Golub and Welsch (1969), Math. Comp. 23, Sec. 2.
    """
    return ritz_of(krylov.alpha, krylov.beta)


def ritz_of(alpha: Float[np.ndarray, " m"], beta: Float[np.ndarray, " m"]) -> Ritz:
    """Diagonalise the tridiagonal matrix of α and β.

    Args:
        alpha: The diagonal.
        beta: The off-diagonal, then the norm left over.

    Returns:
        What ``ritz`` returns.
    """
    values, vectors = eigh_tridiagonal(alpha, beta[:-1])
    weights = vectors[0] ** 2
    return Ritz(
        values=values,
        weights=weights / weights.sum(),
        residuals=beta[-1] * np.abs(vectors[-1]),
        coefficients=vectors,
    )


Process = Generator[torch.Tensor, torch.Tensor, Krylov]
"""A Lanczos run that yields each vector to be multiplied and is sent the product."""


def drive(processes: list[Process], operator: LinearOperator) -> list[Krylov]:
    """Run Lanczos processes in lockstep, their vectors multiplied together.

    Args:
        processes: Runs that have not begun.
        operator: The operator; one ``matmat`` a step serves all runs.

    Returns:
        The runs' results, without their bases.
    """
    results: dict[int, Krylov] = {}
    wanted = {index: next(process) for index, process in enumerate(processes)}
    while wanted:
        products = _multiply(operator, list(wanted.values()))
        answers = zip(list(wanted), products, strict=True)
        wanted = {}
        for index, product in answers:
            try:
                wanted[index] = processes[index].send(product)
            except StopIteration as end:
                results[index] = end.value
    return [results[index] for index in range(len(processes))]


def recurrence(
    start: Float[torch.Tensor, " P"],
    *,
    steps: int,
    basis: KrylovBasis | None = None,
    stop: StopRule | None = None,
) -> Process:
    """Take Lanczos steps; see ``lanczos``.

    Args:
        start: The vector to start from.
        steps: Most steps to take.
        basis: Where to keep Q. Rows that are there already must be orthogonal to
            ``start``: the run stays orthogonal to them.
        stop: Asked every few steps with α and β so far; True ends the run.

    Returns:
        T and the norm left over, without Q.

    Yields:
        Vectors whose products are to be sent back.

    Raises:
        ValueError: If a number or a vector is not as ``lanczos`` says.
    """
    current = _normalised(start)
    previous = torch.zeros_like(current)
    room = len(start) - (0 if basis is None else len(basis))
    if min(steps, room) < 1:
        message = f"steps: expected at least 1 and room for it, got {steps} of {room}"
        raise ValueError(message)
    alpha: list[float] = []
    beta: list[float] = []
    scale, left, invariant = 0.0, 0.0, False
    for step in range(1, min(steps, room) + 1):
        if basis is not None:
            basis.append(current)
        product = yield current
        residual = torch.add(product, previous, alpha=-left)
        diagonal = float(torch.dot(current, residual))
        residual.add_(current, alpha=-diagonal)
        coupling = left
        if basis is None:
            left = float(torch.linalg.vector_norm(residual))
        else:
            left = basis.orthogonalise(residual)
        if not np.isfinite(diagonal + left):
            message = f"operator: expected finite products, got others at step {step}"
            raise ValueError(message)
        alpha.append(diagonal)
        beta.append(left)
        scale = max(scale, abs(diagonal) + coupling + left)
        invariant = left <= BREAKDOWN * torch.finfo(start.dtype).eps * scale
        due = stop is not None and step % STOP_INTERVAL == 0
        if invariant or (due and stop and stop(np.array(alpha), np.array(beta))):
            break
        previous, current = current, residual / left
    # ruff: ignore[return-in-generator] the value of the generator is the point of it
    return Krylov(np.array(alpha), np.array(beta), None, invariant)


def _normalised(start: torch.Tensor) -> torch.Tensor:
    norm = float(torch.linalg.vector_norm(start))
    if not (np.isfinite(norm) and norm > 0):
        message = f"start: expected a finite vector other than zero, got norm {norm}"
        raise ValueError(message)
    return start / norm


def _multiply(
    operator: LinearOperator, vectors: list[torch.Tensor]
) -> list[torch.Tensor]:
    if len(vectors) == 1:
        return [operator.matvec(vectors[0])]
    return list(operator.matmat(torch.stack(vectors, dim=1)).unbind(1))
