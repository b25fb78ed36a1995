"""Rows: the inputs and output gradients of a layer as tables, one row a position.

A linear map with shared weights sends row (i, t) of its input, position t of example i,
to the same row of its output. Layers that are several independent maps side by side,
such as grouped convolutions, have a leading axis for these.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import nn
from torch.nn import functional

Table = Float[torch.Tensor, "k n t d"]
"""Maps k, examples n, positions t, entries d of a row."""

InputRows = Float[torch.Tensor, "k n t i"]

GradientRows = Float[torch.Tensor, "k n t o"]


class RowReader(ABC):
    """How the tensors of a layer are read as rows."""

    @abstractmethod
    def inputs(self, tensor: torch.Tensor) -> Table:
        """Read the input of the layer.

        Args:
            tensor: The input.

        Returns:
            Its rows, without the coordinate of the bias.
        """

    @abstractmethod
    def gradients(self, tensor: torch.Tensor) -> Table:
        """Read the gradient of the output of the layer.

        Args:
            tensor: The gradient.

        Returns:
            Its rows.
        """


@final
@dataclass(frozen=True)
class LinearRows(RowReader):
    """Rows of a map on the last axis; axes between the first and it are positions.

    Attributes:
        batch_axis: The axis of examples, 0 or 1, of tensors of three axes or more.
    """

    batch_axis: int = 0

    def inputs(self, tensor: torch.Tensor) -> Table:
        """See RowReader.

        Returns:
            The rows.
        """
        if tensor.ndim < 3:
            return tensor.reshape(1, -1, 1, tensor.shape[-1])
        if self.batch_axis == 1:
            tensor = tensor.transpose(0, 1)
        return tensor.flatten(1, -2)[None]

    def gradients(self, tensor: torch.Tensor) -> Table:
        """See RowReader.

        Returns:
            The rows.
        """
        return self.inputs(tensor)


Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d


@final
@dataclass(frozen=True, eq=False)
class ConvolutionRows(RowReader):
    """Rows of a convolution: the patches of its input, one for each output position.

    Attributes:
        module: The convolution, of one to three dimensions.
    """

    module: Convolution

    def inputs(self, tensor: torch.Tensor) -> Table:
        """See RowReader.

        Returns:
            The patches, entries in the order of the weight.
        """
        module: Any = self.module
        if tensor.ndim == len(module.kernel_size) + 1:
            tensor = tensor[None]
        margins = list(module._reversed_padding_repeated_twice)
        if any(margins):
            mode = module.padding_mode
            mode = "constant" if mode == "zeros" else mode
            tensor = functional.pad(tensor, margins, mode=mode)
        patches = self._patches(tensor).reshape(
            module.groups, math.prod(module.weight.shape[1:]), len(tensor), -1
        )
        return patches.permute(0, 2, 3, 1)

    def gradients(self, tensor: torch.Tensor) -> Table:
        """See RowReader.

        Returns:
            The channels of each output position.
        """
        if tensor.ndim == len(self.module.kernel_size) + 1:
            tensor = tensor[None]
        channels = tensor.flatten(2).unflatten(1, (self.module.groups, -1))
        return channels.permute(1, 0, 3, 2)

    def _patches(self, padded: torch.Tensor) -> torch.Tensor:
        """View as channels, kernel positions, examples, output positions.

        Returns:
            A view without copies.
        """
        module = self.module
        example, channel, *steps = padded.stride()
        geometry = zip(
            padded.shape[2:], module.kernel_size, module.stride, module.dilation,
            strict=True,
        )  # fmt: skip
        counts = [
            (length - dilation * (kernel - 1) - 1) // stride + 1
            for length, kernel, stride, dilation in geometry
        ]
        inside = [s * d for s, d in zip(steps, module.dilation, strict=True)]
        along = [s * d for s, d in zip(steps, module.stride, strict=True)]
        shape = [padded.shape[1], *module.kernel_size, len(padded), *counts]
        return padded.as_strided(shape, [channel, *inside, example, *along])


def regrouped(rows: Table, examples: int) -> Float[torch.Tensor, "k m s d"]:
    """Group rows by the examples of the model, if a layer saw these flattened.

    Args:
        rows: The rows.
        examples: How many examples the model was given; 0 if that is not known.

    Returns:
        The rows with that many examples, if they divide evenly.
    """
    maps, own, positions, entries = rows.shape
    if examples in {0, own} or (own * positions) % examples:
        return rows
    return rows.reshape(maps, examples, -1, entries)
