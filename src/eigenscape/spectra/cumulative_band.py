"""Bounds on the cumulative spectral distribution F(x) = #{i : λᵢ ≤ x} / P."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import eigh_tridiagonal
from scipy.special import betainc, ndtri

from eigenscape.spectra.measure import SpectralMeasure

POINTS = 101
"""Points of a band by default: twice as many as a usual run has nodes."""

LARGEST_ENTRY = 1e4
"""A rule of m nodes whose last entry exceeds this many norms differs from one of
m − 1 nodes by 10⁻⁴ of a weight; the smaller rule then serves, at no loss of digits."""

ROUNDING = 1e-14
"""Nodes closer than this part of the largest are one, and a weight this close to 1/P
is 1/P: about 50 roundings."""

SLACK = 1e-10
"""What is added to a mass for rounding: ten times the worst seen in 1500 rules of up
to 60 nodes, with weights down to 10⁻³⁰."""

HALVINGS = 40
"""Bisections of [0, 1], to a hundredth of the slack."""


@dataclass(frozen=True, eq=False)
class CumulativeBand:
    """Bounds on the cumulative distribution of a spectrum at some points.

    Attributes:
        points: The points x, ascending, in eigenvalue units.
        lower: Bounds below F(x−), the fraction of eigenvalues less than x.
        upper: Bounds above F(x), the fraction of eigenvalues up to x.
        level: The confidence of the bounds at any one point; they hold at all points
            together with less.
    """

    points: Float[np.ndarray, " n"]
    lower: Float[np.ndarray, " n"]
    upper: Float[np.ndarray, " n"]
    level: float

    @property
    def width(self) -> float:
        """Average the width over the range of the points.

        Where many eigenvalues coincide, the band is as high as the step of F there,
        and no measurement can narrow it; but it is so at one point, and the average
        does not feel it.

        Returns:
            The area between the bounds over the range, between 0 and 1.
        """
        heights, steps = self.upper - self.lower, np.diff(self.points)
        if not steps.sum():
            return float(heights.mean())
        return float((heights[1:] + heights[:-1]) @ steps / 2 / steps.sum())


def cumulative_band(
    measure: SpectralMeasure,
    points: Float[np.ndarray, " n"] | None = None,
    *,
    level: float = 0.95,
    resolution: float = 1e-6,
) -> CumulativeBand:
    """Bound the cumulative distribution of a spectrum, probe by probe, then by chance.

    The distribution F_v of a probe v lies between the bounds of ``probe_bounds``, for
    certain. For v uniform on the sphere F_v(x) has exactly the law Beta(PF/2,
    P(1−F)/2), of variance 2F(1−F)/(P+2). The mean over r probes is less spread, in the
    convex order, than Beta(rPF/2, rP(1−F)/2), its value for one vector of length rP;
    the band holds every F that this law does not refuse for both ends of the mean
    bounds. Its statistical half-width is about z √(2F(1−F)/(rP)): one probe does
    where P is large, and steps decide.

    A node that has weight 1/P in every row counts as an eigenvalue known exactly.

    Args:
        measure: Gauss rules of r probes, by Lanczos runs with or without
            reorthogonalisation.
        points: The points x, ascending; by default 101, evenly over the range of the
            nodes that are not known exactly.
        level: Confidence at any one point.
        resolution: As in ``probe_bounds``.

    Returns:
        The band.

    Raises:
        ValueError: The points are not ascending or the level is not within (0, 1).
    """
    if not 0 < level < 1:
        message = f"level: expected between 0 and 1, got {level}"
        raise ValueError(message)
    known = _known_exactly(measure)
    points = _default_points(measure, known) if points is None else points
    if not (points.size and np.isfinite(points).all() and (np.diff(points) >= 0).all()):
        message = "points: expected finite numbers in ascending order; sort them"
        raise ValueError(message)
    values = np.sort(measure.nodes[0, known])
    below = np.searchsorted(values, points, "left") / measure.dimension
    up_to = np.searchsorted(values, points, "right") / measure.dimension
    left = measure.dimension - len(values)
    if left == 0:
        return CumulativeBand(points, below, up_to, level)
    share = left / measure.dimension
    nodes, weights = measure.nodes[:, ~known], measure.weights[:, ~known] / share
    lower, upper = (
        bounds.mean(0)
        for bounds in probe_bounds(
            SpectralMeasure(nodes, weights, left), points, resolution=resolution
        )
    )
    size = left * measure.probes
    return CumulativeBand(
        points=points,
        lower=below + share * _least_fraction(lower, size, level),
        upper=up_to + share * (1 - _least_fraction(1 - upper, size, level)),
        level=level,
    )


def probe_bounds(
    measure: SpectralMeasure,
    points: Float[np.ndarray, " n"],
    *,
    resolution: float = 1e-6,
) -> tuple[Float[np.ndarray, "r n"], Float[np.ndarray, "r n"]]:
    """Bound each probe's own cumulative distribution, for certain.

    For a positive measure with the moments 0 … 2m − 2 of an m-point rule that has x
    among its nodes, the mass left of x is at least the rule's, and the mass up to x at
    most (Chebyshev, Markov, Stieltjes); the rule itself attains both, so that nothing
    sharper follows from these moments. It is the Gauss–Radau rule: the Jacobi matrix
    of the row's Gauss rule, with the last entry changed so that x is an eigenvalue.

    Args:
        measure: Gauss rules.
        points: The points x.
        resolution: Nodes of the rule closer to x than this part of the operator's norm
            count as on either side: the bounds are a little wider, and hold for a run
            whose eigenvalues are smeared by rounding. Default that of a float32 run;
            1e-13 is that of a float64 one.

    Returns:
        Bounds below F_v(x−) and above F_v(x).

    References:
        Golub (1973), SIAM Review 15, 318, and Golub and Meurant (2010), Matrices,
        Moments and Quadrature, Ch. 6 (the Gauss–Radau rule).
        Szegő (1975), Orthogonal Polynomials, Sec. 3.41 (the inequalities).
    """
    rows = [
        _row_bounds(*jacobi_matrix(nodes, weights), points, resolution)
        for nodes, weights in zip(measure.nodes, measure.weights, strict=True)
    ]
    lower, upper = zip(*rows, strict=True)
    return np.stack(lower), np.stack(upper)


def probes_within(
    width: float, *, dimension: int, steps: int, level: float = 0.95
) -> int:
    """Count the probes that a mean width of the band asks for.

    Its two parts are the rules' own, at most about π/(2m) for a smooth density with m
    steps, and the statistical, at most z √(2/(rP)) with r probes. Products are fewest,
    r m for a given sum of the two, when the first is a third of it; it may take up to
    nine tenths where so many steps are not to be had.

    Args:
        width: The mean width wanted.
        dimension: The dimension P.
        steps: The most steps a probe.
        level: Confidence of the band.

    Returns:
        The number r.

    Raises:
        ValueError: The width is not within (0, 1).

    References:
        Máté, Nevai and Totik (1991), Annals of Mathematics 134, 433: on an interval
        of half-length 1, the mass of the rule's node at x is π √(1 − x²) φ(x) / m.
    """
    if not 0 < width < 1:
        message = f"band: expected a width between 0 and 1, got {width}"
        raise ValueError(message)
    statistical = min(2 / 3 * width, max(width - np.pi / (2 * steps), width / 10))
    return math.ceil(2 * ndtri((1 + level) / 2) ** 2 / (dimension * statistical**2))


def jacobi_matrix(
    nodes: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " _"]]:
    """Recover the tridiagonal matrix of a Gauss rule: Golub and Welsch, backwards.

    The Lanczos recurrence of diag(nodes) from √weights, fully reorthogonalised.

    Args:
        nodes: Nodes, in any order.
        weights: Weights; nodes without any are left out.

    Returns:
        The diagonal, and the off-diagonal shorter by one. Nodes that coincide to
        rounding count as one.

    References:
        Boley and Golub (1987), "A survey of matrix inverse eigenvalue problems",
        Inverse Problems 3: the Lanczos approach.
    """
    nodes, weights = _merged(nodes, weights)
    size = len(nodes)
    basis = np.zeros((size, size))
    alpha, beta = np.zeros(size), np.zeros(size)
    vector = np.sqrt(weights)
    for step in range(size):
        beta[step] = np.linalg.norm(vector)
        basis[step] = vector / beta[step]
        vector = nodes * basis[step]
        alpha[step] = basis[step] @ vector
        for _ in range(2):
            vector -= (basis[: step + 1] @ vector) @ basis[: step + 1]
    return alpha, beta[1:]


def _merged(
    nodes: Float[np.ndarray, " k"], weights: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    carried = weights > 0
    order = np.argsort(nodes[carried], kind="stable")
    nodes, weights = nodes[carried][order], weights[carried][order]
    apart = np.diff(nodes) > ROUNDING * np.abs(nodes).max()
    starts = np.flatnonzero(np.concatenate([[True], apart]))
    sums = np.add.reduceat(weights, starts)
    return np.add.reduceat(nodes * weights, starts) / sums, sums


def _row_bounds(
    alpha: Float[np.ndarray, " m"],
    beta: Float[np.ndarray, " _"],
    points: Float[np.ndarray, " n"],
    resolution: float,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    size = len(alpha)
    norm = float(np.abs(alpha).max() + 2 * beta.max(initial=0.0))
    tolerance = resolution * norm
    smaller, entries = _radau_entries(alpha, beta, points)
    huge = np.abs(entries - points) > LARGEST_ENTRY * norm
    lower, upper = np.zeros(len(points)), np.ones(len(points))
    for index, x in enumerate(points):
        kept = size - 1 if huge[index] else size
        diagonal = alpha[:kept].copy()
        diagonal[-1] = smaller[index] if huge[index] else entries[index]
        values, vectors = eigh_tridiagonal(diagonal, beta[: kept - 1])
        masses = vectors[0] ** 2
        lower[index] = masses[values < x - tolerance].sum()
        upper[index] = masses[values <= x + tolerance].sum()
    return np.maximum(lower - SLACK, 0.0), np.minimum(upper + SLACK, 1.0)


def _radau_entries(
    alpha: Float[np.ndarray, " m"],
    beta: Float[np.ndarray, " _"],
    points: Float[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Find the last entries that give m − 1 and m rows the eigenvalue x."""
    # Golub and Meurant's (J − x) δ = β² e, by its pivots: eⱼ₊₁ = x + βⱼ² / (αⱼ − eⱼ).
    former = entry = points
    tiny = np.finfo(float).tiny ** 0.5
    for diagonal, off_diagonal in zip(alpha[:-1], beta, strict=True):
        pivot = diagonal - entry
        pivot = np.where(np.abs(pivot) < tiny, tiny, pivot)
        former, entry = entry, points + off_diagonal**2 / pivot
    return former, entry


def _least_fraction(
    seen: Float[np.ndarray, " n"], size: int, level: float
) -> Float[np.ndarray, " n"]:
    """Find the least F of which Beta(size F/2, size (1−F)/2) may well exceed `seen`."""
    refused, held = np.zeros_like(seen), np.ones_like(seen)
    for _ in range(HALVINGS):
        fraction = (refused + held) / 2
        chance = betainc(size * (1 - fraction) / 2, size * fraction / 2, 1 - seen)
        enough = chance >= (1 - level) / 2
        refused = np.where(enough, refused, fraction)
        held = np.where(enough, fraction, held)
    return np.where(seen > 0, refused, 0.0)


def _known_exactly(measure: SpectralMeasure) -> Bool[np.ndarray, " m"]:
    exact = np.abs(measure.weights * measure.dimension - 1) < ROUNDING
    return (exact & (measure.nodes == measure.nodes[0])).all(0)


def _default_points(
    measure: SpectralMeasure, known: Bool[np.ndarray, " m"]
) -> Float[np.ndarray, " n"]:
    nodes = measure.nodes[:, ~known if not known.all() else known]
    return np.linspace(nodes.min(), nodes.max(), POINTS)
