"""Inverses of damped Kronecker products, laid out for the gradients of a layer.

The gradient of a layer with a bias is (V, b), the bias being the weight of an input 1.
It is never put together: each part has its own products.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float

Weights = Float[torch.Tensor, "*k q p"]
"""Gradients of a weight, a matrix a map; a single map has no axis k."""

Biases = Float[torch.Tensor, "*k q 1"]

Direction = tuple[torch.Tensor, torch.Tensor | None]
"""The parts of a direction along weight and bias."""


class Inverse(ABC):
    """The inverse of a damped Kronecker product of a layer with p inputs."""

    @abstractmethod
    def __call__(self, weight: Weights, bias: Biases | None) -> Direction:
        """Multiply a gradient.

        Args:
            weight: The gradient of the weight.
            bias: That of the bias; None stands for 0.

        Returns:
            The products, without a bias where the layer has none.
        """


@final
class FactoredInverse(Inverse):
    """(V, b) ↦ G⁻¹ (V, b) A⁻¹."""

    def __init__(
        self,
        inputs: Float[torch.Tensor, "k d d"],
        gradients: Float[torch.Tensor, "k q q"],
        size: int,
    ) -> None:
        """Lay out the inverses of both factors.

        Args:
            inputs: A⁻¹.
            gradients: G⁻¹.
            size: p, one less than d if there is a bias.
        """
        inputs, self._left = _single(inputs), _single(gradients)
        self._inner = inputs[..., :size, :size].contiguous()
        self._side = inputs[..., :size, size:].contiguous()
        self._corner = inputs[..., size:, size:].contiguous()

    def __call__(self, weight: Weights, bias: Biases | None) -> Direction:
        """See `Inverse`.

        Returns:
            The products.
        """
        across = self._left @ weight
        found = across @ self._inner
        if not self._corner.numel():
            return found, None
        tail = across @ self._side
        if bias is not None:
            last = self._left @ bias
            found.addcmul_(last, self._side.mT)
            tail.addcmul_(last, self._corner)
        return found, tail


@final
class EigenInverse(Inverse):
    """(V, b) ↦ Q_G [(Q_Gᵀ (V, b) Q_A)/D] Q_Aᵀ."""

    def __init__(
        self,
        inputs: Float[torch.Tensor, "k d d"],
        gradients: Float[torch.Tensor, "k q q"],
        damped: Float[torch.Tensor, "k q d"],
        size: int,
    ) -> None:
        """Lay out the eigenvectors of both factors.

        Args:
            inputs: Q_A.
            gradients: Q_G.
            damped: D; a direction where it is 0 is left out.
            size: p, one less than d if there is a bias.
        """
        inputs, self._left = _single(inputs), _single(gradients)
        self._right, self._last = inputs[..., :size, :], inputs[..., size:, :]
        self._damped = _single(damped.where(damped > 0, torch.inf))

    def __call__(self, weight: Weights, bias: Biases | None) -> Direction:
        """See `Inverse`.

        Returns:
            The products.
        """
        inside = weight @ self._right
        if bias is not None:
            inside.addcmul_(bias, self._last)
        inside = self._left @ (self._left.mT @ inside).div_(self._damped)
        found = inside @ self._right.mT
        return found, inside @ self._last.mT if self._last.numel() else None


def _single(matrices: torch.Tensor) -> torch.Tensor:
    """Take a matrix out of its batch: products of single ones take less time."""
    return matrices[0] if len(matrices) == 1 else matrices
