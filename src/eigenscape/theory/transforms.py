"""Numbers and functions that name a law: moments, free cumulants, R-transform, cdf."""

from __future__ import annotations

import functools
import math

import numpy as np
import scipy
from jaxtyping import Float

from eigenscape.theory.distribution import Distribution
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.law import Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform

_CIRCLE_MARGIN = 1.1
_CIRCLE_NODES = 512  # aliasing below 1.1⁻⁵¹² ≈ 6e-22
_SERIES_REACH = 2e-3
_SERIES_ORDER = 8
_LAMBERT_DEPTH = 21


def moments(law: Law, order: int) -> Float[np.ndarray, " order"]:
    """Compute mₖ = ∫ λᵏ ρ(dλ) = (1/2πi) ∮ zᵏ g(z) dz for k = 1, …, order.

    The trapezoidal rule on a circle a tenth wider than the spectrum converges
    geometrically; rounding is 1.1ᵏ machine epsilons of the spectral radius to the k.

    Args:
        law: The law.
        order: The highest moment, at least 1.

    Returns:
        m₁, …, m_order.
    """
    return _moments_about(law, 0.0, order)


def free_cumulants(law: Law, order: int) -> Float[np.ndarray, " order"]:
    """Compute the free cumulants κ₁, …, κ_order, coefficients of R(w) = ∑ κₙ wⁿ⁻¹.

    The recursion mₙ = ∑ₛ κₛ [zⁿ⁻ˢ] M(z)ˢ, M(z) = 1 + ∑ mₖ zᵏ, on moments about the
    mean.

    Args:
        law: The law.
        order: The highest cumulant, at least 1.

    Returns:
        κ₁, …, κ_order.

    References:
        Nica and Speicher (2006), Lectures on the Combinatorics of Free Probability,
        Proposition 11.4 and Theorem 12.5.
    """
    mean = _moments_about(law, 0.0, 1)[0]
    series = np.append(1.0, _moments_about(law, float(mean), order))
    powers = [np.eye(1, order + 1)[0]]
    for _ in range(order):
        powers.append(np.convolve(powers[-1], series)[: order + 1])
    cumulants = np.zeros(order)
    for n in range(1, order + 1):
        known = sum(cumulants[s - 1] * powers[s][n - s] for s in range(1, n))
        cumulants[n - 1] = series[n] - known
    cumulants[0] += mean
    return cumulants


def _moments_about(law: Law, centre: float, order: int) -> Float[np.ndarray, " order"]:
    if order < 1:
        message = f"order: expected at least 1, got {order}"
        raise ValueError(message)
    hull = _compact_hull(law)
    reach = max(hull.upper - centre, centre - hull.lower)
    # Not so small that the circle is lost in the rounding of its centre.
    radius = max(_CIRCLE_MARGIN * reach, 1e-3 * abs(centre)) or 1.0
    count = _CIRCLE_NODES + order
    unit = np.exp(2j * math.pi * np.arange(count) / count)
    values = radius * law.stieltjes(centre + radius * unit)
    k = np.arange(1, order + 1)
    means = np.real(unit ** (k[:, None] + 1) @ values) / count
    return means * radius**k


def _compact_hull(law: Law) -> Interval:
    hull = law.hull
    if not math.isfinite(hull.width):
        message = (
            f"law: expected compact support, got {law}; its moments do not exist and "
            "its transforms have no real range"
        )
        raise ValueError(message)
    return hull


