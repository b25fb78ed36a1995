"""Residual: the part of the Hessian that Gauss-Newton leaves out."""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.differences import (
    displaced,
    loss_gradient,
)
from eigenscape.curvature.operators.hessian import second_derivatives
from eigenscape.curvature.operators.operator import Product
from eigenscape.curvature.operators.output_curvature import outputs_of, with_leaves
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk


@final
class Residual(RiskOperator):
    """The residual part ∑ₖ (∂l/∂fₖ) ∇²fₖ of the Hessian: Hessian minus Gauss-Newton.

    It is the Hessian of c·f(θ), where c = ∇l is the loss's gradient in the output held
    fixed, and costs what a Hessian does. It vanishes where the model interpolates.

    References:
        Pennington and Bahri (2017), ICML, Sec. 3.1: H = H₀ + H₁, this is H₁.
    """

    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """See RiskOperator.

        Returns:
            The products with the minibatch's residual part.
        """
        del index
        output = self.risk.output(inputs)
        outputs = outputs_of(output)
        if not outputs:
            return second_derivatives([None] * len(self.risk.params), self.risk.params)
        leaves: list[torch.Tensor] = []
        value = self.risk.loss(with_leaves(output, leaves), targets)
        # With a graph, for then what is left of a certain class does not cancel.
        slope = torch.autograd.grad(
            value, leaves, create_graph=True, materialize_grads=True
        )
        slope = [piece.detach() for piece in slope]
        gradient = torch.autograd.grad(
            outputs, self.risk.params, slope, create_graph=True, allow_unused=True
        )
        return second_derivatives(gradient, self.risk.params)

    def difference(
        self,
        risk: EmpiricalRisk,
        first: Float[torch.Tensor, " P"],
        second: Float[torch.Tensor, " P"],
        step: float,
    ) -> float:
        """See RiskOperator.

        Returns:
            u·(Jᵀc at θ + hv, minus Jᵀc at θ − hv) / 2h, with c held fixed.
        """
        with risk.isolated():
            inputs, targets, _ = next(risk.batches())
            output = risk.output(inputs)
            still = [torch.zeros_like(tensor) for tensor in outputs_of(output)]
            slope = loss_gradient(risk, output, targets, still, 0.0)
            ends: list[torch.Tensor] = []
            for length in (step, -step):
                with displaced(risk, second, length):
                    moved = outputs_of(risk.output(inputs))
                    pieces = torch.autograd.grad(
                        moved, risk.params, slope, allow_unused=True
                    )
                    ends.append(risk.flatten(pieces))
        return float(first @ (ends[0] - ends[1])) / (2 * step)
