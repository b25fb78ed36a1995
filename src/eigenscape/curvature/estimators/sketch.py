"""Sketch: an orthonormal basis of the range of an operator, from random products."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.estimators.vector_sets import (
    orthonormalise,
    require_finite,
    sphere,
)
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import rademacher
from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest

BLOCK = 16
"""Vectors multiplied at once: they share the work of a minibatch, for two vectors of
memory each. Sixteen leave the shared part under a tenth of the cost."""


@final
class Sketch(Process):
    """Multiplies k random vectors Ω, then an orthonormal basis Q of the span of AΩ.

    Both take k products, in blocks; three matrices of P × k are held.

    References:
        Halko, Martinsson and Tropp (2011), SIAM Rev. 53, Algorithm 4.1.
    """

    def __init__(
        self,
        operator: LinearOperator,
        count: int,
        *,
        signs: bool = False,
        generator: torch.Generator,
    ) -> None:
        """Draw the random vectors.

        Args:
            operator: Gives size, type and device.
            count: Number k of vectors, at most P.
            signs: Whether entries are signs; otherwise the vectors are uniform on the
                sphere of radius √P.
            generator: Source of the vectors, on the processor.
        """
        kind = "signs" if signs else "sphere"
        self._identity = f"sketch {count} {kind} {digest([generator.get_state()])}"
        draw = rademacher if signs else sphere
        rows = draw(
            operator.size,
            count,
            generator=generator,
            dtype=operator.dtype,
            device=operator.device,
        ).T
        self._random = rows
        self._images = torch.zeros_like(rows)
        self._range = rows[:0]
        self._factor = torch.zeros(0, count, dtype=torch.float64)
        self._received = 0

    @property
    def identity(self) -> str:
        """See Process."""
        return self._identity

    @property
    def products(self) -> int:
        """See Process."""
        return len(self._range) + self._received

    @property
    def most_products(self) -> int:
        """See Process."""
        return 2 * len(self._random)

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process."""
        vectors = self._range if len(self._range) else self._random
        block = vectors[self._received : self._received + BLOCK]
        return block.T if len(block) else None

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """See Process."""
        count = products.shape[1]
        self._images[self._received : self._received + count] = products.T
        self._received += count
        if not len(self._range) and self._received == len(self._random):
            require_finite(self._images)
            basis, factor = orthonormalise(self._images.T)
            self._range, self._factor = basis.T, factor.cpu().contiguous()
            self._received = 0

    def state(self) -> State:
        """See Process.

        Returns:
            Q and R if they are known, and the products since.
        """
        return {
            "range": self._range,
            "factor": self._factor,
            "images": self._images[: self._received],
        }

    def restore(self, state: State) -> None:
        """See Process."""
        # matrix products may depend on alignment, which a file does not keep
        self._range = state["range"].clone()
        self._factor = state["factor"].cpu().clone()
        self._received = len(state["images"])
        self._images[: self._received] = state["images"]

    @property
    def random(self) -> Float[torch.Tensor, "P k"]:
        """Show Ω.

        Returns:
            The random vectors as columns.
        """
        return self._random.T

    @property
    def basis(self) -> Float[torch.Tensor, "P k"]:
        """Show Q, once AΩ is known.

        Returns:
            Orthonormal columns.
        """
        return self._range.T

    @property
    def image(self) -> Float[torch.Tensor, "P k"]:
        """Show AQ, once the run has ended.

        Returns:
            The products of the columns of Q.
        """
        return self._images.T

    @property
    def factor(self) -> Float[np.ndarray, "k k"]:
        """Show R, once AΩ is known.

        Returns:
            The triangular R of AΩ = QR.
        """
        return self._factor.numpy()

    def outside(
        self, vectors: Float[torch.Tensor, "P c"]
    ) -> Float[torch.Tensor, "P c"]:
        """Project vectors off the span of Q, once AΩ is known.

        Args:
            vectors: The vectors.

        Returns:
            (I − QQᵀ) times them. Twice, so that what rounding leaves is orthogonal.
        """
        left = vectors.clone()
        for _ in range(2):
            left -= self.basis @ (self.basis.T @ left)
        return left
