"""Local statistics of Hessians: what is resolved, and what rounding alone gives."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Estimate
from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION
from eigenscape.spectra.exact_spectrum import ROUNDINGS
from eigenscape.spectra.local.ratios import spacing_ratios
from eigenscape.spectra.network_spectra import HessianStatistics, RatioComparison
from eigenscape.theory.local_laws import mean_ratio, ratio_surmise_pdf

_BINS = 20
_SMALLEST = 1e-24
_OFFSETS = (-0.28, -0.14, 0.0, 0.14, 0.28)


def eigenvalue_sizes(comparison: RatioComparison) -> Panel:
    """Describe how many eigenvalues are how small, in float32 and in float64.

    Args:
        comparison: The spectra of one stage and part.

    Returns:
        The share of |λ| below a size, and the resolutions of both.
    """
    exact = [np.abs(s.full()) / s.norm for s in comparison.spectra.exact]
    single = [np.abs(row) / np.abs(row).max() for row in comparison.spectra.single]
    series: list[Series] = []
    for rows, name, colour in (
        (single, "float32, as published", VERMILLION),
        (exact, "float64, exact", BLUE),
    ):
        if rows:
            pooled = np.sort(np.maximum(np.concatenate(rows), _SMALLEST / 10))
            shares = np.arange(1, pooled.size + 1) / pooled.size
            thin = np.unique(np.linspace(0, pooled.size - 1, 2000).astype(int))
            series.append(Line(pooled[thin], shares[thin], name, colour, name))
    for kind, colour in ((np.float32, VERMILLION), (np.float64, BLUE)):
        name = f"resolution of {kind.__name__}"
        at = ROUNDINGS * float(np.finfo(kind).eps)
        series.append(Rule(at, name, colour, name, vertical=True))
    return Panel(
        title=f"Sizes of eigenvalues ({comparison.spectra.name})",
        x_label="|λ| / ‖H‖",
        y_label="share of eigenvalues below",
        series=tuple(series),
        x_log=True,
        x_limits=(_SMALLEST, 2.0),
        y_limits=(0.0, 1.02),
    )


def mean_ratios(found: HessianStatistics) -> Panel:
    """Describe mean ratios by stage and part, as published and resolved.

    Args:
        found: The statistics.

    Returns:
        Five estimates a set, beside the Gaussian ensemble.
    """
    places = np.arange(len(found.sets), dtype=float)
    kinds = (
        ("float32 above 1e-10, as published", [s.single for s in found.sets], MUTED),
        ("of these below the resolution", [s.rounding for s in found.sets], VERMILLION),
        ("float64 above the resolution", [s.resolved for s in found.sets], BLUE),
        ("GOE levels at the density of these", [s.control for s in found.sets], INK),
    )
    series: list[Series] = [
        Rule(mean_ratio(1), "GOE", INK, "GOE, long spectra"),
    ]
    middles = [s.published.ratio_mean if s.published else np.nan for s in found.sets]
    series.append(
        Points(
            places + _OFFSETS[0],
            np.array(middles),
            "published estimator",
            MUTED,
            "published estimator, middles of bins",
            symbol="open",
        )
    )
    for offset, (name, estimates, colour) in zip(_OFFSETS[1:], kinds, strict=True):
        values, errors = _columns(estimates)
        series.append(Points(places + offset, values, name, colour, name, errors))
    return Panel(
        title=f"{found.model}: ratios of neighbouring spacings",
        x_label="stage and data",
        y_label="mean of min(r, 1/r)",
        series=tuple(series),
        x_limits=(-0.6, len(places) - 0.4),
        x_ticks=tuple(
            (place, s.spectra.name)
            for place, s in zip(places.tolist(), found.sets, strict=True)
        ),
    )


def ratio_densities(comparison: RatioComparison) -> Panel:
    """Describe the density of min(r, 1/r) of the resolved eigenvalues.

    Args:
        comparison: The spectra of one stage and part.

    Returns:
        A histogram beside the surmise and Poisson.
    """
    rows = [s.full() / s.resolution for s in comparison.spectra.exact if s.resolution]
    folded = np.concatenate(spacing_ratios(rows, cutoff=1.0).folded)
    edges = np.linspace(0, 1, _BINS + 1)
    heights, _ = np.histogram(folded, edges, density=True)
    grid = np.linspace(0, 1, 200)
    series: tuple[Series, ...] = (
        Line(
            np.repeat(edges, 2),
            np.concatenate([[0.0], np.repeat(heights, 2), [0.0]]),
            "resolved",
            BLUE,
            f"{folded.size} resolved ratios",
        ),
        Line(grid, 2 * ratio_surmise_pdf(grid, 1), "GOE", INK, "GOE surmise"),
        Line(
            grid,
            2 * ratio_surmise_pdf(grid, 0),
            "Poisson",
            MUTED,
            "Poisson",
            dash="dash",
        ),
    )
    return Panel(
        title=f"Resolved ratios ({comparison.spectra.name})",
        x_label="min(r, 1/r)",
        y_label="density",
        series=series,
    )


def _columns(estimates: list[Estimate | None]) -> tuple[np.ndarray, np.ndarray]:
    values = [np.nan if e is None else e.value for e in estimates]
    errors = [np.nan if e is None else e.standard_error for e in estimates]
    return np.array(values), np.array(errors)
