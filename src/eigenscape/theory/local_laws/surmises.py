"""Wigner's surmise: the spacing law of two levels, for β = 0 (Poisson), 1, 2, 4."""

from __future__ import annotations

import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.symmetry_class import require_beta

_KNOWN = (0, 1, 2, 4)


@pointwise(0)
def wigner_surmise_pdf(
    s: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate p(s) = a sᵝ exp(−b s²), normalised, of mean one; exp(−s) for β = 0.

    Its distribution function is within 0.0066, 0.0016 and 0.0005 of the exact one,
    `spacing_cdf`, for β = 1, 2, 4.

    Args:
        s: Spacings of neighbours, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson.

    Returns:
        p(s).

    References:
        Mehta (2004), Random Matrices, third edition, Sec. 1.5.
    """
    require_beta(beta, _KNOWN)
    if beta == 0:
        return np.exp(-s)
    rate = _rate(beta)
    factor = 2 * rate ** ((beta + 1) / 2) / math.gamma((beta + 1) / 2)
    return factor * s**beta * np.exp(-rate * s**2)


@pointwise(0)
def wigner_surmise_cdf(
    s: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate the distribution function of Wigner's surmise.

    Args:
        s: Spacings of neighbours, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson.

    Returns:
        The probability of a smaller spacing.
    """
    require_beta(beta, _KNOWN)
    if beta == 0:
        return -np.expm1(-s)
    return scipy.special.gammainc((beta + 1) / 2, _rate(beta) * s**2)


def _rate(beta: int) -> float:
    # b, from the mean being one
    return (math.gamma(beta / 2 + 1) / math.gamma((beta + 1) / 2)) ** 2
