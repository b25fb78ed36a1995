"""The one-point density of the Gaussian orthogonal ensemble, at any finite size.

Matrices have variance ½ off the diagonal and 1 on it: eigenvalues have the density
∏|xᵢ − xⱼ| exp(−∑xᵢ²/2). All is kept as logarithms, far beyond where numbers underflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from eigenscape.theory.ensembles.ensemble import require_size

Vector: TypeAlias = Float[np.ndarray, " n"]

_LARGE = 1e100
_LOG_LARGE = 100 * math.log(10)


def log_one_point(size: int, x: Vector) -> Vector:
    """Evaluate log ρ_N(x), ρ_N the mean density of eigenvalues, of mass N.

    ρ_N = ∑_{k<N} φₖ² + √(N/2) φ_{N−1} εφ_N + [N odd] φ_{N−1} / ∫φ_{N−1}, φₖ the Hermite
    functions and εφ(x) = ½∫ sgn(x − t) φ(t) dt, both by their recurrences.

    Args:
        size: N, at least 1.
        x: Where.

    Returns:
        log ρ_N, to about 1e-13 N, in the tails relative to its size.

    References:
        Mehta (2004), Random Matrices, third edition, Chapter 7.
    """
    require_size(size)
    far = np.abs(x)
    functions = _hermite_functions(size, far)
    scale, last, beyond = functions.scale, functions.last, functions.integral
    factor = np.exp(np.minimum(scale, _LOG_LARGE))
    inner = factor * functions.squares
    if size % 2:
        # Here εφ_N carries the scale of φ.
        return scale + np.log(
            inner
            + math.sqrt(size / 2) * factor * last * beyond
            + last / _even_integral(size - 1)
        )
    return scale + np.log(inner + math.sqrt(size / 2) * last * beyond)


def log_mean_determinant(size: int, x: Vector) -> Vector:
    """Evaluate log E|det(M − x)| of a matrix of n rows.

    E|det(M − x)| = √2 Γ((n + 1)/2) exp(x²/2) ρ_{n+1}(x), by integrating the joint
    density of n + 1 eigenvalues over all but one.

    Args:
        size: n, at least 0.
        x: Where.

    Returns:
        The logarithms.

    References:
        Fyodorov (2004), Physical Review Letters 92, 240601; Auffinger, Ben Arous and
        Černý (2013), Communications on Pure and Applied Mathematics 66, Lemma 3.3.
    """
    constant = math.log(2) / 2 + math.lgamma((size + 1) / 2)
    return constant + x**2 / 2 + log_one_point(size + 1, x)


@dataclass(frozen=True)
class _Functions:
    # φ_{N−1} = last exp(scale), ∑ φₖ² = squares exp(2 scale); εφ_N is integral for
    # even N and integral exp(scale) for odd N.
    scale: Vector
    last: Vector
    squares: Vector
    integral: Vector


def _hermite_functions(size: int, x: Vector) -> _Functions:
    scale = -(x**2) / 2 - math.log(math.pi) / 4
    before, now = np.zeros_like(x), np.ones_like(x)
    squares = np.zeros_like(x)
    odd = bool(size % 2)
    integral = np.zeros_like(x) if odd else _first_integral(x)
    for k in range(size):
        # now is φₖ, before φ_{k−1}; εφ_{k+1} from εφ_{k−1} and φₖ.
        squares += now**2
        if (k + 1 - size) % 2 == 0:
            kick = now if odd else now * np.exp(np.minimum(scale, _LOG_LARGE))
            integral = math.sqrt(k / (k + 1)) * integral - math.sqrt(2 / (k + 1)) * kick
        if k == size - 1:
            break
        following = math.sqrt(2 / (k + 1)) * x * now - math.sqrt(k / (k + 1)) * before
        before, now = now, following
        large = np.abs(now) > _LARGE
        if large.any():
            shrink = np.where(large, 1 / _LARGE, 1.0)
            scale += np.where(large, _LOG_LARGE, 0.0)
            before, now = before * shrink, now * shrink
            squares *= shrink**2
            if odd:
                integral *= shrink
    return _Functions(scale, now, squares, integral)


def _first_integral(x: Vector) -> Vector:
    # εφ₀ = π^(−1/4) √(π/2) erf(x/√2).
    error = np.array([math.erf(v / math.sqrt(2)) for v in x.tolist()])
    return math.pi**0.25 / math.sqrt(2) * error


def _even_integral(degree: int) -> float:
    # ∫φₖ of even k, from ∫φ_{k+1} = √(k/(k+1)) ∫φ_{k−1}.
    value = math.sqrt(2) * math.pi**0.25
    for k in range(1, degree, 2):
        value *= math.sqrt(k / (k + 1))
    return value
