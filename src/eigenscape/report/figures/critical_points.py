"""Critical points of least-squares networks beside the theory of their Hessians."""

from __future__ import annotations

import numpy as np

from eigenscape.landscape.critical_point_study import (
    PUBLISHED_ENERGIES,
    PUBLISHED_INDICES,
    PUBLISHED_TOLERANCE,
    CriticalPointStudy,
    RatioSearch,
    ReluParts,
    TheoryCurve,
)
from eigenscape.landscape.hessian_sum import HessianSum
from eigenscape.landscape.least_squares import LeastSquaresHessian
from eigenscape.landscape.searched_points import STATUSES, SearchedPoints
from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series, Symbol
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION, category, ramp

_BINS = 60
_FLOOR = 1e-30  # of |∇L|² that is exactly zero
_FINDERS = ("first order", "then second order", "second order")


def least_squares_densities(curves: tuple[TheoryCurve, ...]) -> Panel:
    """Describe densities at one ratio and several energies.

    Args:
        curves: Of one ratio.

    Returns:
        A curve an energy, and zero.
    """
    lines = tuple(
        Line(
            c.grid,
            c.density,
            f"ε = {c.law.energy:g}",
            colour,
            f"ε = {c.law.energy:g}, α = {c.index:.3f}",
        )
        for c, colour in zip(curves, ramp(len(curves)), strict=True)
    )
    return Panel(
        title=f"Hessian at ratio φ = {curves[0].law.ratio:.3g}, free parts",
        x_label="eigenvalue λ, in units of the scale of H₀",
        y_label="density",
        series=(Rule(0.0, "zero", MUTED, vertical=True), *lines),
    )


def free_parts(found: HessianSum) -> Panel:
    """Describe the eigenvalues of H₀ + H₁ beside those with random rotations.

    Args:
        found: The comparison.

    Returns:
        Distribution functions of the matrix and of its rotated parts.
    """
    size = found.eigenvalues.size
    share = (np.arange(size) + 0.5) / size
    return Panel(
        title=(
            f"H₀ + H₁ of a trained ReLU autoencoder: α = {found.index:.3f}, free "
            f"{found.predicted_index:.3f}"
        ),
        x_label="eigenvalue λ",
        y_label="share of eigenvalues below",
        series=(
            Rule(0.0, "zero", MUTED, vertical=True),
            Line(
                found.rotated.mean(axis=0),
                share,
                "random rotation",
                VERMILLION,
                "H₀ + QH₁Qᵀ",
            ),
            Line(found.eigenvalues, share, "the matrix", BLUE, "H₀ + H₁"),
        ),
        x_limits=(
            float(np.quantile(found.rotated, 0.002)),
            float(np.quantile(found.rotated, 0.97)),
        ),
    )


def residual_part(parts: ReluParts) -> Panel:
    """Describe the eigenvalues of H₁ with normal residuals beside the theory.

    Args:
        parts: A network at its initial weights.

    Returns:
        A histogram, and the law of `LeastSquaresHessian.residuals`.
    """
    law = LeastSquaresHessian(parts.ratio, parts.energy, "relu").residuals
    reach = max(float(np.abs(parts.residual).max()), law.hull.upper)
    heights, edges = np.histogram(parts.residual, _BINS, (-reach, reach), density=True)
    grid = np.linspace(-reach, reach, 10 * _BINS)
    density = law.density(grid)
    series: tuple[Series, ...] = (
        Line(
            np.repeat(edges, 2),
            np.concatenate([[0.0], np.repeat(heights, 2), [0.0]]),
            "network",
            BLUE,
            "network, normal residuals",
        ),
        Line(grid, density, "theory", VERMILLION, "theory"),
    )
    return Panel(
        title=f"Residual part H₁ at φ = {parts.ratio:.3g}, ε = {parts.energy:g}",
        x_label="eigenvalue λ",
        y_label="density",
        series=series,
        y_limits=(0.0, 1.3 * float(np.quantile(np.append(heights, density), 0.97))),
    )


def gauss_newton_gap(parts: tuple[ReluParts, ...]) -> Panel:
    """Describe the least eigenvalues of H₀ beyond its null directions, by ratio.

    Args:
        parts: Networks at their initial weights, some of ratio below 1.

    Returns:
        The gaps, and the lower edge of Marchenko and Pastur of one fitted scale.
    """
    kept = [p for p in parts if p.ratio < 1]
    inverse = np.array([1 / p.ratio for p in kept])
    gaps = np.array([p.gap for p in kept])
    edges = (1 - inverse**-0.5) ** 2
    scale = float(gaps @ edges / (edges @ edges))
    grid = np.linspace(1.0, inverse.max(), 200)
    return Panel(
        title=f"Gap of H₀ above {kept[0].null_directions} null directions",
        x_label="1/φ",
        y_label="least other eigenvalue",
        series=(
            Line(
                grid,
                scale * (1 - grid**-0.5) ** 2,
                "lower edge",
                VERMILLION,
                f"σ(1 − √φ)², σ = {scale:.3g} fitted",
            ),
            Points(inverse, gaps, "gap", BLUE, "network"),
        ),
    )


