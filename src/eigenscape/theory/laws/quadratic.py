"""What the laws share whose Cauchy transform solves a quadratic equation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float

from eigenscape.theory.laws.law import Interval


def edge_root(
    z: Complex[np.ndarray, "*shape"], cut: Interval
) -> Complex[np.ndarray, "*shape"]:
    """Evaluate √(z − a) √(z − b), analytic off the cut [a, b] and ~ z at infinity.

    Args:
        z: Points of the plane; on the cut, the sign of the zero imaginary part says
            from which side it is approached.
        cut: The ends a and b.

    Returns:
        The root, on the branch that the single root √((z − a)(z − b)) would lose.
    """
    with np.errstate(invalid="ignore"):  # of a point at infinity
        return _root(z, cut)


def decaying_root(
    p: Complex[np.ndarray, "*shape"],
    root: Complex[np.ndarray, "*shape"],
    q: Complex[np.ndarray, "*shape"] | float,
    c: float,
) -> Complex[np.ndarray, "*shape"]:
    """Evaluate g = (p − r) / 2q, the root of q g² − p g + c = 0 that decays.

    Where p − r cancels, the equal 2c / (p + r) is used.

    Args:
        p: Linear coefficient.
        root: r, with r² = p² − 4qc.
        q: Leading coefficient.
        c: Constant coefficient.

    Returns:
        g, to a relative accuracy of a few machine epsilons away from its poles.
    """
    with np.errstate(invalid="ignore"):  # of a point at infinity
        plus, minus = p + root, p - root
    cancels = np.abs(plus) > np.abs(minus)
    numerator = np.where(cancels, 2 * c, minus)
    with np.errstate(divide="ignore", invalid="ignore"):  # at a pole
        return np.asarray(numerator / np.where(cancels, plus, 2 * q))


def semicircle_transform(
    z: Complex[np.ndarray, "*shape"], cut: Interval
) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
    """Evaluate g = 2 / (y + r) and g′ = −g / r of the semicircle law on a cut.

    Here y = z − (a + b)/2 and r = √(z − a) √(z − b), which never cancel in the sum.
    Every law of this module has it as its once-stripped measure.

    Args:
        z: Points of the plane; on the cut as in `edge_root`.
        cut: The ends a and b; equal ones stand for a point mass.

    Returns:
        g and g′; g′ is not finite at the ends.
    """
    return semicircle_energy(z, cut, 0.0, 1.0)


def semicircle_energy(
    z: Complex[np.ndarray, "*shape"], cut: Interval, mean: float, variance: float
) -> tuple[Complex[np.ndarray, "*shape"], Complex[np.ndarray, "*shape"]]:
    """Evaluate Σ = m + v g and Σ′ = v g′ with g as in `semicircle_transform`.

    Args:
        z: Points of the plane; on the cut as in `edge_root`.
        cut: The ends of the support.
        mean: m.
        variance: v.

    Returns:
        Σ and Σ′; Σ′ is not finite at the ends.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        root = _root(z, cut)
        value = 2 * variance / (z - (cut.lower + cut.upper) / 2 + root)
        return np.asarray(mean + value), np.asarray(-value / root)


def transform_slope(
    g: Complex[np.ndarray, "*shape"], slope: Complex[np.ndarray, "*shape"]
) -> Complex[np.ndarray, "*shape"]:
    """Form g′ = g² (Σ′ − 1).

    Args:
        g: The Stieltjes transform.
        slope: Σ′.

    Returns:
        g′; not finite where Σ′ is not.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((slope - 1) * g**2)


def arch(x: Float[np.ndarray, " n"], ends: Interval) -> Float[np.ndarray, " n"]:
    """Evaluate √((x − a)(b − x)) on [a, b], and 0 outside.

    Args:
        x: Points of the real line.
        ends: The ends a and b.

    Returns:
        The profile of a density with square-root edges.
    """
    inside = np.clip(x, ends.lower, ends.upper)
    return np.sqrt((inside - ends.lower) * (ends.upper - inside))


def ratio_on_support(
    numerator: Float[np.ndarray, " n"], denominator: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Divide where the numerator is positive, and return 0 elsewhere.

    Args:
        numerator: An `arch`, times a positive number.
        denominator: Any array, positive where the numerator is.

    Returns:
        The quotient; 0 off the support even where the denominator vanishes.
    """
    return np.divide(
        numerator, denominator, out=np.zeros_like(numerator), where=numerator > 0
    )


def _root(
    z: Complex[np.ndarray, "*shape"], cut: Interval
) -> Complex[np.ndarray, "*shape"]:
    root = np.asarray(np.sqrt((z - cut.lower) * (z - cut.upper)))
    # It lies on the same side of the real axis as z.
    crossed = np.signbit(np.imag(root)) != np.signbit(np.imag(z))
    return np.negative(root, out=root, where=crossed)
