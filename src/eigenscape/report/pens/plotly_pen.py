"""Draw a panel with plotly, for the page."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from eigenscape.report import style
from eigenscape.report.figures.panel import (
    Band,
    HeatMap,
    Line,
    Panel,
    Points,
    Rule,
    Series,
)
from eigenscape.report.notation import to_plotly
from eigenscape.report.pens.ticks import log_ticks

_SYMBOLS: Final = {"circle": "circle", "open": "circle-open", "tick": "line-ew-open"}
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def draw_plotly(panel: Panel) -> go.Figure:
    """Draw a panel.

    Args:
        panel: What to draw.

    Returns:
        A figure whose legend switches on and off what belongs together.
    """
    (left, right), (bottom, top) = panel.limits()
    traces: list[dict[str, Any]] = []
    keys: set[str] = set()
    for item in panel.series:
        legend = {
            "name": to_plotly(item.key or item.name),
            "legendgroup": item.key or item.name,
            "showlegend": bool(item.key) and item.key not in keys,
        }
        keys.add(item.key)
        traces.append(_trace(item, (left, right), (bottom, top)) | legend)
    figure = go.Figure(traces)
    figure.update_layout(
        template="none",
        title={
            "text": to_plotly(panel.title),
            "x": 0,
            "xref": "paper",
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "pad": {"b": 12},
        },
        title_font_size=15,
        font={"family": _FONT, "size": 12.5, "color": style.INK},
        height=style.HEIGHT_PIXELS,
        margin={"l": 64, "r": 16, "t": 66, "b": 56},
        paper_bgcolor="white",
        plot_bgcolor="white",
        hoverlabel={"bgcolor": "white", "font_size": 12},
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
        xaxis=_axis(panel.x_label, left, right, panel.x_ticks, log=panel.x_log),
        yaxis=_axis(panel.y_label, bottom, top, None, log=panel.y_log),
    )
    return figure


def _trace(
    item: Series, across: tuple[float, float], upright: tuple[float, float]
) -> dict[str, Any]:
    if isinstance(item, Line):
        return _line(item)
    if isinstance(item, Points):
        return _points(item)
    if isinstance(item, Band):
        return _band(item)
    if isinstance(item, HeatMap):
        return _heat_map(item)
    return _rule(item, across, upright)


def _line(item: Line) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": item.x,
        "y": item.y,
        "mode": "lines+markers" if item.marked else "lines",
        "line": {"color": item.colour, "dash": item.dash, "width": item.width + 0.4},
        "marker": {"size": 8},
        "hovertemplate": _hover(item.name),
    }


def _band(item: Band) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": np.concatenate([item.x, item.x[::-1]]),
        "y": np.concatenate([item.upper, item.lower[::-1]]),
        "mode": "lines",
        "fill": "toself",
        "fillcolor": _faint(item.colour),
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _points(item: Points) -> dict[str, Any]:
    marker = {
        "symbol": _SYMBOLS[item.symbol],
        "size": 1.4 * item.size,
        "color": item.colour,
        "opacity": item.opacity,
        "line": {"width": 0 if item.symbol == "circle" else 2, "color": item.colour},
    }
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": item.x,
        "y": item.y,
        "mode": "markers",
        "marker": marker,
        "hovertemplate": _hover(item.name),
    }
    if item.errors is not None:
        trace["error_y"] = {"array": item.errors, "thickness": 1.4, "width": 3}
    return trace


def _heat_map(item: HeatMap) -> dict[str, Any]:
    colours = style.ramp(style.SHADES)[::-1]
    scale = [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]
    return {
        "type": "heatmap",
        "x": item.x,
        "y": item.y,
        "z": item.values,
        "colorscale": scale,
        "colorbar": {"title": {"text": to_plotly(item.name)}, "outlinewidth": 0},
        "hovertemplate": "(%{x:.4~g}, %{y:.4~g}): %{z:.4~g}<extra></extra>",
        "hoverongaps": False,
    }


def _rule(
    item: Rule, across: tuple[float, float], upright: tuple[float, float]
) -> dict[str, Any]:
    along = upright if item.vertical else across
    at = [item.at, item.at]
    return {
        "type": "scatter",
        "x": at if item.vertical else list(along),
        "y": list(along) if item.vertical else at,
        "mode": "lines",
        "line": {"color": item.colour, "dash": item.dash, "width": 1.5},
        "hovertemplate": _hover(item.name),
    }


def _hover(name: str) -> str:
    return f"{to_plotly(name)}<br>(%{{x:.4~g}}, %{{y:.4~g}})<extra></extra>"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.14)"


def _axis(
    label: str,
    low: float,
    high: float,
    ticks: tuple[tuple[float, str], ...] | None,
    *,
    log: bool,
) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "title": {"text": to_plotly(label), "standoff": 10},
        "type": "log" if log else "linear",
        "range": [math.log10(low), math.log10(high)] if log else [low, high],
        "gridcolor": style.GRID,
        "linecolor": style.MUTED,
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": style.MUTED,
    }
    chosen = ticks or (log_ticks(low, high) if log else None)
    if chosen is not None:
        axis["tickvals"] = [place for place, _ in chosen]
        axis["ticktext"] = [to_plotly(text) for _, text in chosen]
    return axis