def index_by_energy(searches: tuple[RatioSearch, ...]) -> Panel:
    """Describe the index of what searches ended at, by its energy.

    Args:
        searches: By ratio.

    Returns:
        Discs for critical points, with or without signs kept, rings for what the
        published test accepts besides, ticks for points with silent units, and lines
        through published means.
    """
    series: list[Series] = [
        Line(
            np.array(energies),
            np.array(PUBLISHED_INDICES),
            f"published, φ = {ratio:.3g}",
            colour,
            width=1.0,
        )
        for (ratio, energies), colour in zip(
            PUBLISHED_ENERGIES.items(), ramp(len(PUBLISHED_ENERGIES)), strict=True
        )
    ]
    for search, colour in zip(searches, ramp(len(searches)), strict=True):
        points, name = search.points, f"φ = {search.memorisation.parameter_ratio:.3g}"
        critical = points.are("critical")
        nested = search.nested.where(search.nested.are("critical"))
        saddles = search.saddles.where(search.saddles.are("critical"))
        loose = points.accepted(PUBLISHED_TOLERANCE) & ~critical
        series += [
            _ends(points.where(loose), name, colour, "open"),
            _ends(points.where(critical), name, colour, "circle"),
            _ends(saddles, name, colour, "circle"),
            _ends(nested, name, colour, "tick"),
        ]
    return Panel(
        title="Discs: critical. Rings: |∇L|² ≤ 1e-6. Ticks: silent units. Lines: paper",
        x_label="energy ε",
        y_label="index α",
        series=tuple(series),
    )


def _ends(points: SearchedPoints, name: str, colour: str, symbol: Symbol) -> Points:
    return Points(
        points.energies, points.index, name, colour, name, symbol=symbol, size=4.0
    )


def minima_by_ratio(searches: tuple[RatioSearch, ...]) -> Panel:
    """Describe the mean energy at index 0 beside both benchmarks.

    Args:
        searches: By ratio.

    Returns:
        Means with standard errors, the published ones, ½(1 − φ)² and ½(1 − φ/2).
    """
    grid = np.linspace(0.0, 1.0, 200)
    found = [
        (s.memorisation.parameter_ratio, e) for s in searches if (e := s.mean_energy)
    ]
    published = np.array([(phi, e) for phi, (e, *_) in PUBLISHED_ENERGIES.items()])
    return Panel(
        title="Mean energy at index 0",
        x_label="ratio φ = 2n/m",
        y_label="energy ε",
        series=(
            Line(grid, (1 - grid) ** 2 / 2, "observed", INK, "½(1 − φ)²", dash="dash"),
            Line(
                grid,
                (1 - grid / 2) / 2,
                "linear",
                MUTED,
                "linear network, ½(1 − n/m)",
                dash="dot",
            ),
            Points(
                published[:, 0],
                published[:, 1],
                "published",
                VERMILLION,
                "published, n = 16",
                symbol="open",
            ),
            Points(
                np.array([ratio for ratio, _ in found]),
                np.array([e.value for _, e in found]),
                "found",
                BLUE,
                f"found, n = {searches[0].memorisation.width}",
                errors=np.array([2 * e.standard_error for _, e in found]),
            ),
        ),
    )


def finders(study: CriticalPointStudy) -> Panel:
    """Describe how small the gradient became in either search.

    Args:
        study: The study.

    Returns:
        Sorted |∇L|² of each, and both tolerances.
    """
    searches = (study.first, study.polished, study.second)
    lines = tuple(
        _sorted_squares(points, name, category(i))
        for i, (points, name) in enumerate(zip(searches, _FINDERS, strict=True))
    )
    return Panel(
        title="What searches from the same starts ended at",
        x_label="share of searches",
        y_label="|∇L|²",
        series=(
            Rule(PUBLISHED_TOLERANCE, "published", MUTED, "published tolerance"),
            Rule(study.second.test.tolerance, "ours", INK, "ours", dash="dash"),
            *lines,
        ),
        y_log=True,
    )


def _sorted_squares(points: SearchedPoints, name: str, colour: str) -> Line:
    counts = ", ".join(
        f"{points.are(s).sum()} {s}" for s in STATUSES if points.are(s).any()
    )
    share = (np.arange(points.squares.size) + 0.5) / points.squares.size
    values = np.sort(np.maximum(points.squares, _FLOOR))
    return Line(share, values, name, colour, f"{name}: {counts}", marked=True)
