"""A root of a Gauss-Newton matrix, G = AᵀA, with a row an example and an output.

The eigenvalues of G that can differ from zero are the squared singular values of A.
Where A has fewer rows than columns that is cheaper than G itself, and finer: singular
values err by ε‖A‖, so that eigenvalues are told from zero down to (ε‖A‖)² = ε²‖G‖.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float

from eigenscape.curvature.example_columns import (
    Columns,
    ExactColumns,
    outputs_per_example,
)
from eigenscape.curvature.example_rows import ExampleRows
from eigenscape.curvature.operators.likelihood import Softmax, likelihood_of
from eigenscape.curvature.risk import EmpiricalRisk

AGREEMENT = 1e-12
"""Largest difference of BBᵀ and ∇²l, relative to the largest entry."""


@final
class SoftmaxColumns(Columns):
    """The root √pₖ (eₖ − p) of diag p − ppᵀ, each entry to full relative precision.

    A root by eigenvectors loses probabilities below ε of the largest, and with them
    the smallest eigenvalues of the curvature.
    """

    def width(self, outputs: int) -> int:
        """See Columns.

        Returns:
            c.
        """
        return outputs

    def __call__(
        self, risk: EmpiricalRisk, inputs: Any, targets: Any, count: int
    ) -> Float[torch.Tensor, "m r c"]:
        """See Columns.

        Returns:
            One column a class.
        """
        del targets, count
        p = risk.output(inputs).detach().softmax(1)
        return p.sqrt()[:, :, None] * _centred(p)


def root_columns(risk: EmpiricalRisk) -> Columns:
    """Choose the root of the losses' curvature: in closed form for class numbers.

    Args:
        risk: The risk.

    Returns:
        The closed form where it is that of the loss on the first minibatch; else the
        symmetric root.
    """
    with risk.isolated():
        inputs, targets, share = next(risk.batches())
        output = risk.output(inputs)
        likelihood = likelihood_of(risk.loss, output, targets)
        if not isinstance(likelihood, Softmax) or output.ndim != 2:
            return ExactColumns()
        count = round(share * risk.examples)
        root = SoftmaxColumns()(risk, inputs, targets, count)
        # weighted, smoothed or ignored classes change ∇²l, not p
        for k in range(output.shape[1]):
            unit = torch.zeros_like(output)
            unit[:, k] = 1
            wanted = count * likelihood.product([unit])[0]
            found = (root * root[:, :, k : k + 1]).sum(1)
            if float((found - wanted).abs().max()) > AGREEMENT:
                return ExactColumns()
    return SoftmaxColumns()


def root_size(risk: EmpiricalRisk) -> int:
    """Count the rows of the root.

    Args:
        risk: The risk.

    Returns:
        n c: examples times outputs.
    """
    return risk.examples * outputs_per_example(risk)[0]


def gauss_newton_root(risk: EmpiricalRisk) -> Float[np.ndarray, "k P"]:
    """Compute A with AᵀA the Gauss-Newton matrix of a risk.

    Args:
        risk: The risk; its examples do not feel each other, and its loss is convex in
            the output.

    Returns:
        The rows Bᵢᵀ Jᵢ / √n, example after example.

    Raises:
        ValueError: Batch norm in training mode couples the examples.

    References:
        Schraudolph (2002), Neural Computation 14, Sec. 3, for G.
    """
    if risk.couples_examples:
        message = (
            "risk: expected examples that do not feel each other, got batch norm in "
            "training mode; call model.eval() or pass mode='eval'"
        )
        raise ValueError(message)
    columns, rows = root_columns(risk), ExampleRows(risk)
    parts: list[np.ndarray] = []
    with risk.isolated():
        for inputs, targets, share in risk.batches():
            count = round(share * risk.examples)
            roots = columns(risk, inputs, targets, count)
            part = rows.rows(inputs, roots).flatten(0, 1)
            parts.append(part.detach().double().cpu().numpy())
    return np.concatenate(parts) / np.sqrt(risk.examples)


def _centred(p: Float[torch.Tensor, "m c"]) -> Float[torch.Tensor, "m c c"]:
    # eₖ − p as rows; 1 − pₖ as the sum of the others, which does not cancel
    classes = p.shape[1]
    eye = torch.eye(classes).to(p)
    rows = -p[:, None, :].expand(-1, classes, -1).clone()
    diagonal = torch.arange(classes)
    rows[:, diagonal, diagonal] = p @ (1 - eye)
    return rows
