"""Draw a panel with matplotlib, for papers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from eigenscape.core import write_atomically
from eigenscape.report import style
from eigenscape.report.figures.panel import (
    Band,
    HeatMap,
    Line,
    Panel,
    Points,
    Rule,
)
from eigenscape.report.notation import to_mathtext
from eigenscape.report.pens.ticks import log_ticks

_STROKES: Final = {"solid": "-", "dash": "--", "dot": ":"}
_SYMBOLS: Final = {"circle": "o", "open": "o", "tick": "_"}


def draw_matplotlib(panel: Panel, *, axes: Axes | None = None) -> Figure:
    """Draw a panel.

    Args:
        panel: What to draw.
        axes: Where; a new figure when None.

    Returns:
        The figure drawn in.

    Raises:
        ValueError: The axes belong to a subfigure.
    """
    if axes is None:
        figure = Figure((style.WIDTH_INCHES, style.HEIGHT_INCHES), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
    figure = axes.get_figure()
    if not isinstance(figure, Figure):
        message = "axes: expected axes of a figure, got those of a subfigure"
        raise ValueError(message)
    keys: set[str] = set()
    for depth, item in enumerate(panel.series, start=2):
        label = to_mathtext(item.key) if item.key not in keys | {""} else "_nolegend_"
        keys.add(item.key)
        if isinstance(item, HeatMap):
            _colour(figure, axes, item, depth)
        else:
            _draw(axes, item, label, depth)
    _frame(axes, panel)
    return figure


def write_svg(panel: Panel, path: Path) -> None:
    """Draw a panel into an SVG file, the same bytes for the same panel.

    Args:
        panel: What to draw.
        path: The file; replaced when it exists.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "eigenscape"}):
        draw_matplotlib(panel).savefig(buffer, format="svg", metadata={"Date": None})
    write_atomically(path, buffer.getvalue())


def _draw(
    axes: Axes, item: Line | Band | Points | Rule, label: str, depth: int
) -> None:
    shared: dict[str, Any] = {"label": label, "zorder": depth}
    if isinstance(item, Line):
        axes.plot(
            item.x,
            item.y,
            color=item.colour,
            linestyle=_STROKES[item.dash],
            linewidth=item.width,
            marker="o" if item.marked else "",
            markersize=5,
            **shared,
        )
    elif isinstance(item, Band):
        shade: dict[str, Any] = {"color": item.colour, "alpha": 0.15, "linewidth": 0}
        axes.fill_between(item.x, item.lower, item.upper, **shade, **shared)
    elif isinstance(item, Points):
        axes.errorbar(
            item.x,
            item.y,
            yerr=item.errors,
            linestyle="",
            marker=_SYMBOLS[item.symbol],
            markersize=item.size,
            markeredgewidth=1.8 if item.symbol == "tick" else 1.0,
            markerfacecolor="white" if item.symbol == "open" else item.colour,
            color=item.colour,
            alpha=item.opacity,
            elinewidth=1.2,
            **shared,
        )
    else:
        rule = axes.axvline if item.vertical else axes.axhline
        rule(
            item.at,
            color=item.colour,
            linestyle=_STROKES[item.dash],
            linewidth=1.1,
            **shared,
        )


def _colour(figure: Figure, axes: Axes, item: HeatMap, depth: int) -> None:
    (left, right), (bottom, top) = item.edges()
    image = axes.imshow(
        item.values,
        cmap=ListedColormap(style.ramp(style.SHADES)[::-1]),
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        zorder=depth,
    )
    scale = figure.colorbar(image, ax=axes)
    scale.set_label(to_mathtext(item.name), fontsize=style.FONT_SIZE)
    scale.ax.tick_params(labelsize=style.FONT_SIZE - 1, color=style.MUTED)
    scale.outline.set_visible(False)


def _frame(axes: Axes, panel: Panel) -> None:
    (left, right), (bottom, top) = panel.limits()
    axes.set_xscale("log" if panel.x_log else "linear")
    axes.set_yscale("log" if panel.y_log else "linear")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    x_ticks = panel.x_ticks or (log_ticks(left, right) if panel.x_log else None)
    y_ticks = log_ticks(bottom, top) if panel.y_log else None
    for axis, ticks in ((axes.xaxis, x_ticks), (axes.yaxis, y_ticks)):
        if ticks is not None:
            places = [place for place, _ in ticks]
            axis.set_major_locator(FixedLocator(places))
            axis.set_major_formatter(FixedFormatter([to_mathtext(t) for _, t in ticks]))
            axis.set_minor_locator(NullLocator())
    axes.set_title(
        to_mathtext(panel.title), loc="left", fontsize=style.TITLE_SIZE, color=style.INK
    )
    axes.set_xlabel(to_mathtext(panel.x_label), fontsize=style.FONT_SIZE)
    axes.set_ylabel(to_mathtext(panel.y_label), fontsize=style.FONT_SIZE)
    axes.tick_params(labelsize=style.FONT_SIZE - 1, color=style.MUTED)
    axes.grid(visible=True, color=style.GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(style.MUTED)
    if any(item.key for item in panel.series):
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.16),
            ncols=2,
            frameon=False,
            fontsize=style.FONT_SIZE - 1,
        )
