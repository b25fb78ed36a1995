"""Spacings of levels in the bulk, exactly: gap probabilities and their derivatives.

The sine kernel on an interval splits into an even and an odd part with eigenvalues
λᵢ±, and ∏(1 − λᵢ± + λᵢ± w) generates the probabilities E±(n; s) of all three classes.
Levels are unfolded: their mean density is one.

References:
    Mehta (2004), Random Matrices, third edition, chapters 6, 7, 11 and 20; Bornemann
    (2010), On the numerical evaluation of distributions in random matrix theory: a
    review, Markov Processes and Related Fields 16, Sec. 5.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy
from jaxtyping import Float
from numpy.polynomial import Chebyshev

from eigenscape.core import ConvergenceError
from eigenscape.theory.fredholm import nystrom_matrix, quadrature
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.local_laws.number_variance import (
    number_variance,
    require_lengths,
)
from eigenscape.theory.symmetry_class import require_beta

_KNOWN = (0, 1, 2, 4)
_REACH = 10.0  # standard deviations of a window's count: the rest is below 1e-15
_START = 48
_DOUBLINGS = 4
_TAIL = 1e-14


@pointwise(0)
def gap_probability(
    length: Float[np.ndarray, " n"], beta: int, count: int = 0
) -> Float[np.ndarray, " n"]:
    """Evaluate E(k; s), the probability that a window of length s holds k levels.

    Args:
        length: s, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson, where E(k; s) = sᵏ exp(−s) / k!.
        count: k, at least 0.

    Returns:
        E(k; s), to about 1e-14.
    """
    require_beta(beta, _KNOWN)
    require_lengths("length", length)
    _require_whole("count", count, 0)
    if beta == 0:
        log_power = scipy.special.xlogy(count, length)
        return np.exp(log_power - length - math.lgamma(count + 1))
    at_most = _at_most(length, beta, count + 1)[0]
    return at_most[count] - at_most[count - 1] if count else at_most[0]


@pointwise(0)
def spacing_cdf(
    s: Float[np.ndarray, " n"], beta: int, order: int = 1
) -> Float[np.ndarray, " n"]:
    """Evaluate the distribution function of the distance to the k-th next level.

    F(s) = 1 + (d/ds) ∑ₘ P(a window of length s holds at most m levels), m < k; its
    mean is k. The first call for a class and order builds a Chebyshev interpolant.

    Args:
        s: Spacings, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson, where the law is Gamma(k).
        order: k, at least 1; 1 is the spacing of neighbours.

    Returns:
        F(s), to about 1e-13.
    """
    _require_spacing(s, beta, order)
    if beta == 0:
        return scipy.special.gammainc(order, s)
    series = _interpolant(beta, order)
    lower, upper = series.domain
    inside = np.clip(series(np.clip(s, lower, upper)), 0.0, 1.0)
    return np.where(s < lower, 0.0, np.where(s > upper, 1.0, inside))


@pointwise(0)
def spacing_pdf(
    s: Float[np.ndarray, " n"], beta: int, order: int = 1
) -> Float[np.ndarray, " n"]:
    """Evaluate the density of the distance to the k-th next level.

    Args:
        s: Spacings, in mean spacings, at least 0.
        beta: 1, 2 or 4; 0 for Poisson, where the law is Gamma(k).
        order: k, at least 1; 1 is the spacing of neighbours.

    Returns:
        The density, to about 1e-12.
    """
    _require_spacing(s, beta, order)
    if beta == 0:
        log_factor = scipy.special.xlogy(order - 1, s) - s
        return np.exp(log_factor - math.lgamma(order))
    series = _interpolant(beta, order).deriv()
    lower, upper = series.domain
    inside = np.maximum(series(np.clip(s, lower, upper)), 0.0)
    return np.where((s < lower) | (s > upper), 0.0, inside)


@functools.cache
def _interpolant(beta: int, order: int) -> Chebyshev:
    spread = math.sqrt(number_variance(np.array([float(order)]), beta)[0])
    reach = _REACH * spread
    domain = [max(0.0, order - reach), order + reach]
    tail = math.inf
    for doubling in range(_DOUBLINGS):
        degree = _START << doubling
        points = np.polynomial.chebyshev.chebpts1(degree + 1)
        s = domain[0] + (domain[1] - domain[0]) * (points + 1) / 2
        values = 1 + _at_most(s, beta, order)[1].sum(axis=0)
        series = Chebyshev.fit(s, values, degree, domain=domain)
        tail = float(np.abs(series.coef[-3:]).max())
        if tail <= _TAIL:
            return series
    what = f"the spacing distribution of order {order} for beta {beta}"
    raise ConvergenceError(
        what, iterations=_DOUBLINGS, residual=tail, remedy="take a lower order"
    )


def _at_most(
    length: Float[np.ndarray, " n"], beta: int, counts: int
) -> tuple[Float[np.ndarray, "counts n"], Float[np.ndarray, "counts n"]]:
    # P(at most m levels), m < counts, and its derivative in the length.
    if beta == 4:
        plus, minus = _parity_counts(2 * length, counts)
        values, slopes = (
            np.cumsum(a + b, axis=0) for a, b in zip(plus, minus, strict=True)
        )
        return values / 2, slopes
    if beta == 1:
        half = (counts + 1) // 2
        plus, minus = _parity_counts(length, half)
        both = [
            np.stack([np.cumsum(a, axis=0), np.cumsum(b, axis=0)], axis=1)
            for a, b in zip(plus, minus, strict=True)
        ]
        values, slopes = (pair.reshape(2 * half, length.size)[:counts] for pair in both)
        return values, slopes
    plus, minus = _parity_counts(length, counts)
    rows = range(counts)
    value = np.stack([_convolve(plus[0], minus[0], m) for m in rows])
    slope = np.stack([
        _convolve(plus[1], minus[0], m) + _convolve(plus[0], minus[1], m) for m in rows
    ])
    return np.cumsum(value, axis=0), np.cumsum(slope, axis=0)


def _convolve(
    first: Float[np.ndarray, "k n"], second: Float[np.ndarray, "k n"], row: int
) -> Float[np.ndarray, " n"]:
    return np.sum(first[: row + 1] * second[row::-1], axis=0)


def _parity_counts(
    length: Float[np.ndarray, " n"], counts: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    # E₊ and E₋, each (counts, n), with their derivatives in the length.
    nodes, weights = quadrature(0.0, 0.5, _node_count(length))
    places, masses = (
        np.multiply.outer(length, nodes),
        np.multiply.outer(length, weights),
    )
    results: list[tuple[np.ndarray, np.ndarray]] = []
    for sign, wave in ((1, np.cos), (-1, np.sin)):
        kernel = functools.partial(_parity_kernel, sign=sign)
        shares, vectors = np.linalg.eigh(nystrom_matrix(kernel, places, masses))
        # ∂K/∂s = cos πs(u − v) has rank one on each parity: first-order perturbation.
        waves = wave(math.pi * places) * np.sqrt(weights)
        overlaps = np.einsum("nij,ni->nj", vectors, waves)
        results.append(_elementary(shares.T, 2 * overlaps.T**2, counts))
    return results[0], results[1]


def _parity_kernel(x: np.ndarray, y: np.ndarray, sign: int) -> np.ndarray:
    return np.sinc(x - y) + sign * np.sinc(x + y)


def _node_count(length: Float[np.ndarray, " n"]) -> int:
    # 1.5 per half-wave of the kernel, and 20 for the plunge of its eigenvalues.
    return 20 + math.ceil(0.75 * length.max(initial=0.0))


def _elementary(
    shares: Float[np.ndarray, "m n"], slopes: Float[np.ndarray, "m n"], counts: int
) -> tuple[Float[np.ndarray, "counts n"], Float[np.ndarray, "counts n"]]:
    # First coefficients in w of ∏(1 − λᵢ + λᵢ w), and their derivatives.
    value = np.zeros((counts, shares.shape[1]))
    value[0] = 1.0
    slope = np.zeros_like(value)
    for share, rate in zip(shares, slopes, strict=True):
        step = -value
        step[1:] += value[:-1]
        change = -slope
        change[1:] += slope[:-1]
        slope += share * change + rate * step
        value += share * step
    return value, slope


def _require_spacing(s: Float[np.ndarray, " n"], beta: int, order: int) -> None:
    require_beta(beta, _KNOWN)
    require_lengths("s", s)
    _require_whole("order", order, 1)


def _require_whole(name: str, value: int, least: int) -> None:
    if value < least:
        message = f"{name}: expected at least {least}, got {value}"
        raise ValueError(message)
