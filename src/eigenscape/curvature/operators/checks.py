"""Every operator proves itself at the start: the checks."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from jaxtyping import Float, Int64

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.probes import rademacher
from eigenscape.curvature.risk.isolation import keep_random_state, reseed_random_state

Form = Callable[[Float[torch.Tensor, " P"], Float[torch.Tensor, " P"], float], float]
"""u·Av by differences, from u, v and the length of a step."""

STEPS = (1e-6, 1e-8, 1e-5, 1e-7, 1e-4)
"""Steps of central differences in float64, along vectors of random signs. Long
ones cross the kinks of a ReLU network, short ones are rounded; right derivatives agree
with one of them, wrong ones with none."""

AGREEMENT = {torch.float32: 1e-3, torch.float64: 1e-5}
"""Difference allowed between a product and its differences, relative to the product's
norm: a hundred times the rounding of either, a tenth of the least wrong formula met."""

ROUNDING = 100
"""Spacings of the type below which a form counts as zero."""


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

    For u and v of random signs, an error E in A makes the two differ
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
    if abs(left - right) <= _tolerance(operator) * scale:
        return
    if not _is_rounding(operator, left, right, rows):
        message = (
            f"operator: expected u·Av = v·Au, got {left:.6g} and {right:.6g} where "
            f"products have norm {scale / 2:.3g}; its derivatives are wrong or, if it "
            "is a matrix of yours, symmetrise it"
        )
        raise ValueError(message)


def check_derivatives(
    operator: LinearOperator,
    form: Form,
    generator: torch.Generator,
    *,
    fixed: Int64[torch.Tensor, " k"] | None = None,
) -> None:
    """Refuse an operator A whose products are not what differences say.

    For u and v of random signs, u·Av is compared with a form that
    shares no derivative with the products. An error E in A moves u·Av by about ‖Ev‖.
    Where the form cannot be evaluated, such as a model that does not run in float64,
    a warning says so.

    Args:
        operator: The operator.
        form: u·Av by central differences, in float64.
        generator: Source of the probes.
        fixed: Coordinates at which u and v are zero.

    Raises:
        ValueError: If no step gives agreement.
    """
    rows = _probes(operator, 2, generator)
    if fixed is not None:
        rows[:, fixed.to(rows.device)] = 0
    product = operator.matvec(rows[1]).double()
    found, norm = float(rows[0].double() @ product), _norm(product)
    tolerance, wanted = AGREEMENT[operator.dtype], 0.0
    for step in STEPS:
        try:
            wanted = form(rows[0].double(), rows[1].double(), step)
        except (RuntimeError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            message = (
                "operator: expected a model and a loss that run in float64, got "
                f"{type(error).__name__} ({reason}); products are not held against "
                "differences: pass check=False to say that this is known"
            )
            warnings.warn(message, stacklevel=2)
            return
        if abs(found - wanted) <= tolerance * max(norm, abs(wanted)):
            return
    if _is_rounding(operator, found, wanted, rows):
        return
    message = (
        f"operator: expected u·Av = {wanted:.6g} by central differences, got "
        f"{found:.6g} where the product has norm {norm:.3g}; a derivative is wrong: "
        "look for a custom backward, or a value that is detached or cached"
    )
    raise ValueError(message)


def check_in_double(
    error: ValueError,
    twin: Callable[[], LinearOperator],
    form: Form,
    fixed: Int64[torch.Tensor, " k"],
) -> None:
    """Ask whether rounding alone failed a check: whether it passes in float64.

    Examples that are fitted to certainty do this, under losses that are not replaced:
    what is left of their curvature, p (1 − p), is rounded away in float32. A warning
    says so; what fails in float64 too is raised again.

    Args:
        error: What the check said.
        twin: Makes the operator in float64.
        form: u·Av by central differences, in float64.
        fixed: Coordinates at which u and v are zero.
    """
    generator = torch.Generator().manual_seed(0)
    try:
        exact = twin()
        check_derivatives(exact, form, generator, fixed=fixed)
        check_symmetric(exact, generator)
    except (RuntimeError, TypeError, ValueError):
        raise error from None
    message = (
        f"{str(error).split(';')[0]}, which is rounding, as float64 agrees; use "
        "model.double() where examples that are fitted to certainty count"
    )
    warnings.warn(message, stacklevel=2)


def _is_rounding(
    operator: LinearOperator, first: float, second: float, rows: torch.Tensor
) -> bool:
    """Tell whether forms vanish beside what gradients as large as the evidence make."""
    size = _norm(operator.evidence(rows[0]))
    unit = ROUNDING * torch.finfo(operator.dtype).eps * (size + size**2)
    return max(abs(first), abs(second)) <= unit * _norm(rows[0]) * _norm(rows[1])


def _probes(
    operator: LinearOperator, count: int, generator: torch.Generator
) -> torch.Tensor:
    return rademacher(
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
