"""Central differences of a risk: what products are held against."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.output_curvature import outputs_of, with_leaves
from eigenscape.curvature.risk import EmpiricalRisk


@contextmanager
def displaced(
    risk: EmpiricalRisk, direction: Float[torch.Tensor, " P"], length: float
) -> Generator[None]:
    """Move the parameters of a risk along a direction, inside the block.

    Args:
        risk: The risk; its model is changed, so let it be a copy.
        direction: The direction.
        length: What it is multiplied by.

    Yields:
        Nothing.
    """
    before = [param.detach().clone() for param in risk.params]
    with torch.no_grad():
        for param, along in zip(risk.params, risk.unflatten(direction), strict=True):
            param.add_(along, alpha=length)
    try:
        yield
    finally:
        with torch.no_grad():
            for param, value in zip(risk.params, before, strict=True):
                param.copy_(value)


def output_difference(
    risk: EmpiricalRisk, inputs: Any, direction: Float[torch.Tensor, " P"], step: float
) -> list[torch.Tensor]:
    """Compute J v by a central difference of the model's output.

    Args:
        risk: The risk; its parameters are moved and put back.
        inputs: The inputs of a minibatch.
        direction: v.
        step: h.

    Returns:
        (f(θ + hv) − f(θ − hv)) / 2h, one tensor an output tensor.
    """
    ends: list[list[torch.Tensor]] = []
    for length in (step, -step):
        with displaced(risk, direction, length):
            ends.append([t.detach() for t in outputs_of(risk.output(inputs))])
    return [(ahead - behind) / (2 * step) for ahead, behind in zip(*ends, strict=True)]


def loss_gradient(
    risk: EmpiricalRisk,
    output: Any,
    targets: Any,
    shift: Sequence[torch.Tensor],
    length: float,
) -> Sequence[torch.Tensor]:
    """Differentiate the loss in the output, at a shifted output.

    Args:
        risk: The risk.
        output: The output of a minibatch, with its graph.
        targets: The targets.
        shift: One tensor an output tensor.
        length: What the shift is multiplied by.

    Returns:
        ∇l(f + length·shift), one tensor an output tensor.
    """
    leaves: list[torch.Tensor] = []
    free = with_leaves(output, leaves)
    with torch.no_grad():
        for leaf, along in zip(leaves, shift, strict=True):
            leaf.add_(along, alpha=length)
    return torch.autograd.grad(risk.loss(free, targets), leaves, materialize_grads=True)
