"""Stable learning rates against the batch size: by training, and by each law."""

from __future__ import annotations

import numpy as np

from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import INK, category
from eigenscape.spectra.rate_search import StableRates

_MEASURED = "found by training"


def stable_rates_panel(found: StableRates, momentum: float) -> Panel:
    """Describe the rates of one momentum.

    Args:
        found: The result.
        momentum: ρ, one of those searched.

    Returns:
        Rates found, with their spread over runs, beside those of each law and, where
        there are any, published ones.
    """
    series: list[Series] = []
    for i, law in enumerate(found.laws):
        scaling = found.scaling(law, momentum)
        series.append(Line(scaling.batch_sizes, scaling.rates, law, category(i), law))
    rates = found.measured(momentum)
    series.append(
        Points(
            rates.batch_sizes,
            rates.rates,
            _MEASURED,
            INK,
            _MEASURED,
            errors=rates.rates * rates.spread,
            size=6.0,
        )
    )
    recipes = [r for r in found.recipes if r.momentum == momentum]
    if recipes:
        series.append(
            Points(
                np.array([float(r.batch_size) for r in recipes]),
                np.array([r.rate for r in recipes]),
                "published",
                INK,
                "published",
                symbol="open",
                size=8.0,
            )
        )
    return Panel(
        title=f"Largest stable rate, momentum {momentum:g}: {found.network}",
        x_label="batch size b",
        y_label="learning rate η",
        series=tuple(series),
        x_log=True,
        y_log=True,
        x_limits=_around(found),
        x_ticks=tuple((float(s.batch_size), str(s.batch_size)) for s in found.searches),
    )


def exponents_panel(found: StableRates, momentum: float) -> Panel:
    """Describe how the rate scales with the batch size, by each law.

    Args:
        found: The result.
        momentum: ρ, one of those searched.

    Returns:
        Local exponents, those between neighbouring sizes for the rates found.
    """
    series: list[Series] = [
        Rule(1.0, "linear", INK, "", dash="dot"),
        Rule(0.5, "square root", INK, "", dash="dot"),
        Rule(0.0, "saturated", INK, "", dash="dot"),
    ]
    for i, law in enumerate(found.laws):
        scaling = found.scaling(law, momentum)
        series.append(
            Line(scaling.batch_sizes, scaling.exponents, law, category(i), law)
        )
    rates = found.measured(momentum)
    logs = np.log(rates.batch_sizes), np.log(rates.rates)
    slopes = np.diff(logs[1]) / np.diff(logs[0])
    middles = np.exp((logs[0][1:] + logs[0][:-1]) / 2)
    series.append(Points(middles, slopes, _MEASURED, INK, _MEASURED, size=6.0))
    return Panel(
        title=f"Exponent of the rate, momentum {momentum:g}",
        x_label="batch size b",
        y_label="d log η/d log b",
        series=tuple(series),
        x_log=True,
        x_limits=_around(found),
        x_ticks=tuple((float(s.batch_size), str(s.batch_size)) for s in found.searches),
    )


def _around(found: StableRates) -> tuple[float, float]:
    sizes = [s.batch_size for s in found.searches]
    return min(sizes) / 2, min(max(sizes) * 2.0, float(found.examples))
