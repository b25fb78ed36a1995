"""The curvature of softmax regression, assembled in blocks of classes.

For a model that is linear in its weights, f(x) = Wx, Hessian and Gauss-Newton matrix
agree, H = (1/n) ∑ᵢ (diag pᵢ − pᵢpᵢᵀ) ⊗ xᵢxᵢᵀ. Adding the same vector to the weights of
all classes changes no probability, so H vanishes on 1 ⊗ v: of c classes, c − 1 remain.
"""

from __future__ import annotations

import numpy as np
import scipy
from jaxtyping import Float
from torch import nn

from eigenscape.curvature.gauss_newton_root import SoftmaxColumns, root_columns
from eigenscape.curvature.input_span import first_layer, has_bias, joined_data
from eigenscape.curvature.operators.gauss_newton import GaussNewton
from eigenscape.curvature.operators.hessian import Hessian
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.risk import EmpiricalRisk


def is_linear(risk: EmpiricalRisk) -> bool:
    """Tell whether the model is one linear layer, all of whose parameters form θ.

    Args:
        risk: The risk.

    Returns:
        Whether it is; ``nn.Flatten`` before or after does not matter.
    """
    found = first_layer(risk)
    if found is None:
        return False
    _, layer = found
    others = [m for m in risk.model.children() if m is not layer]
    return all(type(m) is nn.Flatten for m in others)


def is_gauss_newton(operator: RiskOperator) -> bool:
    """Tell whether an operator is a Gauss-Newton matrix, under this or another name.

    Args:
        operator: The operator.

    Returns:
        Whether it is one, or the Hessian of a model that is linear in its weights.
    """
    linear = isinstance(operator, Hessian) and is_linear(operator.risk)
    return isinstance(operator, GaussNewton) or linear


def softmax_regression_matrix(risk: EmpiricalRisk) -> Float[np.ndarray, "k k"] | None:
    """Assemble the curvature of softmax regression on contrasts between classes.

    Block (a, b) is Xᵀ diag(sᵃᵇ) X / n with sᵃᵇᵢ = uₐᵀ (diag pᵢ − pᵢpᵢᵀ) u_b and an
    orthonormal basis u of the contrasts: one product of matrices a block.

    Args:
        risk: The risk, in float64.

    Returns:
        A matrix of (c − 1) d rows, d the inputs and the bias, whose eigenvalues are
        those of H but for d zeros; None for another model or loss.
    """
    columns = root_columns(risk)
    data = joined_data(risk)
    if not (is_linear(risk) and isinstance(columns, SoftmaxColumns)) or data is None:
        return None
    found = first_layer(risk)
    inputs, targets = data
    with risk.isolated():
        roots = columns(risk, inputs, targets, len(inputs)).numpy()
    contrasts = scipy.linalg.helmert(roots.shape[1]).T
    contrasted = roots @ contrasts
    x = inputs.numpy()
    if found is not None and has_bias(found[1]):
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    count, size = contrasts.shape[1], x.shape[1]
    matrix = np.empty((count * size, count * size))
    for a in range(count):
        for b in range(a + 1):
            weights = (contrasted[:, :, a] * contrasted[:, :, b]).sum(1) / len(x)
            block = x.T @ (weights[:, None] * x)
            rows, others = (slice(k * size, (k + 1) * size) for k in (a, b))
            matrix[rows, others] = block
            matrix[others, rows] = block.T
    return matrix
