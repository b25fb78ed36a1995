"""LinearOperator: a symmetric matrix known by its products with flat vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse.linalg import LinearOperator as ScipyOperator

from eigenscape.curvature.resume import digest

Pieces = Sequence[torch.Tensor | None]
"""One tensor a parameter; None stands for zeros."""

Product = Callable[[Pieces, Sequence[int], bool], Pieces]
"""Maps a direction in parameter space to the wanted parameters' pieces of a product;
the last argument says whether the graph is needed again, or may be freed on the way."""


class LinearOperator(ABC):
    """A symmetric linear map of flat vectors, (P,) → (P,).

    A kind of operator implements the four abstract members; the others have
    serviceable defaults.
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

    def expect_more(self) -> None:
        """Take note that products follow, which may share what is kept; do nothing."""
        return

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """Compute numbers anew that must come out the same each time.

        Args:
            probe: A random vector.

        Returns:
            By default the product with the probe.
        """
        return self.matvec(probe)

    def fingerprint(self) -> str:
        """Digest what the products depend on.

        Returns:
            Hexadecimal digits, the same in another Python process on the same machine;
            by default of the product with a fixed vector.
        """
        wave = torch.cos(torch.arange(self.size, dtype=torch.float64))
        probe = wave.to(dtype=self.dtype, device=self.device)
        return digest([type(self).__name__, self.matvec(probe)])

    def to_scipy(self) -> ScipyOperator:
        """Turn into an operator that SciPy's solvers take.

        Returns:
            The same map of NumPy arrays, in this operator's floating-point type.
        """

        def product(array: np.ndarray) -> np.ndarray:
            tensor = torch.from_numpy(np.ascontiguousarray(array))
            tensor = tensor.to(dtype=self.dtype, device=self.device)
            if tensor.ndim == 1:
                return self.matvec(tensor).cpu().numpy()
            return self.matmat(tensor).cpu().numpy()

        kind = torch.empty(0, dtype=self.dtype).numpy().dtype
        return cast("Any", ScipyOperator)(
            (self.size, self.size),
            matvec=product,
            rmatvec=product,
            matmat=product,
            rmatmat=product,
            dtype=kind,
        )
