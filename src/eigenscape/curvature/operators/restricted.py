"""Restricted and Deflated: an operator on a subspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int64

from eigenscape.curvature.operators.derived import Derived
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.resume import digest

ORTHONORMAL = 100.0
"""Spacings of the type, times √k, by which k rows may miss orthonormality: what twice
repeated Gram-Schmidt leaves, with room."""


@final
@dataclass(frozen=True, eq=False)
class Restricted(Derived):
    """The principal submatrix A_SS of an operator on a set S of coordinates.

    Every product costs one with A. For a group of parameters of a risk,
    ``EmpiricalRisk(..., parameters=...)`` or ``BlockDiagonal`` cost less.

    Attributes:
        operator: A.
        positions: S, distinct coordinates in the order wanted.
    """

    operator: LinearOperator
    positions: Int64[torch.Tensor, " k"]

    def __post_init__(self) -> None:
        positions, size = self.positions, self.operator.size
        distinct = len(positions.unique()) == len(positions)
        inside = len(positions) > 0 and int(positions.min()) >= 0
        if not (distinct and inside and int(positions.max()) < size):
            message = (
                f"positions: expected distinct coordinates from 0 to {size - 1}, at "
                f"least one, got {len(positions)} others"
            )
            raise ValueError(message)

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.operator

    @property
    def size(self) -> int:
        """See LinearOperator."""
        return len(self.positions)

    def matvec(self, vector: Float[torch.Tensor, " k"]) -> Float[torch.Tensor, " k"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self.matmat(vector[:, None])[:, 0]

    def matmat(self, matrix: Float[torch.Tensor, "k c"]) -> Float[torch.Tensor, "k c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        where = self.positions.to(self.device)
        padded = matrix.new_zeros(matrix.shape[1], self.operator.size)
        padded[:, where] = matrix.T
        return self.operator.matmat(padded.T)[where]

    def fingerprint(self) -> str:
        """See LinearOperator.

        Returns:
            Digits of A and S.
        """
        return digest(["Restricted", self.operator.fingerprint(), self.positions])


@final
@dataclass(frozen=True, eq=False)
class Deflated(Derived):
    """An operator without some directions, (I − QᵀQ) A (I − QᵀQ).

    If the rows of Q are eigenvectors of A, their eigenvalues become zero and the others
    stay.

    Attributes:
        operator: A.
        rows: Q, orthonormal rows of A's floating-point type.
    """

    operator: LinearOperator
    rows: Float[torch.Tensor, "k P"]

    def __post_init__(self) -> None:
        kind = (self.operator.size, self.operator.dtype, self.operator.device)
        given = (self.rows.shape[1], self.rows.dtype, self.rows.device)
        if kind != given:
            message = (
                "rows: expected vectors of the operator's length, dtype and device "
                f"{kind}, got {given}"
            )
            raise ValueError(message)
        gram = self.rows @ self.rows.T
        gram.diagonal().sub_(1)
        allowed = ORTHONORMAL * torch.finfo(self.dtype).eps * max(len(gram), 1) ** 0.5
        error = float(gram.abs().max()) if len(gram) else 0.0
        if error > allowed:
            message = (
                f"rows: expected orthonormal rows, got an error of {error:.3g}; "
                "take the Q of torch.linalg.qr(rows.T), transposed"
            )
            raise ValueError(message)

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.operator

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self._rest(self.operator.matvec(self._rest(vector)))

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return self._rest(self.operator.matmat(self._rest(matrix)))

    def fingerprint(self) -> str:
        """See LinearOperator.

        Returns:
            Digits of A and Q.
        """
        return digest(["Deflated", self.operator.fingerprint(), self.rows])

    def _rest(self, vectors: torch.Tensor) -> torch.Tensor:
        return vectors - self.rows.T @ (self.rows @ vectors)
