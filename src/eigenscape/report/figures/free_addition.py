"""Sampled sums of ensembles beside free addition, and quantiles of equal limits."""

from __future__ import annotations

import numpy as np

from eigenscape.report.figures.panel import Line, Panel, Points, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION
from eigenscape.spectra.free_addition import FreeSumComparison, QuantileComparison

_BINS = 80


def free_sum(comparison: FreeSumComparison) -> Panel:
    """Describe the spectrum of a sum beside the density of the free sum.

    Args:
        comparison: The sum.

    Returns:
        Histograms of the samples and of the sums with a random rotation, and the law.
    """
    plain, rotated = comparison.eigenvalues, comparison.rotated
    both = (plain.min(), rotated.min()), (plain.max(), rotated.max())
    edges = np.linspace(min(both[0]), max(both[1]), _BINS + 1)
    title = f"{comparison.name}: {comparison.levels:.3g} levels from the free sum"
    return Panel(
        title=title if comparison.ergodic else f"{title}, not ergodic",
        x_label="eigenvalue λ",
        y_label="density",
        series=(
            _histogram(rotated, edges, "with a random rotation", MUTED),
            _histogram(plain, edges, "sampled", BLUE),
            Line(
                comparison.grid,
                comparison.density,
                "free sum",
                VERMILLION,
                "free sum",
                width=1.8,
            ),
        ),
        y_limits=(0.0, 1.15 * _tallest(comparison, edges)),
    )


def quantiles(comparison: QuantileComparison) -> Panel:
    """Describe quantiles of one sum against those of another of equal limit.

    Args:
        comparison: The two sums.

    Returns:
        The quantiles from 1 to 99 % beside the diagonal.
    """
    ends = comparison.first[[0, -1]]
    series: tuple[Series, ...] = (
        Line(ends, ends, "equal", INK, "equal quantiles", dash="dot"),
        Points(
            comparison.first, comparison.second, "1 … 99 %", BLUE, "1 … 99 %", size=3.5
        ),
    )
    return Panel(
        title=f"Equal limits: {comparison.levels:.3g} levels apart at most",
        x_label=comparison.first_name,
        y_label=comparison.second_name,
        series=series,
    )


def _histogram(
    eigenvalues: np.ndarray, edges: np.ndarray, name: str, colour: str
) -> Line:
    heights, _ = np.histogram(eigenvalues, edges, density=True)
    return Line(
        np.repeat(edges, 2),
        np.concatenate([[0.0], np.repeat(heights, 2), [0.0]]),
        name,
        colour,
        name,
        width=1.2,
    )


def _tallest(comparison: FreeSumComparison, edges: np.ndarray) -> float:
    # A control may have atoms, and a law may diverge: neither decides the axis alone.
    rotated, _ = np.histogram(comparison.rotated, edges, density=True)
    plain, _ = np.histogram(comparison.eigenvalues, edges, density=True)
    return float(max(rotated.max(), min(plain.max(), 2 * rotated.max())))