@pointwise(1)
@functools.singledispatch
def r_transform(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate R(w) = g⁻¹(w) − 1/w on the real line; R(0) is the mean.

    Closed forms are used for the laws that have one, and continue R analytically
    beyond the range of g outside the spectrum; any other law is inverted numerically
    and refuses such w.

    Args:
        law: The law.
        w: Values of g, in units of an inverse eigenvalue.

    Returns:
        R(w).
    """
    return _inverted(law, w)


@r_transform.register(Semicircle)
def _(law: Semicircle, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return law.variance * w


@r_transform.register(MarchenkoPastur)
def _(law: MarchenkoPastur, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    denominator = 1 - law.ratio * law.scale * w
    _refuse(w, ~(denominator > 0), f"below {1 / (law.ratio * law.scale)}")
    return law.scale / denominator


@r_transform.register(KestenMcKay)
def _(law: KestenMcKay, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    scaled = law.degree / (law.degree - 1)
    return 2 * scaled * w / (1 + np.sqrt(1 + 4 * w**2 / (law.degree - 1)))


@r_transform.register(FreeMeixner)
def _(law: FreeMeixner, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    unit = math.sqrt(law.variance)
    linear = 1 - law.a * unit * w
    radicand = linear**2 - 4 * law.b * law.variance * w**2
    denominator = linear + np.sqrt(np.maximum(radicand, 0))
    _refuse(w, ~((radicand >= 0) & (denominator > 0)), "short of the branch point")
    return 2 * law.variance * w / denominator


@r_transform.register(Arcsine)
def _(law: Arcsine, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    half = (law.upper - law.lower) / 2
    return law.lower + half + half**2 * w / (1 + np.hypot(1, half * w))


@r_transform.register(Uniform)
def _(law: Uniform, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # coth x − 1/x; near 0 by Lambert's fraction x / (3 + x² / (5 + x² / (7 + …))).
    half = (law.upper - law.lower) / 2
    x = half * w
    denominator = np.full_like(x, _LAMBERT_DEPTH)
    for odd in range(_LAMBERT_DEPTH - 2, 1, -2):
        denominator = odd + np.minimum(x**2, 1) / denominator
    far = np.where(np.abs(x) > 1, x, 1)
    langevin = np.where(np.abs(x) > 1, 1 / np.tanh(far) - 1 / far, x / denominator)
    return law.lower + half + half * langevin


@r_transform.register(Jacobi)
def _(law: Jacobi, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    a, total = 1 / law.first_ratio, 1 / law.first_ratio + 1 / law.second_ratio
    linear = total - w
    return 2 * a / (linear + np.sqrt(np.maximum(linear**2 + 4 * a * w, 0)))


@r_transform.register(FreeBinomial)
def _(law: FreeBinomial, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return r_transform(law.as_affine, w)


@r_transform.register(Affine)
def _(law: Affine, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    return law.scale * r_transform(law.law, law.scale * w) + law.shift


@r_transform.register(Discrete)
def _(law: Discrete, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    hull = law.hull
    return np.full_like(w, hull.lower) if hull.width == 0 else _inverted(law, w)


def stieltjes_range(law: Law) -> tuple[float, float]:
    """Find the values g takes at the two ends of the spectrum, from outside.

    Args:
        law: The law.

    Returns:
        g at the lower end, negative, and g at the upper end, positive; infinite at
        an atom or a diverging density. Between them R is the inverse of g.
    """
    hull = _compact_hull(law)
    ends = [_reciprocal(law, hull.lower), _reciprocal(law, hull.upper)]
    lower, upper = (1 / abs(end) if end else math.inf for end in ends)
    return -lower, upper


def _reciprocal(law: Law, x: float) -> float:
    # At a pole of g, numerical infinities of any kind stand for 1/g = 0.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = float(np.real(law.stieltjes(np.array([x])))[0])
    return 1 / value if math.isfinite(value) and value != 0 else 0.0


def _inverted(law: Law, w: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # By free cumulants where 1/w lies so far out that z − 1/g(z) would cancel.
    lowest, highest = stieltjes_range(law)
    inside = (w >= lowest) & (w <= highest) & np.isfinite(w)
    _refuse(w, ~inside, f"from {lowest} to {highest}")
    near = np.abs(w) * law.hull.width > _SERIES_REACH
    result = np.polynomial.polynomial.polyval(w, free_cumulants(law, _SERIES_ORDER))
    mirrored = Affine(law, -1.0)
    for i in np.flatnonzero(near):
        side = law if w[i] > 0 else mirrored
        result[i] = np.sign(w[i]) * _invert_above(side, float(abs(w[i])))
    return result


def _invert_above(law: Law, w: float) -> float:
    # 1/g(R + 1/w) = 1/w is solved for R, which the hull brackets.
    hull = law.hull

    def excess(r: float) -> float:
        return _reciprocal(law, max(r + 1 / w, hull.upper)) - 1 / w

    low, high = max(hull.lower, hull.upper - 1 / w), hull.upper
    if excess(low) >= 0:
        return low
    if excess(high) <= 0:
        return high
    precision = 4 * np.finfo(float).eps
    solution = scipy.optimize.root_scalar(
        excess, bracket=(low, high), xtol=precision * hull.width, rtol=precision
    )
    return float(solution.root)


def _refuse(w: Float[np.ndarray, " n"], outside: np.ndarray, expected: str) -> None:
    if outside.any():
        message = (
            f"w: expected values {expected}, got {w[outside][0]}; "
            "the R-transform has no real value there"
        )
        raise ValueError(message)


@pointwise(1)
def cdf(law: Law, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate the distribution function F(x) = ρ((−∞, x]).

    Args:
        law: The law; its density may vanish or diverge at edges as a power or a
            logarithm, and is smooth in between.
        x: Points of the real line.

    Returns:
        F(x), atoms included, to about 1e-13.

    Raises:
        ValueError: A point is NaN.
    """
    if np.isnan(x).any():
        message = "x: expected points of the real line, got NaN"
        raise ValueError(message)
    return Distribution(law).below(x)


@pointwise(1)
def quantile(law: Law, u: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Evaluate the quantile function inf {x : F(x) ≥ u}.

    Args:
        law: The law, as in `cdf`.
        u: Probabilities between 0 and 1; 0 gives the lower end of the spectrum.

    Returns:
        The quantiles, in the units of the eigenvalue.

    Raises:
        ValueError: A probability lies outside [0, 1].
    """
    if not ((u >= 0) & (u <= 1)).all():
        message = f"u: expected probabilities in [0, 1], got {u}"
        raise ValueError(message)
    if isinstance(law, Cauchy):
        # From the nearer tail, where the angle keeps its digits.
        with np.errstate(divide="ignore"):
            distance = law.scale / np.tan(math.pi * np.minimum(u, 1 - u))
        return law.location + np.where(u < 0.5, -distance, distance)
    return Distribution(law).quantile(u)
