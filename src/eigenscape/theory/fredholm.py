"""Fredholm determinants det(1 − zK) of smooth kernels, by quadrature.

With nodes xᵢ and weights wᵢ of a Gauss–Legendre rule, det(δᵢⱼ − z √wᵢ K(xᵢ, xⱼ) √wⱼ)
converges exponentially when K is analytic.

References:
    Bornemann (2010), On the numerical evaluation of Fredholm determinants,
    Mathematics of Computation 79.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from eigenscape.core import ConvergenceError

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

_START = 12
_DOUBLINGS = 6
_STRETCH = 10.0  # Bornemann (2010), Sec. 7


def quadrature(
    lower: float, upper: float, count: int
) -> tuple[Float[np.ndarray, " count"], Float[np.ndarray, " count"]]:
    """Lay a Gauss–Legendre rule on an interval or on a half-line.

    A half-line is mapped by x = a + 10 tan(πξ/2), ξ ∈ (0, 1), which suits functions
    that decay faster than exponentially on a scale of about one.

    Args:
        lower: a, finite.
        upper: The other end, above a; may be infinite.
        count: Number of nodes.

    Returns:
        Nodes, ascending, and weights.

    Raises:
        ValueError: The interval is empty, or infinite to the left.
    """
    if not -math.inf < lower < upper:
        message = (
            f"lower: expected a finite number below upper = {upper}, got {lower}; "
            "reflect the kernel for a half-line to the left"
        )
        raise ValueError(message)
    nodes, weights = _unit_rule(count)
    if upper < math.inf:
        return lower + (upper - lower) * nodes, (upper - lower) * weights
    angle = math.pi / 2 * nodes
    stretch = _STRETCH * math.pi / 2 / np.cos(angle) ** 2
    return lower + _STRETCH * np.tan(angle), stretch * weights


def nystrom_matrix(
    kernel: Kernel,
    nodes: Float[np.ndarray, "*batch m"],
    weights: Float[np.ndarray, "*batch m"],
) -> Float[np.ndarray, "*batch m m"]:
    """Discretise a kernel as √wᵢ K(xᵢ, xⱼ) √wⱼ, symmetric when the kernel is.

    Args:
        kernel: K(x, y), vectorised over broadcast arrays.
        nodes: Nodes of a rule, or of one rule per leading index.
        weights: Its weights.

    Returns:
        The matrix, with the eigenvalues of the integral operator.
    """
    root = np.sqrt(weights)
    values = kernel(nodes[..., :, None], nodes[..., None, :])
    return root[..., :, None] * values * root[..., None, :]


def fredholm_determinant(
    kernel: Kernel,
    lower: float,
    upper: float,
    *,
    coupling: float = 1.0,
    tolerance: float = 1e-13,
) -> float:
    """Evaluate det(1 − zK) on L²(lower, upper).

    The rule is doubled until two successive values agree; the error of the last is
    then of the square of their difference, or rounding.

    Args:
        kernel: K(x, y), analytic, vectorised over broadcast arrays.
        lower: Left end, finite.
        upper: Right end; may be infinite when K decays faster than exponentially.
        coupling: z.
        tolerance: Absolute difference at which two values agree.

    Returns:
        The determinant.

    Raises:
        ConvergenceError: The values do not settle.
    """
    previous, difference = math.nan, math.inf
    for doubling in range(_DOUBLINGS):
        nodes, weights = quadrature(lower, upper, _START << doubling)
        matrix = nystrom_matrix(kernel, nodes, weights)
        value = float(np.linalg.det(np.eye(nodes.size) - coupling * matrix))
        difference = abs(value - previous)
        if difference <= tolerance:
            return value
        previous = value
    what = f"the Fredholm determinant on ({lower}, {upper})"
    raise ConvergenceError(
        what,
        iterations=_DOUBLINGS,
        residual=difference,
        remedy="check that the kernel is analytic, or loosen the tolerance",
    )


@functools.cache
def _unit_rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2
