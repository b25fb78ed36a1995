"""Columns: the entries of an operator, one product a column."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int64

from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest

CHUNK = 16
"""Columns multiplied at once: they share the work of a minibatch, for two vectors of
memory each."""


@final
class Columns(Process):
    """The process that multiplies vectors of the standard basis.

    Attributes:
        entries: The columns as far as computed, rows outside the support left out.
    """

    def __init__(
        self,
        operator: LinearOperator,
        support: Int64[torch.Tensor, " k"] | None = None,
        *,
        chunk: int = CHUNK,
    ) -> None:
        """Begin with the first columns.

        Args:
            operator: Gives size, type and device.
            support: Positions of the rows and columns wanted; all if None.
            chunk: Columns at a time.
        """
        self._support = torch.arange(operator.size) if support is None else support
        self._template = torch.empty(
            0, operator.size, dtype=operator.dtype, device=operator.device
        )
        self._chunk = chunk
        self._done = 0
        self.entries = np.zeros((len(self._support), len(self._support)))

    @property
    def identity(self) -> str:
        """See Process."""
        return digest([f"columns {self._chunk}", self._support])

    @property
    def products(self) -> int:
        """See Process."""
        return self._done

    @property
    def most_products(self) -> int:
        """See Process."""
        return len(self._support)

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process."""
        columns = self._support[self._done : self._done + self._chunk]
        if not len(columns):
            return None
        units = self._template.new_zeros(len(columns), self._template.shape[1])
        units[torch.arange(len(columns)), columns] = 1
        return units.T

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """Keep the rows of the support.

        Args:
            products: The products.
        """
        rows = products[self._support.to(products.device)].double().cpu().numpy()
        self.entries[:, self._done : self._done + rows.shape[1]] = rows
        self._done += rows.shape[1]

    def state(self) -> State:
        """See Process."""
        return {"columns": torch.from_numpy(self.entries[:, : self._done])}

    def restore(self, state: State) -> None:
        """See Process.

        Args:
            state: What ``state`` returned.
        """
        self._done = state["columns"].shape[1]
        self.entries[:, : self._done] = state["columns"].cpu().numpy()

    def matrix(self) -> Float[np.ndarray, "k k"]:
        """Show the matrix, once the run has ended.

        Returns:
            The mean of the entries and of their transpose, which rounding tells apart.
        """
        return (self.entries + self.entries.T) / 2
