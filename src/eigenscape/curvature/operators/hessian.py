"""Hessian: second derivatives of a risk, by reverse mode over a retained graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.differences import displaced
from eigenscape.curvature.operators.operator import Pieces, Product
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.validation import in_one_line


@final
class Hessian(RiskOperator):
    """The Hessian ∇²L(θ) of an empirical risk, ∇(∇L(θ)·v) for a vector v.

    The gradient is differentiated by reverse mode again. Products by reverse over
    *forward* mode are not used: they are wrong through normalisation layers (PyTorch
    issue 196700).

    References:
        Pearlmutter (1994), "Fast exact multiplication by the Hessian", Neural
        Computation 6, eq. (1), for products without the matrix.
    """

    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """See RiskOperator.

        Returns:
            The products with the minibatch's Hessian.
        """
        loss = self.risk.batch_loss(inputs, targets, index=index)
        gradient = self.risk.batch_gradient(loss, create_graph=True)
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
            u·(∇L(θ + hv) − ∇L(θ − hv)) / 2h.
        """
        ends: list[torch.Tensor] = []
        for length in (step, -step):
            with displaced(risk, second, length):
                ends.append(risk.gradient())
        return float(first @ (ends[0] - ends[1])) / (2 * step)


def second_derivatives(gradient: Pieces, params: Sequence[torch.Tensor]) -> Product:
    """Turn a gradient with its graph into products with its Jacobian.

    Args:
        gradient: The gradient, one piece a parameter.
        params: The parameters.

    Returns:
        The map v ↦ ∇(gradient·v).
    """

    def product(direction: Pieces, wanted: Sequence[int], keep: bool) -> Pieces:
        curved = [
            (piece, along)
            for piece, along in zip(gradient, direction, strict=True)
            if piece is not None and piece.requires_grad and along is not None
        ]
        if not curved:
            return [None] * len(wanted)
        with in_one_line("model and loss", "have second derivatives", direction):
            return torch.autograd.grad(
                [piece for piece, _ in curved],
                [params[position] for position in wanted],
                [along for _, along in curved],
                retain_graph=keep,
                allow_unused=True,
            )

    return product
