"""Complexity of a pure spin glass: curves, layers, and points that searches found."""

from __future__ import annotations

import numpy as np

from eigenscape.landscape.glass_survey import (
    ComplexityCurves,
    CountedPoints,
    DescendedPoints,
)
from eigenscape.report.figures.panel import Line, Panel, Rule, Series
from eigenscape.report.style import INK, MUTED, category, ramp

_BINS = 20


def complexity_panel(curves: ComplexityCurves) -> Panel:
    """Describe the complexity of all points beside exact counts.

    Args:
        curves: The theory and the counts.

    Returns:
        Θ(u), and (1/N) log of the exact mean numbers.
    """
    series: list[Series] = [
        Rule(-curves.marginal, "−E∞", MUTED, "−E∞", vertical=True),
        Rule(-float(curves.lowest[0]), "−E₀", INK, "−E₀", vertical=True, dash="dash"),
    ]
    sizes = curves.dimensions.tolist()
    for n, row, colour in zip(sizes, curves.exact, ramp(len(sizes)), strict=True):
        name = f"exact, N = {n}"
        series.append(Line(curves.levels, row, name, colour, name, width=1.2))
    limit = np.where(curves.total > -0.3, curves.total, np.nan)
    series.append(Line(curves.levels, limit, "limit", INK, "limit Θ", dash="dash"))
    return Panel(
        title=f"Critical points below an energy, {curves.name}",
        x_label="energy u",
        y_label="(1/N) log of the mean number",
        series=tuple(series),
        y_limits=(-0.3, 1.2 * float(max(curves.total.max(), curves.exact.max()))),
    )


def layers_panel(curves: ComplexityCurves) -> Panel:
    """Describe the complexity at fixed indices, around the band of low points.

    Args:
        curves: The theory.

    Returns:
        Θₖ(u) of indices 0 to 3, with the levels −Eₖ where they vanish.
    """
    u = curves.layer_levels
    series: list[Series] = [Rule(-curves.marginal, "−E∞", MUTED, "−E∞", vertical=True)]
    top = float(curves.by_index.max())
    for k, (row, level) in enumerate(
        zip(curves.by_index, curves.lowest.tolist(), strict=True)
    ):
        colour = category(k)
        series += [
            Line(u, row, f"index {k}", colour, f"index {k}"),
            Rule(-level, f"−E of index {k}", colour, vertical=True),
        ]
    return Panel(
        title=f"Layers of low critical points, {curves.name}",
        x_label="energy u",
        y_label="Θₖ(u)",
        series=tuple(series),
        x_limits=(float(u[0]), float(u[-1])),
        y_limits=(-1.5 * top, 1.3 * top),
    )


def counted_panel(counted: CountedPoints) -> Panel:
    """Describe the energies of all points of small instances, by index.

    Args:
        counted: The points.

    Returns:
        One histogram an index and one of all points, under the exact mean.
    """
    edges = counted.edges
    width = edges[1] - edges[0]
    share = counted.count.samples * width
    series = tuple(
        _histogram(
            np.histogram(counted.energies[counted.indices == k], edges)[0] / share,
            edges,
            f"index {k}",
            category(k),
        )
        for k in range(counted.dimension)
    )
    centres = (edges[:-1] + edges[1:]) / 2
    theory = Line(centres, counted.expected / width, "exact", INK, "exact, all points")
    whole = np.histogram(counted.energies, edges)[0] / share
    every = _histogram(whole, edges, "all", MUTED)
    title = f"All critical points, N = {counted.dimension}: {counted.count} an instance"
    return Panel(
        title=f"{title}, exact {counted.exact:.4g}",
        x_label="energy",
        y_label="points per unit of energy",
        series=(*series, every, theory),
    )


def descent_panel(
    descended: tuple[DescendedPoints, ...], curves: ComplexityCurves
) -> Panel:
    """Describe where descent ends, by dimension.

    Args:
        descended: The points found.
        curves: The thresholds.

    Returns:
        One histogram a dimension, with −E₀ and −E∞.
    """
    energies = np.concatenate([d.energies for d in descended])
    edges = np.linspace(energies.min(), energies.max(), _BINS + 1)
    series: list[Series] = [
        Rule(-curves.marginal, "−E∞", MUTED, "−E∞", vertical=True),
        Rule(-float(curves.lowest[0]), "−E₀", INK, "−E₀", vertical=True, dash="dash"),
    ]
    for d, colour in zip(descended, ramp(len(descended)), strict=True):
        heights = np.histogram(d.energies, edges, density=True)[0]
        series.append(_histogram(heights, edges, f"N = {d.dimension}", colour))
    return Panel(
        title=f"Minima that descent finds, {curves.name}",
        x_label="energy",
        y_label="density",
        series=tuple(series),
    )


def _histogram(heights: np.ndarray, edges: np.ndarray, name: str, colour: str) -> Line:
    return Line(
        np.repeat(edges, 2),
        np.concatenate([[0.0], np.repeat(heights, 2), [0.0]]).astype(float),
        name,
        colour,
        name,
        width=1.3,
    )
