"""Sums, multiples and shifts of operators, which are operators again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.derived import Derived
from eigenscape.curvature.operators.operator import LinearOperator


@final
@dataclass(frozen=True, eq=False)
class Sum(Derived):
    """The sum A + B of two operators.

    Attributes:
        first: A.
        second: B, of the same size, type and device.
    """

    first: LinearOperator
    second: LinearOperator

    def __post_init__(self) -> None:
        kinds = [(op.size, op.dtype, op.device) for op in (self.first, self.second)]
        if kinds[0] != kinds[1]:
            first, second = (
                f"{size} {dtype} {device}" for size, dtype, device in kinds
            )
            message = (
                "first, second: expected operators of equal size, dtype and device, "
                f"got {first} and {second}"
            )
            raise ValueError(message)

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.first

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self.first.matvec(vector) + self.second.matvec(vector)

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return self.first.matmat(matrix) + self.second.matmat(matrix)

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """See LinearOperator.

        Returns:
            Its evidence.
        """
        return torch.cat([self.first.evidence(probe), self.second.evidence(probe)])


@final
@dataclass(frozen=True, eq=False)
class Scaled(Derived):
    """The multiple cA of an operator.

    Attributes:
        operator: A.
        factor: c.
    """

    operator: LinearOperator
    factor: float

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.operator

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self.factor * self.operator.matvec(vector)

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return self.factor * self.operator.matmat(matrix)

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """See LinearOperator.

        Returns:
            Its evidence.
        """
        return self.operator.evidence(probe)


@final
@dataclass(frozen=True, eq=False)
class Shifted(Derived):
    """An operator with its spectrum shifted, A + sI.

    Attributes:
        operator: A.
        shift: s, in eigenvalue units.
    """

    operator: LinearOperator
    shift: float

    @property
    def source(self) -> LinearOperator:
        """See Derived."""
        return self.operator

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return torch.add(self.operator.matvec(vector), vector, alpha=self.shift)

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return torch.add(self.operator.matmat(matrix), matrix, alpha=self.shift)

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """See LinearOperator.

        Returns:
            Its evidence.
        """
        return self.operator.evidence(probe)
