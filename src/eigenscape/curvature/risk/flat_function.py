"""FlatFunction: a function of some of a model's parameters as one flat vector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int64
from torch import nn

from eigenscape.curvature.risk.parameters import Grouping, Parameters, group_names


class FlatFunction(ABC):
    """A differentiable real function of the flat vector θ of parameters.

    Attributes:
        model: The model whose parameters they are.
        parameters: Those that form θ.
    """

    model: nn.Module
    parameters: Parameters

    @abstractmethod
    def value(self) -> float:
        """Evaluate the function at the present parameters."""

    @abstractmethod
    def gradient(self) -> Float[torch.Tensor, " P"]:
        """Evaluate its gradient at the present parameters."""

    @property
    def params(self) -> tuple[torch.Tensor, ...]:
        """List the parameters that form θ, in its order."""
        return self.parameters.tensors

    @property
    def names(self) -> tuple[str, ...]:
        """Name the parameters in ``params``."""
        return self.parameters.names

    @property
    def size(self) -> int:
        """Count the scalars of θ: P."""
        return self.parameters.size

    @property
    def dtype(self) -> torch.dtype:
        """Tell the floating-point type of the parameters."""
        return self.params[0].dtype

    @property
    def device(self) -> torch.device:
        """Tell the device of the parameters."""
        return self.params[0].device

    def positions(self, selection: str | Iterable[str]) -> Int64[torch.Tensor, " k"]:
        """Tell where some parameters lie in θ.

        Args:
            selection: Names, or patterns such as "head.*".

        Returns:
            Their coordinates, ascending, on the processor.
        """
        return self.parameters.positions(selection)

    def groups(self, by: Grouping = "layer") -> dict[str, tuple[str, ...]]:
        """Group the parameters by the part of the model that they belong to.

        Args:
            by: "parameter", "layer" or "block"; see ``group_names``.

        Returns:
            The names of the parameters of each group.
        """
        return group_names(self.model, self.names, by)

    def flatten(
        self, pieces: Sequence[torch.Tensor | None]
    ) -> Float[torch.Tensor, " P"]:
        """Join one tensor a parameter to a flat vector.

        Args:
            pieces: Tensors shaped like ``params``; None stands for zeros.

        Returns:
            The flat vector.
        """
        return self.parameters.flatten(pieces)

    def unflatten(self, vector: Float[torch.Tensor, " P"]) -> list[torch.Tensor]:
        """Cut a flat vector into one tensor a parameter, without copying.

        Args:
            vector: The flat vector.

        Returns:
            Views shaped like ``params``.
        """
        return self.parameters.unflatten(vector)
