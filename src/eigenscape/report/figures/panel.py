"""Panel: a figure described, not drawn, so that two pens can draw the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Dash = Literal["solid", "dash", "dot"]
Symbol = Literal["circle", "open", "tick"]

_MARGIN = 0.04


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        x: Abscissae.
        y: Ordinates; NaN interrupts the curve.
        name: What it is, shown on hovering.
        colour: Hexadecimal colour.
        key: Its legend entry, shared by the series that belong together; empty for
            none.
        dash: Stroke.
        width: Stroke width in points.
        marked: Whether the points of the curve are marked.
    """

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    name: str
    colour: str
    key: str = ""
    dash: Dash = "solid"
    width: float = 1.6
    marked: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two curves.

    Attributes:
        x: Abscissae.
        lower: Lower ordinates.
        upper: Upper ordinates.
        name: What it is.
        colour: Hexadecimal colour, drawn faintly.
        key: Its legend entry; empty for none.
    """

    x: Float[np.ndarray, " n"]
    lower: Float[np.ndarray, " n"]
    upper: Float[np.ndarray, " n"]
    name: str
    colour: str
    key: str = ""


@dataclass(frozen=True)
class Points:
    """Separate points, with error bars where they have them.

    Attributes:
        x: Abscissae.
        y: Ordinates; NaN for no point.
        name: What they are, shown on hovering.
        colour: Hexadecimal colour.
        key: Their legend entry; empty for none.
        errors: Half lengths of vertical error bars; None for none.
        symbol: A disc, a ring or a horizontal tick.
        size: Diameter in points.
        opacity: 1 for solid colour.
    """

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    name: str
    colour: str
    key: str = ""
    errors: Float[np.ndarray, " n"] | None = None
    symbol: Symbol = "circle"
    size: float = 5.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Rule:
    """A straight line across the whole panel.

    Attributes:
        at: Where, on the axis it crosses.
        name: What it is.
        colour: Hexadecimal colour.
        key: Its legend entry; empty for none.
        vertical: Whether it stands at an abscissa rather than at an ordinate.
        dash: Stroke.
    """

    at: float
    name: str
    colour: str
    key: str = ""
    vertical: bool = False
    dash: Dash = "dot"


@dataclass(frozen=True)
class HeatMap:
    """A function of two variables as colour, the greatest values darkest.

    Attributes:
        x: Centres of the columns, evenly spaced, at least two.
        y: Centres of the rows, likewise.
        values: One row a y; NaN for no colour.
        name: What it is, shown beside the scale of colours.
        key: Its legend entry; empty for none.
    """

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " m"]
    values: Float[np.ndarray, "m n"]
    name: str
    key: str = ""

    def edges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Say where the outermost cells end.

        Returns:
            Ends of the abscissa and of the ordinate.
        """
        (left, right), (bottom, top) = (_cell_ends(c) for c in (self.x, self.y))
        return (left, right), (bottom, top)


Series = Line | Band | Points | Rule | HeatMap


@dataclass(frozen=True)
class Panel:
    """One pair of axes and what is drawn in it.

    Attributes:
        title: What is shown.
        x_label: Name and unit of the abscissa.
        y_label: Name and unit of the ordinate.
        series: What is drawn, back to front.
        x_log: Whether the abscissa is logarithmic.
        y_log: Whether the ordinate is logarithmic.
        x_limits: Ends of the abscissa; None to fit the series.
        y_limits: Ends of the ordinate; None to fit the series.
        x_ticks: Places and labels of the ticks; None for the usual ones.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    x_ticks: tuple[tuple[float, str], ...] | None = None

    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Say where the axes end.

        Returns:
            Ends of the abscissa and of the ordinate: those given, or those of the
            finite data (positive ones on a logarithmic axis) with a 4 % margin.
        """
        x = self.x_limits or _ends([a for a, _ in self._extents()], log=self.x_log)
        y = self.y_limits or _ends([b for _, b in self._extents()], log=self.y_log)
        return x, y

    def _extents(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        nothing = np.empty(0)
        for item in self.series:
            if isinstance(item, Rule):
                at = np.array([item.at])
                yield (at, nothing) if item.vertical else (nothing, at)
            elif isinstance(item, HeatMap):
                x, y = item.edges()
                yield np.array(x), np.array(y)
            elif isinstance(item, Band):
                yield item.x, np.concatenate([item.lower, item.upper])
            else:
                yield item.x, item.y


def _cell_ends(centres: Float[np.ndarray, " n"]) -> tuple[float, float]:
    half = float(centres[1] - centres[0]) / 2
    return float(centres[0]) - half, float(centres[-1]) + half


def _ends(values: list[np.ndarray], *, log: bool) -> tuple[float, float]:
    pooled = np.concatenate([*values, np.empty(0)])
    pooled = pooled[np.isfinite(pooled)]
    if log:
        pooled = np.log10(pooled[pooled > 0])
    if pooled.size == 0:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = float(pooled.min()), float(pooled.max())
    margin = _MARGIN * (high - low) or (0.15 if log else abs(low) / 10 or 1.0)
    low, high = low - margin, high + margin
    return (10**low, 10**high) if log else (low, high)
