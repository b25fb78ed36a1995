"""Ratios of consecutive spacings, which need no unfolding.

Of order k: r = (λᵢ₊₂ₖ − λᵢ₊ₖ) / (λᵢ₊ₖ − λᵢ), two spacings that share one level; and
r̃ = min(r, 1/r). The law of r̃ on [0, 1] is twice that of r.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.fredholm import quadrature
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.symmetry_class import require_beta

_KNOWN = (0, 1, 2, 4)
_NODES = 64
# Means of r̃ for long spectra. β = 1, 4: simulations, error 1 in the last digit;
# β = 2: from Fredholm determinants.
_LARGE_MEANS = {
    0: 2 * math.log(2) - 1,
    1: 0.5307,
    2: 0.5997504209,
    4: 0.6744,
}


def mean_ratio(beta: int) -> float:
    """Give the mean of r̃, order one, in the limit of long spectra.

    Args:
        beta: 1, 2 or 4; 0 for Poisson.

    Returns:
        2 log 2 − 1, 0.5307(1), 0.5997504209(1) or 0.6744(1): the 3 × 3 surmise is
        1 % off.

    References:
        Atas, Bogomolny, Giraud and Roux (2013), Distribution of the ratio of
        consecutive level spacings in random matrix ensembles, Physical Review
        Letters 110, Table I, for β = 0, 1, 4; Nishigaki (2024), Distributions of
        consecutive level spacings of Gaussian unitary ensemble and their ratio: ab
        initio derivation, Progress of Theoretical and Experimental Physics, for
        β = 2.
    """
    require_beta(beta, _KNOWN)
    return _LARGE_MEANS[beta]


@pointwise(0)
def ratio_surmise_pdf(
    r: Float[np.ndarray, "*shape"], beta: int, order: int = 1
) -> Float[np.ndarray, "*shape"]:
    """Evaluate p(r) = (r + r²)ᵇ / Z (1 + r + r²)^(1 + 3b/2), r ∈ [0, ∞).

    At order one b = β: the exact law of 3 × 3 matrices. At order k the same form with
    b = β k(k + 1)/2 + k − 1, a conjecture that simulations support. For β = 0 the
    exact law rᵏ⁻¹ / B(k, k) (1 + r)²ᵏ.

    Args:
        r: Ratios, at least 0.
        beta: 1, 2 or 4; 0 for Poisson.
        order: k, at least 1.

    Returns:
        p(r); twice it is the density of r̃.

    Raises:
        ValueError: The order is below 1.

    References:
        Atas, Bogomolny, Giraud and Roux (2013), Physical Review Letters 110, for
        order one; Tekur, Bhosale and Santhanam (2018), Higher-order spacing ratios in
        random matrix theory and complex quantum systems, Physical Review B 98.
    """
    require_beta(beta, _KNOWN)
    if order < 1:
        message = f"order: expected at least 1, got {order}"
        raise ValueError(message)
    if beta == 0:
        log_form = scipy.special.xlogy(order - 1, r) - 2 * order * np.log1p(r)
        return np.exp(log_form - scipy.special.betaln(order, order))
    b = beta * order * (order + 1) / 2 + order - 1
    log_form = scipy.special.xlogy(b, r) + b * np.log1p(r)
    log_form -= (1 + 1.5 * b) * np.log1p(r + r**2)
    return np.exp(log_form - _log_norm(b))


@pointwise(0)
def ratio_surmise_cdf(
    ratio: Float[np.ndarray, "*shape"], beta: int, order: int = 1
) -> Float[np.ndarray, "*shape"]:
    """Evaluate the distribution function of r̃ = min(r, 1/r) under the surmise.

    Args:
        ratio: Values of r̃, between 0 and 1.
        beta: 1, 2 or 4; 0 for Poisson.
        order: k, at least 1.

    Returns:
        2 ∫₀^r̃ p.

    Raises:
        ValueError: A ratio lies outside [0, 1].
    """
    if not ((ratio >= 0) & (ratio <= 1)).all():
        message = f"ratio: expected min(r, 1/r) in [0, 1], got {ratio}"
        raise ValueError(message)
    nodes, weights = quadrature(0.0, 1.0, _NODES)
    values = ratio_surmise_pdf(np.multiply.outer(ratio, nodes), beta, order)
    return 2 * ratio * (values @ weights)


def ratio_surmise_mean(beta: int, order: int = 1) -> float:
    """Integrate the mean of r̃ = min(r, 1/r) under the surmise.

    Args:
        beta: 1, 2 or 4; 0 for Poisson.
        order: k, at least 1.

    Returns:
        2 ∫₀¹ r p(r) dr; for order one 4 − 2√3, 2√3/π − 1/2, 32√3/15π − 1/2.
    """
    nodes, weights = quadrature(0.0, 1.0, _NODES)
    return float(2 * (nodes * ratio_surmise_pdf(nodes, beta, order)) @ weights)


def _log_norm(b: float) -> float:
    # Z = 2π Γ(1 + b) / 3^(3(1 + b)/2) Γ(1 + b/2)²
    log_gammas = math.lgamma(1 + b) - 2 * math.lgamma(1 + b / 2)
    return math.log(2 * math.pi) + log_gammas - 1.5 * (1 + b) * math.log(3)
