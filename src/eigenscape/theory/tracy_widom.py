"""The Tracy–Widom laws of the largest eigenvalue, β = 1, 2, 4.

Chebyshev series of log F to the left of a cut and of log(1 − F) to the right of it,
with the leading terms of both tails split off, hold everywhere to rounding in the
logarithm: F, 1 − F and the density are relatively accurate in both tails, as far as
double precision reaches. `benchmarks/tracy_widom_table.py` makes the series.

Two conventions exist for β = 4. "tracy-widom", the default, is that of the paper and
of the published tables: F₄(x) = exp(−L/2) cosh(I/2) at √2 x, of mean −2.3069.
"stochastic-airy" is the limit of (λ − 2) n^(2/3) for n distinct eigenvalues on [−2, 2]:
its x is 2^(−1/6) times the other, of mean −2.0552. For β = 1, 2 they agree.

References:
    Tracy and Widom (1994), Level-spacing distributions and the Airy kernel,
    Communications in Mathematical Physics 159; Tracy and Widom (1996), On orthogonal
    and symplectic matrix ensembles, Communications in Mathematical Physics 177;
    Ramírez, Rider and Virág (2011), Beta ensembles, stochastic Airy spectrum, and a
    diffusion, Journal of the American Mathematical Society 24.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources

import numpy as np
from jaxtyping import Float
from numpy.polynomial import chebyshev

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.symmetry_class import require_beta

_KNOWN = (1, 2, 4)
_TABLE_FACTOR = {"tracy-widom": 2 ** (1 / 2), "stochastic-airy": 2 ** (2 / 3)}
_FAR = 1e100  # beyond it every tail is 0, and its terms still are finite
_ITERATIONS = 60


@dataclass(frozen=True)
class TracyWidomMoments:
    """The first moments of a Tracy–Widom law.

    Attributes:
        mean: Mean.
        variance: Variance.
        skewness: Third central moment, in standard deviations.
        excess_kurtosis: Fourth central moment in standard deviations, less 3.
    """

    mean: float
    variance: float
    skewness: float
    excess_kurtosis: float


@pointwise(0)
def tracy_widom_cdf(
    x: Float[np.ndarray, "*shape"], beta: int, *, convention: str = "tracy-widom"
) -> Float[np.ndarray, "*shape"]:
    """Evaluate F(x), the probability that the largest eigenvalue lies below x.

    Args:
        x: Points, in the units of the edge.
        beta: 1, 2 or 4.
        convention: For β = 4, "tracy-widom" or "stochastic-airy".

    Returns:
        F(x), relatively accurate in the left tail.
    """
    below, logarithm = _logarithm(x * _factor(beta, convention), beta)
    return np.where(below, np.exp(logarithm), -np.expm1(logarithm))


@pointwise(0)
def tracy_widom_sf(
    x: Float[np.ndarray, "*shape"], beta: int, *, convention: str = "tracy-widom"
) -> Float[np.ndarray, "*shape"]:
    """Evaluate 1 − F(x), the p-value of a largest eigenvalue at x.

    Args:
        x: Points, in the units of the edge.
        beta: 1, 2 or 4.
        convention: For β = 4, "tracy-widom" or "stochastic-airy".

    Returns:
        1 − F(x), relatively accurate in the right tail.
    """
    below, logarithm = _logarithm(x * _factor(beta, convention), beta)
    return np.where(below, -np.expm1(logarithm), np.exp(logarithm))


@pointwise(0)
def tracy_widom_pdf(
    x: Float[np.ndarray, "*shape"], beta: int, *, convention: str = "tracy-widom"
) -> Float[np.ndarray, "*shape"]:
    """Evaluate the density F′(x).

    Args:
        x: Points, in the units of the edge.
        beta: 1, 2 or 4.
        convention: For β = 4, "tracy-widom" or "stochastic-airy".

    Returns:
        F′(x), relatively accurate in both tails.
    """
    factor = _factor(beta, convention)
    logarithm, slope = _logarithm(x * factor, beta)[1], _slope(x * factor, beta)
    return factor * np.exp(logarithm) * np.abs(slope)


@pointwise(0)
def tracy_widom_quantile(
    probability: Float[np.ndarray, "*shape"],
    beta: int,
    *,
    upper_tail: bool = False,
    convention: str = "tracy-widom",
) -> Float[np.ndarray, "*shape"]:
    """Find x with F(x) = p, or with 1 − F(x) = p.

    Newton's iteration on log F or log(1 − F), both concave: it is monotone.

    Args:
        probability: p, between 0 and 1; the ends give infinities.
        beta: 1, 2 or 4.
        upper_tail: Whether p is the probability to lie above x.
        convention: For β = 4, "tracy-widom" or "stochastic-airy".

    Returns:
        The quantiles, in the units of the edge.

    Raises:
        ValueError: A probability lies outside [0, 1].
    """
    factor = _factor(beta, convention)
    if not ((probability >= 0) & (probability <= 1)).all():
        message = f"probability: expected values in [0, 1], got {probability}"
        raise ValueError(message)
    with np.errstate(divide="ignore"):
        own, other = np.log(probability), np.log1p(-probability)
    return _invert(*((other, own) if upper_tail else (own, other)), beta) / factor


def tracy_widom_moments(
    beta: int, *, convention: str = "tracy-widom"
) -> TracyWidomMoments:
    """Give the mean, variance, skewness and excess kurtosis.

    Args:
        beta: 1, 2 or 4.
        convention: For β = 4, "tracy-widom" or "stochastic-airy".

    Returns:
        The moments, to 1e-14.

    References:
        Bornemann (2010), On the numerical evaluation of distributions in random
        matrix theory: a review, Markov Processes and Related Fields 16, prints
        mean and variance to 12 digits.
    """
    factor = _factor(beta, convention)
    mean, variance, skewness, kurtosis = _table(beta).moments
    return TracyWidomMoments(mean / factor, variance / factor**2, skewness, kurtosis)


@dataclass(frozen=True)
class _Table:
    # Panels between consecutive edges, the outer two in |s|^(−3/2) and endless; on
    # each the local variable is scale · variable + shift, from −1 to 1.
    cut: float
    edges: Float[np.ndarray, " m"]
    left: tuple[float, ...]
    right: tuple[float, ...]
    moments: tuple[float, ...]
    scale: Float[np.ndarray, " panels"]
    shift: Float[np.ndarray, " panels"]
    series: Float[np.ndarray, "k panels"]
    slopes: Float[np.ndarray, "l panels"]


@functools.cache
def _table(beta: int) -> _Table:
    text = resources.files("eigenscape.theory").joinpath("tracy_widom.json")
    entry = json.loads(text.read_text(encoding="utf-8"))[str(beta)]
    edges = np.array(entry["edges"])
    starts = np.concatenate([[0.0], edges[:-1], [0.0]])
    ends = np.concatenate([[abs(edges[0]) ** -1.5], edges[1:], [edges[-1] ** -1.5]])
    scale = 2 / (ends - starts)
    longest = max(len(part) for part in entry["series"])
    series = np.array([
        part + [0.0] * (longest - len(part)) for part in entry["series"]
    ]).T
    return _Table(
        cut=entry["cut"],
        edges=edges,
        left=tuple(entry["left"]),
        right=tuple(entry["right"]),
        moments=tuple(entry["moments"]),
        scale=scale,
        shift=-1 - scale * starts,
        series=series,
        slopes=chebyshev.chebder(series) * scale,
    )


def _logarithm(
    s: Float[np.ndarray, "*shape"], beta: int
) -> tuple[np.ndarray, Float[np.ndarray, "*shape"]]:
    # Whether s lies below the cut, and log F there, log(1 − F) elsewhere.
    table, s = _table(beta), np.clip(s, -_FAR, _FAR)
    left, right = s < table.edges[0], s >= table.edges[-1]
    result = _series(table, table.series, s, left | right)
    cubic, root, log = table.left
    t = -s[left]
    result[left] -= cubic * t**3 + root * t**1.5 + log * np.log(t)
    root, log = table.right
    t = s[right]
    result[right] -= root * t**1.5 + log * np.log(t)
    return s < table.cut, result


def _slope(s: Float[np.ndarray, "*shape"], beta: int) -> Float[np.ndarray, "*shape"]:
    # The derivative of the logarithm in s.
    table, s = _table(beta), np.clip(s, -_FAR, _FAR)
    left, right = s < table.edges[0], s >= table.edges[-1]
    result = _series(table, table.slopes, s, left | right)
    cubic, root, log = table.left
    t = -s[left]
    result[left] *= 1.5 * t**-2.5
    result[left] += 3 * cubic * t**2 + 1.5 * root * np.sqrt(t) + log / t
    root, log = table.right
    t = s[right]
    result[right] *= -1.5 * t**-2.5
    result[right] -= 1.5 * root * np.sqrt(t) + log / t
    return result


def _series(
    table: _Table,
    coefficients: Float[np.ndarray, "k panels"],
    s: Float[np.ndarray, "*shape"],
    outer: np.ndarray,
) -> Float[np.ndarray, "*shape"]:
    panel = np.searchsorted(table.edges, s, side="right")
    variable = s.copy()
    variable[outer] = np.abs(s[outer]) ** -1.5
    local = table.scale[panel] * variable + table.shift[panel]
    return chebyshev.chebval(local, coefficients[:, panel], tensor=False)


def _invert(
    log_below: Float[np.ndarray, "*shape"],
    log_above: Float[np.ndarray, "*shape"],
    beta: int,
) -> Float[np.ndarray, "*shape"]:
    table = _table(beta)
    at_cut = _logarithm(np.array([table.cut - 1e-9]), beta)[1]
    below = log_below < at_cut
    target = np.where(below, log_below, log_above)
    depth = -np.maximum(target, -_FAR)
    # Beyond the root: log F ≤ −a |s|³ + O(|s|^1.5), log(1 − F) ≤ −a s^1.5.
    s = np.where(
        below,
        table.cut - 1 - (2 * depth / table.left[0]) ** (1 / 3),
        np.maximum(table.cut, 0) + 1 + (depth / table.right[0]) ** (2 / 3),
    )
    step = np.full_like(s, np.inf)
    for _ in range(_ITERATIONS):
        step = (_logarithm(s, beta)[1] + depth) / _slope(s, beta)
        s -= step
        if (np.abs(step) <= 4 * np.finfo(float).eps * np.maximum(np.abs(s), 1)).all():
            return np.where(np.isinf(target), np.where(below, -np.inf, np.inf), s)
    what = f"the Tracy–Widom quantile for beta {beta}"
    raise ConvergenceError(
        what,
        iterations=_ITERATIONS,
        residual=float(np.abs(step).max()),
        remedy="report the probabilities",
    )


def _factor(beta: int, convention: str) -> float:
    require_beta(beta, _KNOWN)
    if convention not in _TABLE_FACTOR:
        message = f"convention: expected one of {set(_TABLE_FACTOR)}, got {convention}"
        raise ValueError(message)
    return _TABLE_FACTOR[convention] if beta == 4 else 1.0
