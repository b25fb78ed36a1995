"""Derivatives of single examples' losses in their own outputs."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch.func import vmap

from eigenscape.curvature.example_columns import joined
from eigenscape.curvature.operators.gradient_covariance import example_losses
from eigenscape.curvature.operators.likelihood import curvature_of, likelihood_of
from eigenscape.curvature.operators.output_curvature import outputs_of, with_leaves
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.data import count_rows


def aligned(inputs: Any, targets: Any, count: int) -> bool:
    """Tell whether each example of a minibatch is a row of every tensor.

    Args:
        inputs: The inputs.
        targets: The targets.
        count: Examples of the minibatch.

    Returns:
        Whether it is: not so in a batch of graphs, whose rows are nodes and edges.
    """
    return count_rows((inputs, targets)) == count


def loss_gradients(
    risk: EmpiricalRisk, inputs: Any, targets: Any
) -> Float[torch.Tensor, "m c"]:
    """Differentiate each example's loss in its output.

    Args:
        risk: The risk; call inside ``risk.isolated()``.
        inputs: A minibatch of inputs, an example a row.
        targets: Its targets.

    Returns:
        ∇lᵢ, the free tensors of an output flattened and joined.
    """
    losses, leaves = _losses(risk, inputs, targets)
    pieces = torch.autograd.grad(losses.sum(), leaves, materialize_grads=True)
    return joined(pieces, len(losses))


def loss_curvatures(
    risk: EmpiricalRisk, inputs: Any, targets: Any
) -> Float[torch.Tensor, "m c c"]:
    """Differentiate each example's loss in its output twice.

    In closed form where there is one, else by reverse mode, one pass an output.

    Args:
        risk: The risk; call inside ``risk.isolated()``.
        inputs: A minibatch of inputs, an example a row.
        targets: Its targets.

    Returns:
        ∇²lᵢ, the free tensors of an output flattened and joined.

    Raises:
        ValueError: If the losses are linear in the outputs.
    """
    closed = _closed_form(risk, inputs, targets)
    if closed is not None:
        return closed
    losses, leaves = _losses(risk, inputs, targets)
    pieces = torch.autograd.grad(
        losses.sum(), leaves, create_graph=True, materialize_grads=True
    )
    gradient = joined(pieces, len(losses))
    if not gradient.requires_grad:
        message = "loss: expected one that is curved in the output, got a linear one"
        raise ValueError(message)
    columns = [
        joined(
            torch.autograd.grad(
                column.sum(), leaves, retain_graph=True, materialize_grads=True
            ),
            len(losses),
        )
        for column in gradient.unbind(1)
    ]
    curvature = torch.stack(columns, dim=2)
    return (curvature + curvature.mT) / 2


def _losses(
    risk: EmpiricalRisk, inputs: Any, targets: Any
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    leaves: list[torch.Tensor] = []
    output = with_leaves(risk.output(inputs), leaves)
    return example_losses(risk.loss, inputs, output, targets), leaves


def _closed_form(risk: EmpiricalRisk, inputs: Any, targets: Any) -> torch.Tensor | None:
    output = risk.output(inputs)
    if not isinstance(output, torch.Tensor) or not outputs_of(output):
        return None
    if likelihood_of(risk.loss, output, targets) is None:
        return None
    units = torch.eye(output[0].numel()).to(output).view(-1, 1, *output.shape[1:])

    def one(own: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        found = curvature_of(risk.loss, own[None], target[None])
        return torch.stack([found.product([unit])[0].flatten() for unit in units])

    return vmap(one)(output.detach(), targets)
