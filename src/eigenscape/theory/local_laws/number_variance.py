"""Counts of levels in long windows: number variance Σ² and spectral rigidity Δ₃.

Levels are unfolded: their mean density is one. All formulas hold at finite length.
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
_NODES = 20  # a panel holds at most two periods: the rule is exact to 1e-16
_SMALLEST = 1e-60  # its fourth power is still a normal number


@pointwise(0)
def number_variance(
    length: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate Σ²(L) = L − 2 ∫₀ᴸ (L − r) Y₂(r) dr, the variance of a window's count.

    In closed form, with x = 2πL:
    β = 2: (log x + γ + 1 − cos x − Ci x)/π² + L (1 − (2/π) Si x);
    β = 1: 2 Σ²₂(L) + (Si πL / π)² − Si πL / π;  β = 4: Σ²₂(2L)/2 + (Si x / 2π)².

    Args:
        length: L, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson, where Σ² = L.

    Returns:
        Σ²(L).

    References:
        Mehta (2004), Random Matrices, third edition, Sec. 16.1; Dyson and Mehta
        (1963), Statistical theory of the energy levels of complex systems IV,
        Journal of Mathematical Physics 4.
    """
    require_beta(beta, _KNOWN)
    require_lengths("length", length)
    if beta == 0:
        return length.copy()
    if beta == 2:
        return _unitary_variance(length)
    if beta == 1:
        share = scipy.special.sici(math.pi * length)[0] / math.pi
        return 2 * _unitary_variance(length) + share * (share - 1)
    share = scipy.special.sici(2 * math.pi * length)[0] / (2 * math.pi)
    return _unitary_variance(2 * length) / 2 + share**2


@pointwise(0)
def spectral_rigidity(
    length: Float[np.ndarray, "*shape"], beta: int
) -> Float[np.ndarray, "*shape"]:
    """Evaluate Δ₃(L) = (2/L⁴) ∫₀ᴸ (L³ − 2L²r + r³) Σ²(r) dr.

    Δ₃ is the mean square distance of the staircase of levels from its best line over
    a window. The integral is done panel by panel, at a cost that grows as max L.

    Args:
        length: L, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson, where Δ₃ = L/15.

    Returns:
        Δ₃(L), to about 1e-14.

    References:
        Mehta (2004), Random Matrices, third edition, Sec. 16.2; Pandey (1979),
        Statistical properties of many-particle spectra III, Annals of Physics 119.
    """
    require_beta(beta, _KNOWN)
    require_lengths("length", length)
    if beta == 0:
        return length / 15
    flat = np.maximum(length.ravel(), _SMALLEST)
    whole = np.floor(flat).astype(np.intp)
    integrals = _cumulative(int(whole.max(initial=0)), beta)[:, whole]
    integrals += _panel_integrals(whole.astype(float), flat - whole, beta)
    zeroth, first, third = integrals / flat ** np.array([[1], [2], [4]])
    return (2 * (zeroth - 2 * first + third)).reshape(length.shape)


def require_lengths(name: str, length: Float[np.ndarray, "*shape"]) -> None:
    """Refuse lengths that are negative, infinite or NaN.

    Args:
        name: The parameter.
        length: Its values.

    Raises:
        ValueError: One of them is.
    """
    if not ((length >= 0) & np.isfinite(length)).all():
        message = f"{name}: expected finite numbers of at least 0, got {length}"
        raise ValueError(message)


def _cumulative(panels: int, beta: int) -> Float[np.ndarray, "3 m"]:
    # ∫₀ᵏ rᵖ Σ² dr at every whole k
    starts = np.arange(float(panels))
    integrals = _panel_integrals(starts, np.ones(panels), beta)
    return np.pad(np.cumsum(integrals, axis=1), ((0, 0), (1, 0)))


def _panel_integrals(
    start: Float[np.ndarray, " n"], width: Float[np.ndarray, " n"], beta: int
) -> Float[np.ndarray, "3 n"]:
    nodes, weights = quadrature(0.0, 1.0, _NODES)
    r = start[:, None] + width[:, None] * nodes
    values = number_variance(r, beta) * width[:, None]
    return np.stack([(values * r**power) @ weights for power in (0, 1, 3)])


def _unitary_variance(
    length: Float[np.ndarray, "*shape"],
) -> Float[np.ndarray, "*shape"]:
    x = np.maximum(2 * math.pi * length, np.finfo(float).tiny)
    # E₁(ix) = −Ci x + i (Si x − π/2), accurate also where Si x is close to π/2.
    tail = scipy.special.exp1(1j * x)
    growth = np.log(x) + np.euler_gamma + 1 - np.cos(x) + tail.real
    return growth / math.pi**2 - 2 / math.pi * length * tail.imag
