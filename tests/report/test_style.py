from __future__ import annotations

import pytest

from eigenscape.report import style


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_a_ramp_has_distinct_colours_from_dark_to_light(count):
    colours = style.ramp(count)
    assert len(set(colours)) == count
    light = [luminance(c) for c in colours]
    assert light == sorted(light)


def test_a_ramp_of_nothing_is_empty():
    assert style.ramp(0) == ()


@pytest.mark.parametrize("colour", [*style.CATEGORIES, *style.ramp(12)])
def test_every_colour_is_seen_on_white(colour):
    # contrast of 2 : 1; text is held to more below
    assert 1.05 / (luminance(colour) + 0.05) > 2


@pytest.mark.parametrize("colour", [style.INK, style.MUTED])
def test_text_has_the_contrast_that_wcag_asks_of_small_text(colour):
    assert 1.05 / (luminance(colour) + 0.05) > 4.5


def test_categories_repeat_only_after_the_last():
    count = len(style.CATEGORIES)
    assert len({style.category(i) for i in range(count)}) == count
    assert style.category(count) == style.category(0)
