"""Local statistics of levels beside the laws they may follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from eigenscape.report.figures.panel import Dash, Line, Panel, Points, Rule, Series
from eigenscape.report.notation import short
from eigenscape.report.style import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILLION
from eigenscape.spectra.local.analysis import LocalStatistics
from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, GUE, POISSON, Hypothesis
from eigenscape.spectra.local.published import Histogram, PublishedSpacings
from eigenscape.spectra.local.resolution import (
    CROWDED,
    REPEATED,
    RESOLVED,
    ROUNDING,
    Resolution,
)
from eigenscape.spectra.local.statistic import LevelStatistic
from eigenscape.theory.local_laws import ratio_surmise_pdf, wigner_surmise_pdf
from eigenscape.theory.local_laws.superposition import (
    superposed_ratio_pdf,
    superposed_spacing_pdf,
)

_LAWS: tuple[tuple[Hypothesis, str, Dash], ...] = (
    (GOE, BLUE, "solid"),
    (GUE, GREEN, "dash"),
    (POISSON, VERMILLION, "dot"),
    (BLOCKS[0], PURPLE, "dash"),
)
_POINTS = 200
_SHOWN = 3000
_MEASURED = "measured, resolved levels"
_STATUSES = (
    (RESOLVED, "resolved", BLUE),
    (ROUNDING, "within the resolution of zero", VERMILLION),
    (CROWDED, "closer together than the resolution", ORANGE),
    (REPEATED, "repeated", PURPLE),
)

Curve = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]


def resolution_panel(found: Resolution) -> Panel:
    """Describe a spectrum by size, with what is resolved marked.

    Args:
        found: The spectrum with its resolution.

    Returns:
        |λ| against its rank; at most 3000 points of each kind, no exact zeros.
    """
    places = np.abs(found.eigenvalues)
    order = np.argsort(-places, kind="stable")
    rank = np.empty(order.size)
    rank[order] = np.arange(1.0, order.size + 1)
    series: list[Series] = []
    for status, name, colour in _STATUSES:
        chosen = np.flatnonzero((found.status == status) & (places > 0))
        if chosen.size:
            label = f"{name} ({chosen.size})"
            shown = chosen[:: -(-chosen.size // _SHOWN)]
            at, size = rank[shown], places[shown]
            series.append(Points(at, size, name, colour, label, size=3.0))
    if found.threshold > 0:
        series.append(Rule(found.threshold, "resolution", INK, "resolution cε‖H‖"))
    return Panel(
        title="Eigenvalues by size, and what is resolved",
        x_label="rank",
        y_label="|λ|",
        series=tuple(series),
        y_log=True,
    )


def spacing_panel(found: Histogram) -> Panel:
    """Describe unfolded spacings beside the surmises.

    Args:
        found: The spacings of resolved levels.

    Returns:
        Their density with the laws.
    """
    s = np.linspace(0, float(found.edges[-1]), _POINTS)
    return _density(
        found,
        "Spacings of neighbouring levels",
        "spacing s, in mean spacings",
        (*_curves(s, _spacing_curve), _steps(found)),
    )


def ratio_panel(found: Histogram) -> Panel:
    """Describe ratios of neighbouring spacings beside the surmises.

    Args:
        found: min(r, 1/r) of resolved levels.

    Returns:
        Their density with the laws.
    """
    r = np.linspace(0, 1, _POINTS)
    return _density(
        found,
        "Ratios of neighbouring spacings, which need no unfolding",
        "min(r, 1/r)",
        (*_curves(r, _ratio_curve), _steps(found)),
        height=2.0,
    )


def published_ratio_panel(found: Histogram) -> Panel:
    """Describe ratios as they were published, cut off and not folded.

    Args:
        found: Ratios r below ten.

    Returns:
        Their density with the laws.
    """
    r = np.linspace(0, 5, _POINTS)
    return _density(
        found,
        "Ratios as published: float32, |λ| above 10⁻¹⁰",
        "r",
        (
            *_curves(r, lambda law: lambda x: _ratio_curve(law)(x) / 2),
            _steps(found, "as published", MUTED),
        ),
        x_limits=(0.0, 5.0),
    )


def published_spacing_panel(found: PublishedSpacings) -> Panel:
    """Describe spacings as they were published, unfolded by counting.

    Args:
        found: The spacings at one cut-off.

    Returns:
        Their density with the laws.
    """
    s = np.linspace(0, 4, _POINTS)
    cut = f"|λ| above {short(found.cutoff)}" if found.cutoff else "zeros left out"
    return _density(
        found.histogram,
        f"Spacings as published: float32, {cut}",
        "spacing s, in mean spacings",
        (
            *_curves(s, _spacing_curve),
            _steps(found.histogram, "as published", MUTED),
        ),
        x_limits=(0.0, min(max(found.largest, 4.0), 7.0)),
    )


def number_variance_panel(found: LevelStatistic) -> Panel:
    """Describe Σ²(L) with its errors beside the laws.

    Args:
        found: The number variance.

    Returns:
        The estimates with two standard errors.
    """
    return _long_range(
        found, "Number variance: how rigid long windows are", "Σ²(L)", _variance
    )


def rigidity_panel(found: LevelStatistic) -> Panel:
    """Describe Δ₃(L) with its errors beside the laws.

    Args:
        found: The rigidity.

    Returns:
        The estimates with two standard errors.
    """
    return _long_range(
        found, "Rigidity: how straight the staircase is", "Δ₃(L)", _rigidity
    )


def law_panels(found: LocalStatistics) -> tuple[tuple[str, Panel], ...]:
    """Describe all that was measured of resolved levels.

    Args:
        found: The statistics.

    Returns:
        Names and panels, those that could be measured.
    """
    panels = [("spectrum", resolution_panel(found.example))]
    if found.spacings is not None:
        panels.append(("spacings", spacing_panel(found.spacings)))
    if found.ratios.count:
        panels.append(("ratios", ratio_panel(found.ratios)))
    if found.number_variance is not None:
        panels.append(("number-variance", number_variance_panel(found.number_variance)))
    if found.rigidity is not None:
        panels.append(("rigidity", rigidity_panel(found.rigidity)))
    return tuple(panels)


def _density(
    found: Histogram,
    title: str,
    label: str,
    series: tuple[Series, ...],
    *,
    x_limits: tuple[float, float] | None = None,
    height: float = 1.0,
) -> Panel:
    tallest = max(float(found.density.max(initial=0.0)), height)
    return Panel(
        title=title,
        x_label=label,
        y_label="density",
        series=series,
        x_limits=x_limits,
        y_limits=(0.0, 1.15 * tallest),
    )


def _long_range(
    found: LevelStatistic, title: str, label: str, law: Callable[[Hypothesis], Curve]
) -> Panel:
    lengths = np.geomspace(found.lengths[0], found.lengths[-1], _POINTS)
    errors = np.minimum(2 * found.standard_error, 0.9 * found.value)
    key = f"{_MEASURED} ± 2 standard errors"
    points = Points(found.lengths, found.value, _MEASURED, INK, key, errors)
    return Panel(
        title=title,
        x_label="window length L, in mean spacings",
        y_label=label,
        series=(*_curves(lengths, law), points),
        x_log=True,
        y_log=True,
    )


def _curves(
    x: Float[np.ndarray, " n"], curve: Callable[[Hypothesis], Curve]
) -> tuple[Line, ...]:
    return tuple(
        Line(x, curve(law)(x), law.name, colour, law.name, dash)
        for law, colour, dash in _LAWS
    )


def _steps(found: Histogram, name: str = _MEASURED, colour: str = INK) -> Line:
    x = np.repeat(found.edges, 2)
    y = np.concatenate([[0.0], np.repeat(found.density, 2), [0.0]])
    return Line(x, y, name, colour, f"{name} ({found.count})")


def _spacing_curve(law: Hypothesis) -> Curve:
    if law.blocks > 1:
        return lambda s: superposed_spacing_pdf(s, law.blocks)
    return lambda s: wigner_surmise_pdf(s, law.beta)


def _ratio_curve(law: Hypothesis) -> Curve:
    if law.blocks > 1:
        return lambda r: 2 * superposed_ratio_pdf(r, law.blocks)
    return lambda r: 2 * ratio_surmise_pdf(r, law.beta)


def _variance(law: Hypothesis) -> Curve:
    return law.number_variance


def _rigidity(law: Hypothesis) -> Curve:
    return law.rigidity
