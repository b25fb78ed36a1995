"""LinearOperator: a symmetric matrix known by its products with flat vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float


class LinearOperator(ABC):
    """A symmetric linear map of flat vectors, (P,) → (P,).

    A kind of operator implements the four abstract members; ``matmat`` and
    ``evidence`` have serviceable defaults.
    """

    @property
    @abstractmethod
    def size(self) -> int:
        """Tell the dimension.

        Returns:
            The number P of rows and of columns.
        """

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """Tell the floating-point type of the vectors.

        Returns:
            The type.
        """

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Tell the device of the vectors.

        Returns:
            The device.
        """

    @abstractmethod
    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """Multiply one vector.

        Args:
            vector: The vector v.

        Returns:
            Av, a new tensor.
        """

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """Multiply several vectors, which may share work.

        Args:
            matrix: The vectors as columns.

        Returns:
            Their products as columns, a new tensor.
        """
        product = torch.empty_like(matrix)
        for column in range(matrix.shape[1]):
            product[:, column] = self.matvec(matrix[:, column])
        return product

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """Compute numbers anew that must come out the same each time.

        Args:
            probe: A random vector.

        Returns:
            By default the product with the probe.
        """
        return self.matvec(probe)
