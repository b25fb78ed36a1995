"""The second derivatives ∇²l of a loss in the model's output, in closed form or not."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, final

import torch

from eigenscape.curvature.risk.data import tensors_of
from eigenscape.curvature.risk.validation import in_one_line, require_scalar

Outputs = Sequence[torch.Tensor]
"""The real tensors of a model's output that depend on its parameters."""

LINEAR = (
    "GaussNewton: expected a loss that is curved in the model's output, got one linear "
    "in it; let the model return logits or predictions, and the loss compare them with "
    "targets"
)

AWAY = 1e6
"""How far outputs are moved to tell a loss without curvature from one with kinks."""


class OutputCurvature(ABC):
    """The symmetric matrix ∇²l at the output of one minibatch, by its products."""

    @abstractmethod
    def product(self, vectors: Outputs) -> Outputs:
        """Multiply.

        Args:
            vectors: One tensor an output tensor, shaped like it.

        Returns:
            ∇²l times them.
        """


@final
class AnyLoss(OutputCurvature):
    """∇²l of any twice differentiable loss, by reverse mode over a retained graph."""

    def __init__(self, loss: Any, output: Any, targets: Any) -> None:
        """Build the graph of ∇l.

        Args:
            loss: The loss.
            output: The model's output.
            targets: The targets.

        Raises:
            ValueError: If the loss is linear in the output: its Gauss-Newton matrix
                is zero, and the model's output most likely a loss.
        """
        leaves: list[torch.Tensor] = []
        free = with_leaves(output, leaves)
        self._leaves = leaves
        value = require_scalar(loss(free, targets))
        self._gradient = (
            torch.autograd.grad(value, leaves, create_graph=True, allow_unused=True)
            if value.requires_grad
            else [None] * len(leaves)
        )
        if not any(
            piece is not None and piece.requires_grad for piece in self._gradient
        ):
            raise ValueError(LINEAR)
        self._loss, self._free, self._targets = loss, free, targets
        self._curved = False

    def product(self, vectors: Outputs) -> Outputs:
        """See OutputCurvature.

        Returns:
            ∇(∇l·u).

        Raises:
            ValueError: If the loss turns out to be linear in the output.
        """
        curved = [
            (piece, along)
            for piece, along in zip(self._gradient, vectors, strict=True)
            if piece is not None and piece.requires_grad
        ]
        with in_one_line("loss", "have second derivatives", vectors):
            found = torch.autograd.grad(
                [piece for piece, _ in curved],
                self._leaves,
                [along for _, along in curved],
                retain_graph=True,
                materialize_grads=True,
            )
        # PyTorch gives the gradient of nll_loss a graph, though it is constant.
        if not self._curved and _vanish(found) and not _vanish(vectors):
            if self._is_linear():
                raise ValueError(LINEAR)
            self._curved = True
        return found

    def _is_linear(self) -> bool:
        """Tell whether ∇l is the same far away on either side."""
        here = [
            torch.zeros_like(leaf) if slope is None else slope
            for leaf, slope in zip(self._leaves, self._gradient, strict=True)
        ]
        try:
            slopes = [self._slope_away(length) for length in (-AWAY, AWAY)]
        except (RuntimeError, ValueError):
            return False  # no output that the loss takes
        return all(all(map(torch.equal, here, there)) for there in slopes)

    def _slope_away(self, length: float) -> Sequence[torch.Tensor]:
        leaves: list[torch.Tensor] = []

        def away(tensor: torch.Tensor) -> torch.Tensor:
            if not _is_free(tensor):
                return tensor
            # by unequal lengths, for a softmax does not see equal ones
            shift = torch.linspace(1, 2, tensor.numel()).view(tensor.shape).to(tensor)
            leaves.append((tensor.detach() + length * shift).requires_grad_())
            return leaves[-1]

        value = self._loss(rebuild(self._free, away), self._targets)
        return torch.autograd.grad(value, leaves, materialize_grads=True)


def outputs_of(output: Any) -> list[torch.Tensor]:
    """List the tensors through which a loss can feel the parameters.

    Args:
        output: The model's output, with its graph.

    Returns:
        Its real tensors that require gradients, in order.
    """
    return [tensor for tensor in tensors_of(output) if _is_free(tensor)]


def with_leaves(tree: Any, leaves: list[torch.Tensor]) -> Any:
    """Copy an output with its free tensors replaced by new leaves.

    Args:
        tree: The output.
        leaves: Where the leaves are appended, in the order of ``outputs_of``.

    Returns:
        The copy, of the same types.
    """

    def leaf(tensor: torch.Tensor) -> torch.Tensor:
        if not _is_free(tensor):
            return tensor
        leaves.append(tensor.detach().clone().requires_grad_())
        return leaves[-1]

    return rebuild(tree, leaf)


def rebuild(tree: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Change every tensor of a nested output.

    Args:
        tree: A tensor, or mappings, tuples, named tuples and lists of them.
        change: What to do with a tensor.

    Returns:
        The same nesting, of the same types, with the changed tensors.
    """
    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, Mapping):
        changed: Any = copy.copy(tree)
        for key, value in cast("Mapping[Any, Any]", tree).items():
            changed[key] = rebuild(value, change)
        return changed
    if isinstance(tree, (tuple, list)):
        parts = [rebuild(value, change) for value in cast("Sequence[Any]", tree)]
        kind: Any = type(cast("Any", tree))
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return tree


def _vanish(tensors: Outputs) -> bool:
    return not any(bool(tensor.any()) for tensor in tensors)


def _is_free(tensor: torch.Tensor) -> bool:
    return tensor.requires_grad and tensor.is_floating_point()
