"""ExampleFactors: what the Gauss-Newton matrices of single examples are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.example_losses import (
    aligned,
    loss_curvatures,
    loss_gradients,
)
from eigenscape.curvature.example_rows import ExampleRows
from eigenscape.curvature.operators.likelihood import curvature_of
from eigenscape.curvature.operators.output_curvature import outputs_of
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.data import take_rows

TOGETHER = 128
"""Most examples read and pushed through the model at once; their rows are then computed
in stretches that ``ExampleRows`` chooses."""

ENTRIES = 2**24
"""Most entries of ∇²lᵢ of the examples together: 64 MiB in float32."""

MISFITS = (RuntimeError, ValueError, TypeError, IndexError, AttributeError)
"""What models and losses raise that cannot be evaluated for many examples at once. One
that fails for a single example too raises again there."""


Vectors = Float[torch.Tensor, "m r c"]
"""For each example, r vectors as long as its outputs together."""


class Jacobians(ABC):
    """The Jacobians Jᵢ of some examples' outputs, flattened and joined."""

    @abstractmethod
    def rows(self, vectors: Vectors) -> Float[torch.Tensor, "m r P"]:
        """Compute Bᵢᵀ Jᵢ.

        Args:
            vectors: The columns of every Bᵢ.

        Returns:
            The rows of each example.
        """

    @abstractmethod
    def gram(self, vectors: Vectors) -> Float[torch.Tensor, "m r r"]:
        """Compute Bᵢᵀ Jᵢ Jᵢᵀ Bᵢ.

        Args:
            vectors: The columns of every Bᵢ.

        Returns:
            Inner products of the rows of each example.
        """


Finish = Callable[[Jacobians, Float[torch.Tensor, "m c c"]], torch.Tensor]
"""Makes what is wanted from Jᵢ and ∇²lᵢ of some examples."""


