"""Derived: an operator on the vectors of the thing that it is made from."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

import torch

from eigenscape.curvature.operators.operator import LinearOperator


class Space(Protocol):
    """Flat vectors of one length, type and device: those of an operator, or a risk."""

    @property
    def size(self) -> int:
        """Tell their length."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """Tell their floating-point type."""
        ...

    @property
    def device(self) -> torch.device:
        """Tell their device."""
        ...


class Derived(LinearOperator):
    """An operator that maps the vectors of another thing, whose kind it shares."""

    @property
    @abstractmethod
    def source(self) -> Space:
        """Show what the operator is made from.

        Returns:
            The operator, or the risk, whose vectors these are.
        """

    @property
    def size(self) -> int:
        """See LinearOperator."""
        return self.source.size

    @property
    def dtype(self) -> torch.dtype:
        """See LinearOperator."""
        return self.source.dtype

    @property
    def device(self) -> torch.device:
        """See LinearOperator."""
        return self.source.device
