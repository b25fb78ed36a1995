"""GaussNewton: the curvature of the loss, seen through the linearised model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.differences import (
    loss_gradient,
    output_difference,
)
from eigenscape.curvature.operators.likelihood import curvature_of
from eigenscape.curvature.operators.operator import Pieces, Product
from eigenscape.curvature.operators.output_curvature import Outputs, outputs_of
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.validation import in_one_line


@final
class GaussNewton(RiskOperator):
    """The generalised Gauss-Newton matrix Jᵀ ∇²l J of an empirical risk.

    J is the Jacobian of the model's output in θ and ∇²l the Hessian of the loss in the
    output: in closed form for cross-entropy, squared error and binary cross-entropy, by
    differentiation for others. It is positive semidefinite if the loss is convex in
    the output. J v is computed by differentiating u ↦ Jᵀu, whose graph is kept like
    that of a gradient.

    References:
        Schraudolph (2002), Neural Computation 14, Sec. 3.
        Martens (2020), JMLR 21, Sec. 8.
    """

    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """See RiskOperator.

        Returns:
            The products with the minibatch's Gauss-Newton matrix.
        """
        del index
        output = self.risk.output(inputs)
        curvature = curvature_of(self.risk.loss, output, targets)
        return sandwich(outputs_of(output), self.risk.params, curvature.product)

    def difference(
        self,
        risk: EmpiricalRisk,
        first: Float[torch.Tensor, " P"],
        second: Float[torch.Tensor, " P"],
        step: float,
    ) -> float:
        """See RiskOperator.

        Returns:
            Ju·(∇l(f + hJv) − ∇l(f − hJv)) / 2h, with Ju and Jv by differences.
        """
        with risk.isolated():
            inputs, targets, _ = next(risk.batches())
            left, right = (
                output_difference(risk, inputs, direction, step)
                for direction in (first, second)
            )
            output = risk.output(inputs)
            gradients = [
                loss_gradient(risk, output, targets, right, length)
                for length in (step, -step)
            ]
        pairs = zip(left, *gradients, strict=True)
        return sum(
            float((along * (ahead - behind)).sum()) / (2 * step)
            for along, ahead, behind in pairs
        )


def sandwich(
    outputs: Outputs,
    params: Sequence[torch.Tensor],
    middle: Callable[[Outputs], Outputs],
) -> Product:
    """Build products with Jᵀ M J, where J is the Jacobian of outputs.

    Args:
        outputs: Functions of the parameters, with their graph.
        params: The parameters.
        middle: u ↦ Mu.

    Returns:
        The map v ↦ Jᵀ M J v.
    """
    if not outputs:
        return lambda _, wanted, __: [None] * len(wanted)
    duals = [torch.zeros_like(output, requires_grad=True) for output in outputs]
    with in_one_line("model", "be differentiable twice", outputs):
        pulled = _pulled(outputs, params, duals)

    def product(direction: Pieces, wanted: Sequence[int], keep: bool) -> Pieces:
        moved = [
            (piece, along)
            for piece, along in zip(pulled, direction, strict=True)
            if piece is not None and piece.requires_grad and along is not None
        ]
        if not moved:
            return [None] * len(wanted)
        with in_one_line("model", "be differentiable twice", direction):
            pushed = torch.autograd.grad(
                [piece for piece, _ in moved],
                duals,
                [along for _, along in moved],
                retain_graph=True,
                materialize_grads=True,
            )
        return torch.autograd.grad(
            outputs,
            [params[position] for position in wanted],
            middle(pushed),
            retain_graph=keep,
            allow_unused=True,
        )

    return product


def _pulled(outputs: Outputs, params: Sequence[torch.Tensor], duals: Outputs) -> Pieces:
    return torch.autograd.grad(
        outputs, params, duals, create_graph=True, allow_unused=True
    )