@final
class ExampleFactors:
    """What is made from the factors of single examples' matrices Jᵢᵀ ∇²lᵢ Jᵢ.

    Many examples are evaluated together if each is a row of the data and the model
    does not mix them; else one by one, to the same values.

    Attributes:
        together: How many at most.
    """

    def __init__(self, risk: EmpiricalRisk, most: int, finish: Finish) -> None:
        """Take in a risk, and count the outputs of its first example.

        Args:
            risk: The risk.
            most: Most outputs an example for which factors are computed.
            finish: What is made from them.
        """
        self._risk = risk
        self._most = most
        self._finish = finish
        self._rows = ExampleRows(risk)
        with _minibatch(risk, range(1)) as (inputs, _):
            count = sum(tensor.numel() for tensor in outputs_of(risk.output(inputs)))
        fitting = min(TOGETHER, ENTRIES // max(count, 1) ** 2)
        self.together = max(fitting, 1) if count <= most else 1

    def of(self, part: range) -> Iterator[tuple[range, torch.Tensor | None]]:
        """Compute what is wanted for a stretch of examples.

        Args:
            part: Their positions.

        Yields:
            Positions, and what was made for these; None for an example of more outputs
            than said. Derivatives that are not finite raise a ValueError.
        """
        for few in stretches(part, self.together):
            found = self._together(few)
            if found is not None:
                yield few, found
                continue
            for index in few:
                yield range(index, index + 1), self._alone(index)

    def _together(self, part: range) -> torch.Tensor | None:
        with suppress(*MISFITS), _minibatch(self._risk, part) as (inputs, targets):
            outputs = separate_outputs(self._risk, inputs)
            count = sum(tensor[0].numel() for tensor in outputs or [])
            if 0 < count <= self._most and aligned(inputs, targets, len(part)):
                middle = loss_curvatures(self._risk, inputs, targets)
                found = self._finish(_Together(self._rows, inputs), middle)
                return found if bool(torch.isfinite(found).all()) else None
        return None

    def _alone(self, index: int) -> torch.Tensor | None:
        with _minibatch(self._risk, range(index, index + 1)) as (inputs, targets):
            output = self._risk.output(inputs)
            outputs = outputs_of(output)
            if sum(tensor.numel() for tensor in outputs) > self._most:
                return None
            middle = self._risk.params[0].new_zeros(1, 0, 0)
            if outputs:
                curvature = curvature_of(self._risk.loss, output, targets)
                columns = [_flat(curvature.product(unit)) for unit in _units(outputs)]
                middle = torch.stack(columns, dim=1).detach()[None]
            return self._finish(_Alone(self._risk, outputs, index), middle)


@final
@dataclass(frozen=True, eq=False)
class _Together(Jacobians):
    every: ExampleRows
    inputs: Any

    def rows(self, vectors: Vectors) -> Float[torch.Tensor, "m r P"]:
        return self.every.rows(self.inputs, vectors)

    def gram(self, vectors: Vectors) -> Float[torch.Tensor, "m r r"]:
        return self.every.gram(self.inputs, vectors)


@final
@dataclass(frozen=True, eq=False)
class _Alone(Jacobians):
    risk: EmpiricalRisk
    outputs: Sequence[torch.Tensor]
    index: int

    def rows(self, vectors: Vectors) -> Float[torch.Tensor, "m r P"]:
        pulled = [self._pulled(vector) for vector in vectors[0]]
        if not pulled:
            return vectors.new_zeros(1, 0, self.risk.size)
        rows = torch.stack(pulled)
        if not bool(torch.isfinite(rows).all()):
            message = (
                "example: expected finite derivatives, got NaN or infinity at example "
                f"{self.index}; check its input and target, and the parameters"
            )
            raise ValueError(message)
        return rows[None]

    def gram(self, vectors: Vectors) -> Float[torch.Tensor, "m r r"]:
        rows = self.rows(vectors)
        return rows @ rows.mT

    def _pulled(self, vector: torch.Tensor) -> Float[torch.Tensor, " P"]:
        lengths = [tensor.numel() for tensor in self.outputs]
        along = [
            piece.view(tensor.shape)
            for piece, tensor in zip(vector.split(lengths), self.outputs, strict=True)
        ]
        pieces = torch.autograd.grad(
            self.outputs, self.risk.params, along, retain_graph=True, allow_unused=True
        )
        return self.risk.flatten(pieces)


def example_gradients(
    risk: EmpiricalRisk, part: range, every: ExampleRows
) -> Float[torch.Tensor, "m P"]:
    """Compute the gradients of single examples' losses.

    Args:
        risk: The risk.
        part: The examples' positions.
        every: The risk's rows.

    Returns:
        One gradient a row.
    """
    with suppress(*MISFITS), _minibatch(risk, part) as (inputs, targets):
        if separate_outputs(risk, inputs) and aligned(inputs, targets, len(part)):
            slopes = loss_gradients(risk, inputs, targets)
            found = every.rows(inputs, slopes[:, None])[:, 0]
            if bool(torch.isfinite(found).all()):
                return found
    each = [risk.select(torch.tensor([index])).gradient() for index in part]
    return torch.stack(each)


def stretches(part: range, most: int) -> list[range]:
    """Cut positions into stretches.

    Args:
        part: The positions.
        most: Most of them in one.

    Returns:
        The stretches in order.
    """
    return [part[k : k + most] for k in range(0, len(part), most)]


def separate_outputs(risk: EmpiricalRisk, inputs: Any) -> list[torch.Tensor] | None:
    """Evaluate a minibatch whose examples do not feel each other.

    Args:
        risk: The risk; call inside ``risk.isolated()``.
        inputs: The inputs, an example a row.

    Returns:
        The free tensors of the output, an example a row; None if the first example by
        itself has another output.
    """
    outputs = outputs_of(risk.output(inputs))
    alone = outputs_of(risk.output(take_rows(inputs, slice(0, 1))))
    pairs = [(t.detach(), own.detach()) for t, own in zip(outputs, alone, strict=True)]
    if any(t.ndim == 0 or t[:1].shape != own.shape for t, own in pairs):
        return None
    tolerance = torch.finfo(risk.dtype).eps ** 0.5
    close = all(
        float((t[:1] - own).norm()) <= tolerance * float(own.norm()) for t, own in pairs
    )
    return outputs if close else None


@contextmanager
def _minibatch(risk: EmpiricalRisk, part: range) -> Generator[tuple[Any, Any]]:
    chosen = risk.select(torch.arange(part.start, part.stop))
    with chosen.isolated():
        inputs, targets, _ = next(chosen.with_batch_size(len(part)).batches())
        yield inputs, targets


def _flat(pieces: Sequence[torch.Tensor]) -> Float[torch.Tensor, " c"]:
    return torch.cat([piece.reshape(-1) for piece in pieces])


def _units(outputs: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    for k, tensor in enumerate(outputs):
        for position in range(tensor.numel()):
            units = [other.new_zeros(other.shape) for other in outputs]
            units[k].view(-1)[position] = 1
            yield units
