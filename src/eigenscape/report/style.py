"""One look for all figures: colours that survive colour blindness, sizes, ramps."""

from __future__ import annotations

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e4e7eb"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#aa4499"
ORANGE = "#e69f00"

CATEGORIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, INK)
"""Qualitative colours; Okabe and Ito (2008), the purple darkened to read as a line."""

FONT_SIZE = 9.0
TITLE_SIZE = 10.5
WIDTH_INCHES = 6.4
HEIGHT_INCHES = 4.0
HEIGHT_PIXELS = 460

SHADES = 64
"""Colours of a heat map."""

_RAMP = ("#35096b", "#7b1f8a", "#bc3a76", "#e5644f", "#ee9b33")


def category(index: int) -> str:
    """Give the colour of the index-th thing of a kind.

    Args:
        index: Which; colours repeat after the sixth.

    Returns:
        A hexadecimal colour.
    """
    return CATEGORIES[index % len(CATEGORIES)]


def ramp(count: int) -> tuple[str, ...]:
    """Give colours for an ordered sequence, dark to light, all readable on white.

    Args:
        count: How many.

    Returns:
        Hexadecimal colours.
    """
    anchors = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _RAMP]
    colours: list[str] = []
    for i in range(count):
        place = i / max(count - 1, 1) * (len(anchors) - 1)
        left = min(int(place), len(anchors) - 2)
        mixed = [
            round(a + (place - left) * (b - a))
            for a, b in zip(anchors[left], anchors[left + 1], strict=True)
        ]
        colours.append("#" + "".join(f"{channel:02x}" for channel in mixed))
    return tuple(colours)
