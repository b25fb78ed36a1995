"""FactorSums: what the passes of one step add up to, for one layer."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float

from eigenscape.optim.kfac.rows import GradientRows, InputRows, Table
from eigenscape.optim.kfac.settings import Sharing

ENTRIES = 2**24
"""Most entries of the gradients of single examples held at once, 64 MiB in float32."""

Bases = tuple[Float[torch.Tensor, "k p p"], Float[torch.Tensor, "k q q"]]
"""Eigenvectors of the input factor and of the gradient factor."""


@final
class FactorSums:
    """Sums over rows of a aᵀ and g gᵀ, and of squared gradients in an eigenbasis.

    Attributes:
        inputs: ∑ a aᵀ, a with the coordinate 1 for the bias if there is one.
        gradients: ∑ g gᵀ.
        squares: ∑ᵢ (Q_Gᵀ ∇ᵢ Q_A)² over the gradients ∇ᵢ of single examples.
        rows: Rows added.
        examples: Examples added.
        positions: Rows added before those of an example were joined.
    """

    def __init__(self, sharing: Sharing, *, homogeneous: bool) -> None:
        """Begin at nothing.

        Args:
            sharing: See FactorSettings.
            homogeneous: Whether inputs get the coordinate 1.
        """
        self._sharing = sharing
        self._homogeneous = homogeneous
        self.inputs: Float[torch.Tensor, "k p p"] | None = None
        self.gradients: Float[torch.Tensor, "k q q"] | None = None
        self.squares: Float[torch.Tensor, "k q p"] | None = None
        self.rows = 0
        self.examples = 0
        self.positions = 0

    def add(
        self, inputs: InputRows, gradients: GradientRows, bases: Bases | None
    ) -> None:
        """Add the rows of one backward pass.

        Args:
            inputs: Rows of the input.
            gradients: Rows of the output's gradient, in the same order.
            bases: The eigenbasis in which gradients of examples are squared, if any.
        """
        self.examples += inputs.shape[1]
        self.positions += inputs.shape[1] * inputs.shape[2]
        if bases is not None:
            squares = self._squares(inputs, gradients, bases)
            self.squares = squares if self.squares is None else self.squares + squares
        if self._sharing == "reduce":
            inputs = inputs.mean(2, keepdim=True)
            gradients = gradients.sum(2, keepdim=True)
        self.rows += inputs.shape[1] * inputs.shape[2]
        second = second_moment(inputs, homogeneous=self._homogeneous)
        outer = second_moment(gradients, homogeneous=False)
        self.inputs = second if self.inputs is None else self.inputs + second
        self.gradients = outer if self.gradients is None else self.gradients + outer

    def _squares(
        self, inputs: InputRows, gradients: GradientRows, bases: Bases
    ) -> Float[torch.Tensor, "k q p"]:
        vectors, others = (basis[:, None] for basis in bases)
        length = inputs.shape[-1]
        along = inputs @ vectors[..., :length, :]
        if self._homogeneous:
            along += vectors[..., length:, :]
        across = gradients @ others
        if inputs.shape[2] == 1:
            return across[:, :, 0].square().mT @ along[:, :, 0].square()
        size = along.shape[0] * along.shape[-1] * across.shape[-1]
        few = max(1, ENTRIES // size)
        total = along.new_zeros(along.shape[0], across.shape[-1], along.shape[-1])
        for first, second in zip(
            across.split(few, 1), along.split(few, 1), strict=True
        ):
            total += (first.mT @ second).square_().sum(1)
        return total


def second_moment(rows: Table, *, homogeneous: bool) -> Float[torch.Tensor, "k p p"]:
    """Add up r rᵀ over rows r.

    Args:
        rows: The rows.
        homogeneous: Whether each is continued by the coordinate 1.

    Returns:
        A matrix for each map.
    """
    maps, examples, positions, size = rows.shape
    flat = rows.reshape(maps, examples * positions, size)
    if not homogeneous:
        return _gram(flat)
    if flat.shape[1] <= size:  # copying the rows is less than copying the result
        return _gram(torch.cat([flat, flat.new_ones(*flat.shape[:2], 1)], 2))
    total = rows.new_empty(maps, size + 1, size + 1)
    total[:, :size, :size] = _gram(flat)
    total[:, size, :size] = total[:, :size, size] = flat.sum(1)
    total[:, size, size] = examples * positions
    return total


def _gram(flat: torch.Tensor) -> torch.Tensor:
    if len(flat) == 1:  # products of single matrices take less time than of batches
        return (flat[0].mT @ flat[0])[None]
    return flat.mT @ flat
