"""Linear statistics of A + noise and of sample covariances, over any number of cuts.

With T(z) = tr (z − M)⁻¹ and ω the subordination function of the limit law,
Cov(T(z), T(w)) = (2/β) ∂²log((ω(z) − ω(w)) / (z − w)) / ∂z∂w and the correction of
E T(z) is (½ − 1/β) ∂log ω′(z) / ∂z. On a circle of the ω-plane, where z(ω) is known in
closed form, both are sums ∑ₖ k aₖ b₋ₖ over Laurent coefficients: of f(z(ω)) and g(z(ω))
for the covariance, of f(z(ω)) and log z′(ω) for the mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from jaxtyping import Complex, Float

from eigenscape.theory.laws.law import Interval, Law, require_positive
from eigenscape.theory.linear_statistics.linear_statistic import (
    Function,
    LinearStatistic,
    bilinear,
    converged,
)
from eigenscape.theory.symmetry_class import require_beta

_MARGIN = 0.05
_CLASSES = (1, 2, 4)


def deformed_wigner_statistics(
    functions: Sequence[Function],
    signal: Law,
    variance: float = 1.0,
    *,
    beta: int = 1,
    margin: float = _MARGIN,
) -> LinearStatistic:
    """Give the central limit theorem of A + X for a fixed A and Gaussian X.

    Here z(ω) = ω + σ² g_A(ω), and the statistics are centred at N ∫ f dρ of the free
    sum of the spectrum of A itself with the semicircle.

    Args:
        functions: f₁, …, f_k, analytic near the hull of the spectrum and real on it,
            given as functions of complex arrays.
        signal: The law of A.
        variance: σ²; entries of X off the diagonal have E|x|² = σ²/N.
        beta: 1, 2 or 4.
        margin: How far beyond the edges the contour runs in the ω-plane, in units of
            half its width; f must be analytic inside.

    Returns:
        Mean and covariance.

    References:
        Ji and Lee (2020), Gaussian fluctuations for linear spectral statistics of
        deformed Wigner matrices, Random Matrices: Theory and Applications 9.
    """
    require_positive("variance", variance)

    def place(w: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        return w + variance * signal.stieltjes(w)

    def slope(w: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        return 1 + variance * signal.stieltjes_derivative(w)

    reach = float(np.sqrt(variance))
    lower = _critical_point(slope, signal.hull.lower, -reach)
    upper = _critical_point(slope, signal.hull.upper, reach)
    room = margin * (upper - lower) / 2
    cut = Interval(lower - room, upper + room)
    return _on_circle(functions, place, slope, cut, beta)


def sample_covariance_statistics(
    functions: Sequence[Function],
    population: Law,
    ratio: float,
    *,
    beta: int = 1,
    margin: float = _MARGIN,
) -> LinearStatistic:
    """Give the central limit theorem of Gaussian sample covariance matrices.

    Here z(ω) = ω (1 + c (ω g_H(ω) − 1)) with ω = −1/m the negative reciprocal of the
    companion transform. Above ratio 1 the eigenvalues that are exactly 0 add nothing.

    Args:
        functions: f₁, …, f_k, analytic near the hull of the non-zero spectrum and
            real on it, given as functions of complex arrays. Below ratio 1 the
            contour keeps to the right of 0, so that the logarithm is allowed.
        population: The law H of the population covariance, positive.
        ratio: c = P/n.
        beta: 1, 2 or 4.
        margin: As in `deformed_wigner_statistics`.

    Returns:
        Mean and covariance.

    Raises:
        ValueError: The population is not positive.

    References:
        Bai and Silverstein (2004), Theorem 1.1.
    """
    require_positive("ratio", ratio)
    hull = population.hull
    if not hull.lower > 0:
        message = f"population: expected positive eigenvalues, got {hull.lower}"
        raise ValueError(message)

    def place(w: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        return w * (1 + ratio * (w * population.stieltjes(w) - 1))

    def slope(w: Complex[np.ndarray, " n"]) -> Complex[np.ndarray, " n"]:
        product, change = population.stieltjes(w), population.stieltjes_derivative(w)
        return 1 + ratio * (w * (2 * product + w * change) - 1)

    reach = float(np.sqrt(ratio)) * hull.upper
    upper = _critical_point(slope, hull.upper, reach)
    lower = _critical_point(slope, hull.lower, -reach)
    room = margin * (upper - lower) / 2
    left = max(lower - room, lower / 2) if ratio < 1 else lower - room
    return _on_circle(functions, place, slope, Interval(left, upper + room), beta)


def _on_circle(
    functions: Sequence[Function],
    place: Function,
    slope: Function,
    cut: Interval,
    beta: int,
) -> LinearStatistic:
    require_beta(beta, _CLASSES)
    centre, radius = (cut.lower + cut.upper) / 2, cut.width / 2

    ends = np.real(place(np.array([cut.lower + 0j, cut.upper + 0j])))
    inside = ends.mean() + np.array([-0.3, 0.0, 0.3]) * (ends[1] - ends[0])
    direct = np.stack([np.real(f(inside)) for f in functions])

    def at(count: int) -> tuple[Float[np.ndarray, "k m"], float]:
        w = centre + radius * np.exp(2j * np.pi * np.arange(count) / count)
        z, rate = place(w), slope(w)
        values = np.stack([f(z) for f in functions] + [np.log(rate)])
        shares = rate * (w - centre) / (z - inside[:, None]) / count
        error = np.abs(values[:-1] @ shares.T - direct).max(axis=1)
        largest = np.abs(values[:-1]).max(axis=1) + np.finfo(float).tiny
        unfit = float((error / largest).max())
        laurent = np.fft.fft(values, axis=1).real / count
        half = count // 2
        outer, inner = laurent[:, :half], laurent[:, -np.arange(half)]
        mean = (0.5 - 1 / beta) * bilinear(outer[:-1], inner[-1:])
        covariance = 2 / beta * bilinear(outer[:-1], inner[:-1])
        return np.hstack([mean, covariance]), unfit

    return LinearStatistic.from_columns(converged(at))


def _critical_point(slope: Function, edge: float, reach: float) -> float:
    # The edge itself where the derivative has no zero beyond it.

    def at(log_distance: float) -> float:
        point = np.array([edge + np.sign(reach) * np.exp(log_distance) + 0j])
        return float(np.real(slope(point))[0])

    far = np.log(abs(reach)) + 1e-9
    near = np.log(1e-13 * (abs(edge) + abs(reach)))
    if at(near) >= 0:
        return edge
    solution = scipy.optimize.root_scalar(at, bracket=(near, far), xtol=1e-15)
    return edge + float(np.sign(reach) * np.exp(solution.root))
