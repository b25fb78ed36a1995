"""Dense: a matrix in memory as an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.operator import LinearOperator


@final
@dataclass(frozen=True, eq=False)
class Dense(LinearOperator):
    """A matrix in memory.

    Attributes:
        matrix: The matrix, symmetric.
    """

    matrix: Float[torch.Tensor, "P P"]

    def __post_init__(self) -> None:
        shape = tuple(self.matrix.shape)
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
            message = f"matrix: expected a square matrix, got shape {shape}"
            raise ValueError(message)
        if not self.matrix.is_floating_point():
            message = (
                "matrix: expected real floating-point entries, "
                f"got {self.matrix.dtype}; convert by .double()"
            )
            raise ValueError(message)

    @property
    def size(self) -> int:
        """See LinearOperator."""
        return self.matrix.shape[0]

    @property
    def dtype(self) -> torch.dtype:
        """See LinearOperator."""
        return self.matrix.dtype

    @property
    def device(self) -> torch.device:
        """See LinearOperator."""
        return self.matrix.device

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self.matrix @ vector

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return self.matrix @ matrix
