"""Lanczos tridiagonalisation, and the Ritz values and weights it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal

from eigenscape.curvature.krylov.basis import KrylovBasis
from eigenscape.curvature.krylov.inner_product import dot, norm
from eigenscape.curvature.krylov.orthogonality import Overlaps
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.process import Process, State, drive
from eigenscape.curvature.resume import digest

Reorthogonalise = Literal["none", "partial", "full"]

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
    reorthogonalise: Reorthogonalise = "full",
    stop: StopRule | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> Krylov:
    """Tridiagonalise an operator on the Krylov space of a vector.

    T = Qᵀ A Q, with Q an orthonormal basis of span(v, Av, …, A^{m−1} v). The run ends
    early, at less than ``steps``, where the space is invariant.

    Args:
        operator: The symmetric operator A.
        start: The vector v, of any norm but zero.
        steps: Most steps m to take, one product each; never more than P are taken.
        reorthogonalise: "full" keeps Q and holds it orthonormal to the rounding ε of
            its type, for two sweeps over Q a step. "partial" keeps Q, and sweeps only
            when the estimated loss passes √ε: T is as right, Q orthonormal to √ε.
            "none" stores three vectors; T repeats eigenvalues that have converged,
            whose weights add up, so that quadrature is right all the same.
        stop: Asked every few steps with α and β so far; True ends the run.
        checkpoint: A file from which an interrupted run goes on; see ``drive``.
        progress: Whether to show a bar on standard error.

    Returns:
        T, the norm left over, and Q if it was kept.

    Raises:
        ValueError: If ``steps`` is less than 1, or the vector does not fit, is zero or
            not finite, or a product is not finite.

    References:
        Golub and Meurant (2010), Matrices, Moments and Quadrature, Sec. 4.1.
        Paige (1972), J. Inst. Maths Applics 10: the order of operations.
        Simon (1984), Math. Comp. 42: partial reorthogonalisation.
    """
    if start.shape != (operator.size,):
        shape = tuple(start.shape)
        message = f"start: expected shape ({operator.size},), got {shape}"
        raise ValueError(message)
    run = Recurrence(start, steps=steps, reorthogonalise=reorthogonalise, stop=stop)
    drive(run, operator, checkpoint=checkpoint, progress=progress)
    return run.krylov()


@final
class Recurrence(Process):
    """One Lanczos run.

    How many steps it may take is no part of its identity: a longer run goes on where
    a shorter one ended.

    Attributes:
        alpha: α₁ … αⱼ after j steps.
        beta: β₂ … βⱼ₊₁: the off-diagonal, then the norm left.
        invariant: Whether the last norm is rounding.
    """

    def __init__(
        self,
        start: Float[torch.Tensor, " P"],
        *,
        steps: int,
        reorthogonalise: Reorthogonalise = "full",
        stop: StopRule | None = None,
    ) -> None:
        """Begin a run; see ``lanczos``, which says what is refused.

        Args:
            start: The vector to start from.
            steps: Most steps to take.
            reorthogonalise: How to keep the basis orthonormal.
            stop: Asked every few steps with α and β so far; True ends the run.
        """
        _require(steps, reorthogonalise)
        self.alpha, self.beta = np.zeros(0), np.zeros(0)
        self.invariant = self._ended = False
        self._steps = min(steps, len(start))
        self._stop = stop
        self._current = _normalised(start)
        self._previous = torch.zeros_like(self._current)
        self._identity = f"lanczos {reorthogonalise} {digest([start])}"
        kept = reorthogonalise != "none"
        self._basis = KrylovBasis(start.new_empty(0, len(start))) if kept else None
        self._rounding = BREAKDOWN * torch.finfo(start.dtype).eps
        partial = reorthogonalise == "partial"
        self._overlaps = Overlaps(torch.finfo(start.dtype).eps) if partial else None

    @property
    def identity(self) -> str:
        """See Process."""
        return self._identity

    @property
    def products(self) -> int:
        """See Process."""
        return len(self.alpha)

    @property
    def most_products(self) -> int:
        """See Process."""
        return self._steps

    @property
    def wanted(self) -> Float[torch.Tensor, "P 1"] | None:
        """See Process."""
        return None if self._ended else self._current[:, None]

    def krylov(self) -> Krylov:
        """Give the result so far.

        Returns:
            The run's T and, if it was kept, its basis.
        """
        basis = None if self._basis is None else self._basis.rows().T
        return Krylov(self.alpha, self.beta, basis, self.invariant)

    def end(self) -> None:
        """Take no more steps."""
        self._ended = True

    def receive(self, products: Float[torch.Tensor, "P 1"]) -> None:
        """Take one step; the product becomes the next vector, in place.

        Args:
            products: The product of the vector wanted.

        Raises:
            ValueError: If it is not finite.
        """
        residual, current = products[:, 0], self._current
        if self._basis is not None:
            self._basis.append(current)
        if len(self.beta):
            residual.add_(self._previous, alpha=-self.beta[-1])
        alpha = float(dot(current, residual))
        residual.add_(current, alpha=-alpha)
        self.alpha = np.append(self.alpha, alpha)
        self.beta = np.append(self.beta, norm(residual))
        if not np.isfinite(self.alpha[-1] + self.beta[-1]):
            step = len(self.alpha)
            message = f"operator: expected finite products, got others at step {step}"
            raise ValueError(message)
        if self._basis is not None and self._has_lost_orthogonality():
            self._basis.orthogonalise(residual)
            self.beta[-1] = norm(residual)
        self._settle()
        if not self.invariant:
            self._previous, self._current = current, residual.div_(self.beta[-1])

    def _settle(self) -> None:
        """Decide whether the run is over; stopping rules are no part of its state."""
        steps = len(self.alpha)
        self.invariant = bool(self.beta[-1] <= self._rounding * self._size_seen())
        self._ended = self.invariant or steps >= self._steps
        if self._stop is not None and not self._ended and steps % STOP_INTERVAL == 0:
            self._ended = self._stop(self.alpha, self.beta)

    def _size_seen(self) -> float:
        """Estimate ‖A‖ by the largest row sum of T."""
        sums = np.abs(self.alpha) + self.beta
        sums[1:] += self.beta[:-1]
        return float(sums.max())

    def _has_lost_orthogonality(self) -> bool:
        if self._overlaps is None:
            return True
        rounding = self._rounding * self._size_seen()
        if self.beta[-1] <= rounding:
            return False
        self._overlaps.advance(self.alpha, self.beta, rounding)
        return self._overlaps.must_restore()

    def state(self) -> State:
        """See Process.

        Returns:
            The coefficients, the last two vectors, and the basis if it is kept.
        """
        state = {
            "alpha": torch.from_numpy(self.alpha),
            "beta": torch.from_numpy(self.beta),
            "pair": torch.stack([self._previous, self._current]),
        }
        if self._basis is not None:
            state["basis"] = self._basis.rows()
        if self._overlaps is not None:
            state |= self._overlaps.state()
        return state

    def restore(self, state: State) -> None:
        """See Process.

        Args:
            state: What ``state`` returned, in a run of as many steps or fewer.

        Raises:
            ValueError: If it is that of a longer run.
        """
        self.alpha, self.beta = state["alpha"].numpy(), state["beta"].numpy()
        if len(self.alpha) > self._steps:
            message = (
                f"steps: expected at least the {len(self.alpha)} of the checkpoint, "
                f"got {self._steps}; ask for as many or choose another file"
            )
            raise ValueError(message)
        self._previous, self._current = state["pair"].unbind()
        if self._basis is not None:
            self._basis = KrylovBasis(state["basis"])
        if self._overlaps is not None:
            self._overlaps.restore(state)
        if len(self.alpha):
            self._settle()


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


def _require(steps: int, reorthogonalise: str) -> None:
    if steps < 1:
        message = f"steps: expected at least 1, got {steps}"
        raise ValueError(message)
    if reorthogonalise not in {"none", "partial", "full"}:
        message = (
            "reorthogonalise: expected 'none', 'partial' or 'full', got "
            f"{reorthogonalise!r}"
        )
        raise ValueError(message)


def _normalised(start: torch.Tensor) -> torch.Tensor:
    norm = float(torch.linalg.vector_norm(start))
    if not (np.isfinite(norm) and norm > 0):
        message = f"start: expected a finite vector other than zero, got norm {norm}"
        raise ValueError(message)
    return start / norm
