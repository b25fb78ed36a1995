"""The fixed point of a Dyson equation, certified, on the real axis too.

Newton's method on a ladder: b + iy for y from four radii of the pencil down to 10⁻⁹,
then y = 0 itself. One point in eight climbs; the others begin between two of these.
Points that fail their certificate climb again on closer rungs, each begun with averaged
Picard steps u ← (u + T(u))/2, which converge from anywhere for y > 0 (Helton, Rashidi
Far and Speicher 2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float, Int

from eigenscape.theory.operator_valued.equation import DysonEquation, inverse_or_nan

_TOP = 4.0  # in radii; there T contracts by 1/16
# Ratio of the rungs, the lowest, Picard steps on each; tuned on the tests' pencils.
_FIRST, _SECOND = (0.05, 1e-9, 0), (0.4, 1e-15, 3)
_RUNG_STEPS, _RUNG_TOLERANCE = 4, 1e-3
_LAST_STEPS, _LAST_TOLERANCE = 40, 2e-16
_RESIDUAL = 1e-12
_DEPTH = 1e-7  # what rounding makes of a double root: √ε and some
_ATTRACTION = 1e-6
_CHUNK = 512
_STRIDE = 8


@dataclass(frozen=True)
class Solution:
    """Fixed points, one row a point.

    Attributes:
        coordinates: u, Hermitian to the last digit in gaps.
        residual: The backward error: |T(u) − u| in units of s = |u| + |DT| (|u| + r),
            r the radius of the pencil; rounding makes ε.
        error: What rounding makes of u: |(1 − DT)⁻¹| (ε s + |T(u) − u|).
        certified: Whether the residual is below 10⁻¹², Im Σ ≤ 0 and the spectral radius
            of DT at most one, each up to rounding.
        iterations: Newton steps allowed to the last.
    """

    coordinates: Complex[np.ndarray, "n q"]
    residual: Float[np.ndarray, " n"]
    error: Float[np.ndarray, "n q"]
    certified: Bool[np.ndarray, " n"]
    iterations: int = 2 * _LAST_STEPS


def solve(equation: DysonEquation, z: Complex[np.ndarray, " n"]) -> Solution:
    """Find the fixed points that the resolvents of a pencil are.

    Args:
        equation: The equation.
        z: Points with Im z ≥ 0.

    Returns:
        The fixed points, with what certifies them.
    """
    u = np.full((z.size, len(equation.basis)), np.nan, complex)
    residual = np.full(z.size, math.inf)
    solution = Solution(u, residual, np.empty(u.shape), np.zeros(z.size, bool))
    order = np.argsort(np.real(z))
    with np.errstate(all="ignore"):  # a point that overflows is a point not certified
        for i in range(0, z.size, _CHUNK):
            _solve_chunk(equation, z, order[i : i + _CHUNK], solution)
    return solution


def _solve_chunk(
    equation: DysonEquation,
    z: Complex[np.ndarray, " n"],
    chunk: Int[np.ndarray, " k"],
    solution: Solution,
) -> None:
    # Fills in the rows of the chunk, which is sorted by Re z.
    b = equation.placed(z)
    u = solution.coordinates

    def polish(rows: Int[np.ndarray, " k"], start: Complex[np.ndarray, "k q"]) -> None:
        found = _newton(equation, b[rows], start, _LAST_STEPS, _LAST_TOLERANCE)
        u[rows] = found = _snapped(equation, b[rows], found, np.imag(z[rows]) == 0)
        judged = _certificate(equation, b[rows], found)
        kept = (solution.residual, solution.error, solution.certified)
        for column, entries in zip(kept, judged, strict=True):
            column[rows] = entries

    leaders = chunk[::_STRIDE]
    polish(leaders, _climb(equation, b[leaders], _FIRST))
    followers = np.setdiff1d(chunk, leaders)
    polish(followers, _between(np.real(z), followers, leaders, u))
    for among, attempt in ((followers, _FIRST), (chunk, _SECOND)):
        pending = among[~solution.certified[among]]
        if pending.size:
            polish(pending, _climb(equation, b[pending], attempt))


def _between(
    x: Float[np.ndarray, " n"],
    followers: Int[np.ndarray, " m"],
    leaders: Int[np.ndarray, " k"],
    u: Complex[np.ndarray, "n q"],
) -> Complex[np.ndarray, "m q"]:
    # On the line between the two nearest leaders.
    places, last = x[leaders], leaders.size - 1
    right = np.clip(np.searchsorted(places, x[followers]), min(1, last), last)
    left = np.maximum(right - 1, 0)
    gap = places[right] - places[left]
    share = (x[followers] - places[left]) / np.where(gap > 0, gap, 1.0)
    first, second = u[leaders[left]], u[leaders[right]]
    return first + np.clip(share, 0, 1)[:, None] * (second - first)


def _climb(
    equation: DysonEquation,
    b: Complex[np.ndarray, "n m m"],
    attempt: tuple[float, float, int],
) -> Complex[np.ndarray, "n q"]:
    ratio, bottom, picard_steps = attempt
    u = np.zeros((len(b), len(equation.basis)), complex)
    identity = 1j * equation.radius * np.eye(b.shape[1])
    rungs = math.ceil(math.log(bottom / _TOP) / math.log(ratio))
    for k in range(rungs + 1):
        raised = b + _TOP * ratio**k * identity
        for _ in range(max(picard_steps, 2 * (k == 0))):
            u = (u + equation.step(raised, u)[0]) / 2
        u = _newton(equation, raised, u, _RUNG_STEPS, _RUNG_TOLERANCE)
    return u


def _newton(
    equation: DysonEquation,
    b: Complex[np.ndarray, "n m m"],
    u: Complex[np.ndarray, "n q"],
    steps: int,
    tolerance: float,
) -> Complex[np.ndarray, "n q"]:
    # A point is done when its step is small, or no longer shrinks below 10⁻⁶.
    u, active = u.copy(), np.arange(len(u))
    before = np.full(len(u), math.inf)
    for _ in range(steps):
        value, slope = equation.step(b[active], u[active])
        move = _divided(slope, value - u[active])
        u[active] += move
        size = np.linalg.norm(move, axis=1) / np.linalg.norm(u[active], axis=1)
        stalled = (size > 0.5 * before[active]) & (size < 1e-6)
        before[active] = size
        active = active[(size > tolerance) & ~stalled]
        if not active.size:
            break
    return u


def _divided(
    slope: Complex[np.ndarray, "n q q"], rhs: Complex[np.ndarray, "n q"]
) -> Complex[np.ndarray, "n q"]:
    system = np.eye(rhs.shape[1]) - slope
    try:
        return np.linalg.solve(system, rhs[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return rhs / 2  # an averaged Picard step


def _snapped(
    equation: DysonEquation,
    b: Complex[np.ndarray, "n m m"],
    u: Complex[np.ndarray, "n q"],
    real: Bool[np.ndarray, " n"],
) -> Complex[np.ndarray, "n q"]:
    # In a gap the solution is Hermitian; the rounding of Newton's method is not.
    u = u.copy()
    near = np.flatnonzero(real)
    projected = equation.hermitian(u[near])
    change = np.linalg.norm(u[near] - projected, axis=1)
    chosen = change <= 1e-6 * np.linalg.norm(projected, axis=1)
    near, projected = near[chosen], projected[chosen]
    before = _residual(equation, b[near], u[near])
    after = _residual(equation, b[near], projected)
    better = after <= 2 * before + 8 * np.finfo(float).eps
    u[near[better]] = projected[better]
    return u


def _residual(
    equation: DysonEquation,
    b: Complex[np.ndarray, "n m m"],
    u: Complex[np.ndarray, "n q"],
) -> Float[np.ndarray, " n"]:
    value, _ = equation.step(b, u)
    return np.linalg.norm(value - u, axis=1) / np.linalg.norm(u, axis=1)


def _certificate(
    equation: DysonEquation,
    b: Complex[np.ndarray, "n m m"],
    u: Complex[np.ndarray, "n q"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n q"], Bool[np.ndarray, " n"]]:
    value, slope = equation.step(b, u)
    # T changes by ε times this when u and b do in their last digit.
    terms = np.abs(u) + equation.radius
    scale = np.abs(u) + np.einsum("nij,nj->ni", np.abs(slope), terms)
    defect = np.abs(value - u)
    residual = (defect / scale).max(axis=1)
    certified = residual <= _RESIDUAL
    certified &= np.isfinite(slope).all(axis=(1, 2)) & np.isfinite(u).all(axis=1)
    kept = np.flatnonzero(certified)
    size = np.linalg.norm(u[kept], axis=1)
    inside = equation.depth(u[kept]) >= -_DEPTH * size
    radius = np.abs(np.linalg.eigvals(slope[kept])).max(axis=1, initial=0.0)
    certified[kept] = inside & (radius <= 1 + _ATTRACTION)
    inverse = np.abs(inverse_or_nan(np.eye(u.shape[1]) - slope))
    rounding = np.finfo(float).eps * scale + defect
    return residual, np.einsum("nij,nj->ni", inverse, rounding), certified
