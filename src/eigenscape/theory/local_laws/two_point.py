"""Pairs of levels in the bulk: two-point cluster function and spectral form factor.

Levels are unfolded: their mean density is one.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.symmetry_class import require_beta

_KNOWN = (0, 1, 2, 4)


@pointwise(0)
def two_point_cluster(
    r: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate Y₂(r); the density of pairs at distance r is 1 − Y₂(r).

    With s(r) = sin πr / πr:
    β = 1: s² + s′(r) ∫ᵣ^∞ s;  β = 2: s²;  β = 4: s(2r)² − (d/dr) s(2r) ∫₀ʳ s(2t) dt.

    Args:
        r: Distances in mean spacings, of either sign.
        beta: 1, 2 or 4; 0 for Poisson, where Y₂ = 0.

    Returns:
        Y₂(r).

    References:
        Mehta (2004), Random Matrices, third edition, chapters 6 to 8; Dyson (1970),
        Correlations between eigenvalues of a random matrix, Communications in
        Mathematical Physics 19.
    """
    require_beta(beta, _KNOWN)
    if beta == 0:
        return np.zeros_like(r)
    distance = np.abs(r)
    if beta == 2:
        return np.sinc(distance) ** 2
    if beta == 1:
        x = math.pi * distance
        beyond = 0.5 - scipy.special.sici(x)[0] / math.pi
        return np.sinc(distance) ** 2 - math.pi * _bessel(x) * beyond
    x = 2 * math.pi * distance
    return np.sinc(2 * distance) ** 2 + _bessel(x) * scipy.special.sici(x)[0]


@pointwise(0)
def form_factor(
    tau: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate the spectral form factor K(τ) = 1 − ∫ Y₂(r) exp(2πiτr) dr.

    β = 1: 2τ − τ log(1 + 2τ) up to τ = 1, 2 − τ log((2τ + 1)/(2τ − 1)) beyond;
    β = 2: τ up to 1, then 1;  β = 4: τ/2 − (τ/4) log|1 − τ| up to 2, then 1.

    Args:
        tau: Times in units of the Heisenberg time, of either sign.
        beta: 1, 2 or 4; 0 for Poisson, where K = 1.

    Returns:
        K(τ); infinite at |τ| = 1 for β = 4.

    References:
        Mehta (2004), Random Matrices, third edition, chapters 6 to 8.
    """
    require_beta(beta, _KNOWN)
    time = np.abs(tau)
    if beta == 0:
        return np.ones_like(time)
    if beta == 2:
        return np.minimum(time, 1.0)
    if beta == 1:
        early, late = np.minimum(time, 1.0), np.maximum(time, 1.0)
        ramp = 2 * early - early * np.log1p(2 * early)
        # log((2τ + 1)/(2τ − 1)) = 2 artanh(1/2τ), without cancellation at late times.
        return np.where(time < 1, ramp, 2 - 2 * late * np.arctanh(0.5 / late))
    early = np.minimum(time, 2.0)
    with np.errstate(divide="ignore"):
        return np.where(
            time < 2, early / 2 - early / 4 * np.log(np.abs(1 - early)), 1.0
        )


def _bessel(x: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    # (sin x / x)′ = −j₁(x)
    return scipy.special.spherical_jn(1, x)
