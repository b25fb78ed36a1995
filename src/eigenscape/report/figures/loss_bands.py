"""Loss bands: networks of growing width beside glasses of growing dimension."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.loss_bands import (
    LossBands,
    TrainedIndices,
    WidthLosses,
    log_deviation,
)
from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION, ramp

_BINS = 30


def final_loss_panel(widths: tuple[WidthLosses, ...]) -> Panel:
    """Describe the distributions of test losses.

    Args:
        widths: The losses.

    Returns:
        One histogram a width.
    """
    samples = [(f"{w.width} hidden units", w.test) for w in widths]
    return Panel(
        title="Test losses where training ends",
        x_label="test loss",
        y_label="density",
        series=_histograms(samples),
    )


def energy_panel(found: LossBands) -> Panel:
    """Describe the distributions of energies where descent ends.

    Args:
        found: The result.

    Returns:
        One histogram a dimension, with the band from −E₀ to −E∞.
    """
    samples = [(f"N = {g.dimension}", g.energies) for g in found.glasses]
    return Panel(
        title=f"Energies where descent ends, glass of p = {found.degree}",
        x_label="energy",
        y_label="density",
        series=(
            Rule(-found.marginal, "−E∞", MUTED, "−E∞", vertical=True),
            Rule(-found.lowest, "−E₀", INK, "−E₀", vertical=True, dash="dash"),
            *_histograms(samples),
        ),
    )


def deviation_panel(found: LossBands) -> Panel:
    """Describe how the distributions narrow.

    Args:
        found: The result.

    Returns:
        Deviations of test losses by width and of energies by dimension.
    """
    networks = [(w.width, w.test) for w in found.widths]
    glasses = [(g.dimension, g.energies) for g in found.glasses]
    return Panel(
        title="Losses concentrate as the system grows",
        x_label="hidden units, or dimension N",
        y_label="standard deviation",
        series=(
            *_deviations(networks, "test loss of networks", BLUE),
            *_deviations(glasses, "energy of glasses", VERMILLION),
        ),
        x_log=True,
        y_log=True,
    )


def index_panel(indices: tuple[TrainedIndices, ...]) -> Panel:
    """Describe the indices of trained networks.

    Args:
        indices: The indices.

    Returns:
        The share of negative eigenvalues by width, a ring a network.
    """
    places = [np.full(i.index.size, float(i.width)) for i in indices]
    return Panel(
        title="Negative curvature where training ends",
        x_label="hidden units",
        y_label="share of eigenvalues",
        series=(
            Points(
                np.concatenate(places),
                np.concatenate([i.index for i in indices]),
                "negative",
                VERMILLION,
                "surely negative",
                symbol="open",
            ),
            Points(
                np.concatenate(places),
                np.concatenate([i.unresolved / i.parameters for i in indices]),
                "zero within rounding",
                MUTED,
                "zero within rounding",
                symbol="tick",
            ),
        ),
        x_log=True,
    )


def _histograms(samples: list[tuple[str, np.ndarray]]) -> tuple[Series, ...]:
    pooled = np.concatenate([values for _, values in samples])
    edges = np.linspace(pooled.min(), pooled.max(), _BINS + 1)
    series: list[Series] = []
    for (name, values), colour in zip(samples, ramp(len(samples)), strict=True):
        heights = np.histogram(values, edges, density=True)[0]
        outline = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
        series.append(Line(np.repeat(edges, 2), outline, name, colour, name, width=1.3))
    return tuple(series)


def _deviations(
    samples: list[tuple[int, Float[np.ndarray, " _"]]], name: str, colour: str
) -> tuple[Series, ...]:
    sizes = np.array([float(size) for size, _ in samples])
    found = [log_deviation(values) for _, values in samples]
    places = np.exp([e.value for e in found])
    errors = places * np.array([e.standard_error for e in found])
    return (
        Points(sizes, places, name, colour, errors=errors),
        Line(sizes, places, name, colour, name),
    )
