"""All common roots of two polynomials of two variables, by a hidden-variable resultant.

Written as polynomials of x whose coefficients are polynomials of y, two polynomials
have a common root where their Sylvester matrix S(y) is singular: a polynomial
eigenvalue problem, whose eigenvectors are the powers of x.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import scipy
from jaxtyping import Complex, Inexact, Int
from numpy.polynomial.polynomial import polyder, polyval2d

from eigenscape.core import ConvergenceError

Coefficients: TypeAlias = Inexact[np.ndarray, "_ _"]
Roots: TypeAlias = Complex[np.ndarray, "_ 2"]

_STEPS = 30
_CLOSE = 1e-12
_APART = 1e-7
_FARTHEST = 1e7


def common_roots(first: Coefficients, second: Coefficients, *, count: int) -> Roots:
    """Find all common roots, complex ones too, off the axes and infinity.

    Args:
        first: Coefficients of xʲyᵏ.
        second: Likewise.
        count: How many roots there are, by a theorem; the certificate.

    Returns:
        The roots (x, y), polished by Newton's method.

    Raises:
        ConvergenceError: Another number of roots was found; two may be too close.

    References:
        Cox, Little and O'Shea (2005), Using Algebraic Geometry, second edition,
        Chapter 3.
    """
    starts = _hidden_variable_roots(first, second)
    roots = _distinct(_polished(first, second, starts))
    if len(roots) != count:
        what = f"the search for {count} common roots"
        raise ConvergenceError(
            what,
            iterations=_STEPS,
            residual=float(abs(len(roots) - count)),
            remedy="two roots may nearly meet; draw another instance",
        )
    return roots


def mixed_volume(first: Coefficients, second: Coefficients) -> int:
    """Count the common roots off the axes of generic polynomials of these monomials.

    Args:
        first: Coefficients; only where they vanish matters.
        second: Likewise.

    Returns:
        area(P + Q) − area(P) − area(Q) of the convex hulls of the exponents.

    References:
        Bernstein (1975), The number of roots of a system of equations, Functional
        Analysis and its Applications 9.
    """
    p, q = np.argwhere(first != 0), np.argwhere(second != 0)
    both = (p[:, None] + q).reshape(-1, 2)
    areas = [_hull_area(points) for points in (both, p, q)]
    return round(areas[0] - areas[1] - areas[2])


def _hull_area(points: Int[np.ndarray, "_ 2"]) -> float:
    flat = np.linalg.matrix_rank(points - points[0]) < 2
    return 0.0 if flat else float(scipy.spatial.ConvexHull(points).volume)


def _hidden_variable_roots(first: Coefficients, second: Coefficients) -> Roots:
    degree = max(first.shape[1], second.shape[1]) - 1
    rows = len(first) + len(second) - 2
    blocks = np.zeros((degree + 1, rows, rows), dtype=np.complex128)
    for offset in range(len(second) - 1):
        blocks[: first.shape[1], offset, offset : offset + len(first)] = first.T
    for offset in range(len(first) - 1):
        row = len(second) - 1 + offset
        blocks[: second.shape[1], row, offset : offset + len(second)] = second.T
    size = rows * degree
    left, right = np.zeros((2, size, size), dtype=np.complex128)
    inner = np.arange(size - rows)
    left[inner, inner + rows] = 1
    right[inner, inner] = 1
    left[size - rows :] = -np.concatenate(blocks[:-1], axis=1)
    right[size - rows :, size - rows :] = blocks[-1]
    values, vectors = scipy.linalg.eig(
        left, right, homogeneous_eigvals=True, check_finite=False
    )
    finite = np.abs(values[0]) < _FARTHEST * np.abs(values[1])
    y = values[0, finite] / values[1, finite]
    powers = vectors[:rows, finite]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.sum(powers[1:] * powers[:-1].conj(), axis=0)
        x /= np.sum(np.abs(powers[:-1]) ** 2, axis=0)
    roots = np.stack([x, y], axis=1)
    return roots[np.isfinite(roots).all(axis=1)]


def _polished(first: Coefficients, second: Coefficients, roots: Roots) -> Roots:
    slopes = [
        [polyder(c, axis=axis) for axis in (0, 1)]
        for c in (first.astype(np.complex128), second.astype(np.complex128))
    ]
    roots, done = roots.copy(), np.zeros(len(roots), dtype=bool)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            x, y = roots.T
            a, b = polyval2d(x, y, first), polyval2d(x, y, second)
            (ax, ay), (bx, by) = [[polyval2d(x, y, s) for s in row] for row in slopes]
            determinant = ax * by - ay * bx
            step = np.stack([a * by - b * ay, b * ax - a * bx], axis=1)
            step /= determinant[:, None]
            roots -= step
            size = np.maximum(np.abs(roots), _CLOSE)
            done = (np.abs(step) <= _CLOSE * np.maximum(size, 1)).all(axis=1)
        proper = done & np.isfinite(roots).all(axis=1)
        magnitude = np.abs(np.log(np.abs(roots[proper])))
    return roots[proper][(magnitude < math.log(_FARTHEST)).all(axis=1)]


def _distinct(roots: Roots) -> Roots:
    kept: list[np.ndarray] = []
    for root in roots:
        if all(np.abs(root - other).max() > _APART for other in kept):
            kept.append(root)
    return np.array(kept, dtype=np.complex128).reshape(-1, 2)
