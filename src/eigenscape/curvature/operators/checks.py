"""Every operator proves itself at the start: determinism and symmetry."""

from __future__ import annotations

import torch

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature.isolation import keep_random_state, reseed_random_state
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import gaussian


def check_deterministic(operator: LinearOperator, generator: torch.Generator) -> None:
    """Refuse an operator that answers the same question in two ways.

    Its evidence (for a Hessian, loss and gradient of the first minibatch, read from
    the data again) is computed twice, between which the global random states move away.
    The two may differ by √ε of their norm, ε the spacing of the type: far above the
    rounding of kernels that sum in changing order, far below dropout.

    Args:
        operator: The operator.
        generator: Source of the probe.

    Raises:
        NondeterministicOperatorError: If the two differ by more.
    """
    probe = _probes(operator, 1, generator)[0]
    with keep_random_state(operator.device):
        first = operator.evidence(probe)
        reseed_random_state(operator.device)
        second = operator.evidence(probe)
    scale = max(_norm(first), _norm(second))
    difference = _norm(first - second)
    if not difference <= _tolerance(operator) * scale:
        message = (
            "operator: expected the same values from two evaluations, got a relative "
            f"difference of {difference / scale:.3g}; call model.eval() or fix the "
            "data source's randomness"
        )
        raise NondeterministicOperatorError(message)


def check_symmetric(operator: LinearOperator, generator: torch.Generator) -> None:
    """Refuse an operator A that is not symmetric, by u·Av = v·Au.

    For random u and v of standard normal entries, an error E in A makes the two differ
    by about ‖E − Eᵀ‖ in the Frobenius norm. They may differ by √ε (‖Au‖ + ‖Av‖), ε
    the spacing of the type.

    Args:
        operator: The operator.
        generator: Source of the probes.

    Raises:
        ValueError: If the two differ by more.
    """
    rows = _probes(operator, 2, generator)
    products = operator.matmat(rows.T).T
    left, right = (float(rows[k] @ products[1 - k]) for k in (0, 1))
    scale = _norm(products[0]) + _norm(products[1])
    if not abs(left - right) <= _tolerance(operator) * scale:
        message = (
            f"operator: expected u·Av = v·Au, got {left:.6g} and {right:.6g} where "
            f"products have norm {scale / 2:.3g}; its derivatives are wrong or, if it "
            "is a matrix of yours, symmetrise it"
        )
        raise ValueError(message)


def _probes(
    operator: LinearOperator, count: int, generator: torch.Generator
) -> torch.Tensor:
    return gaussian(
        operator.size,
        count,
        generator=generator,
        dtype=operator.dtype,
        device=operator.device,
    ).T


def _norm(vector: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(vector, dtype=torch.float64))


def _tolerance(operator: LinearOperator) -> float:
    return torch.finfo(operator.dtype).eps ** 0.5
