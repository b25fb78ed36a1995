"""Where minima prevail: the switch, a confined field, a network along training."""

from __future__ import annotations

import numpy as np

from eigenscape.landscape.confined_field import ConfinedField
from eigenscape.landscape.prevalence import MinimaSwitch
from eigenscape.landscape.regions import Region
from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION, ramp


def minima_switch_panel(switch: MinimaSwitch) -> Panel:
    """Describe the share of positive definite matrices a1 + sX around a = 2s.

    Args:
        switch: The samples.

    Returns:
        The share, and the lower edge of the limit.
    """
    return Panel(
        title=f"Minima prevail from a = 2s on (N = {switch.dimension})",
        x_label="curvature a, in units of the noise s",
        y_label="share positive definite; edge",
        series=(
            Rule(2.0, "a = 2s", INK, "a = 2s", vertical=True),
            Line(
                switch.strengths, switch.edges, "lower edge", MUTED, "lower edge a − 2s"
            ),
            Points(
                switch.strengths,
                switch.positive,
                "share positive definite",
                BLUE,
                "share positive definite",
            ),
        ),
    )


def determinants(switch: MinimaSwitch) -> Panel:
    """Describe mean determinants of a1 + sX beside their limit.

    Args:
        switch: The samples.

    Returns:
        (1/N) log E|det| and ∫ log|λ|.
    """
    return Panel(
        title="Mean determinants and the logarithmic potential",
        x_label="curvature a, in units of the noise s",
        y_label="(1/N) log E|det|",
        series=(
            Line(switch.strengths, switch.rates, "limit", VERMILLION, "∫ log|λ|"),
            Points(
                switch.strengths,
                switch.sampled,
                f"sampled at N = {switch.dimension}",
                BLUE,
                f"sampled at N = {switch.dimension}",
                switch.errors,
            ),
        ),
    )


def confined_field(field: ConfinedField) -> Panel:
    """Describe the number of critical points of a field in a harmonic well.

    Args:
        field: The counts.

    Returns:
        Rates of all critical points and of minima, in the limit and at a finite N.
    """
    kinds = (
        ("critical points", field.complexity, field.sampled, BLUE),
        ("minima", field.minima_complexity, field.sampled_minima, VERMILLION),
    )
    series: list[Series] = [
        Rule(1.0, "m = s", INK, "one point beyond m = s", vertical=True)
    ]
    for name, limit, sampled, colour in kinds:
        series += [
            Line(field.strengths, limit, f"{name}, limit", colour, f"{name}, limit"),
            Points(
                field.strengths,
                sampled,
                f"{name}, N = {field.dimension}",
                colour,
                f"{name}, N = {field.dimension}",
                symbol="open",
            ),
        ]
    return Panel(
        title="Critical points of an isotropic field in a well of curvature m",
        x_label="curvature m, in units of s",
        y_label="(1/N) log of the mean number",
        series=tuple(series),
    )


def rough_regions(regions: tuple[Region, ...], weight_norms: np.ndarray) -> Panel:
    """Describe how far apart critical points are along training.

    Args:
        regions: A network, checkpoint by checkpoint, batch size by batch size.
        weight_norms: Norm of the weights at each checkpoint.

    Returns:
        The radius of the ball that holds one critical point, one curve a batch size;
        rough on longer scales, smooth on shorter ones.
    """
    epochs = np.array(list(dict.fromkeys(r.epoch for r in regions)))
    sizes = sorted({r.batch_size for r in regions})
    series: list[Series] = [
        Line(epochs, weight_norms, "‖w‖", INK, "norm of the weights", dash="dot")
    ]
    for size, colour in zip(sizes, ramp(len(sizes)), strict=True):
        own = [r for r in regions if r.batch_size == size]
        radii = np.array([r.rough_radius for r in own])
        series.append(
            Line(epochs, radii, f"b = {size}", colour, f"b = {size}", marked=True)
        )
    return Panel(
        title="Rough on longer scales, smooth on shorter ones",
        x_label="epoch",
        y_label="radius with one critical point",
        series=tuple(series),
        y_log=True,
    )


def negative_directions(regions: tuple[Region, ...]) -> Panel:
    """Describe the share of negative directions at the last checkpoint.

    Args:
        regions: A network, checkpoint by checkpoint, batch size by batch size.

    Returns:
        Batches, free noise of their spectrum, and a free semicircle, by batch size.
    """
    last = [r for r in regions if r.checkpoint == regions[-1].checkpoint]
    sizes = np.array([float(r.batch_size) for r in last])
    kinds = (
        ("batches", [r.sampled.negative for r in last], BLUE),
        ("noise turned at random", [r.rotated.negative for r in last], MUTED),
        ("free semicircle", [r.free.negative for r in last], VERMILLION),
    )
    return Panel(
        title=f"Negative directions of batch Hessians ({last[0].checkpoint})",
        x_label="batch size b",
        y_label="share of negative eigenvalues",
        series=tuple(
            Line(sizes, np.array(values), name, colour, name, marked=True)
            for name, values, colour in kinds
        ),
        x_log=True,
        x_ticks=tuple((size, f"{size:.0f}") for size in sizes),
    )
