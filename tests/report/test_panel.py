from __future__ import annotations

import numpy as np
import pytest

from eigenscape.report import Band, Line, Panel, Points, Rule
from eigenscape.report.figures.panel import HeatMap

X = np.array([1.0, 10.0])


def panel(*series, **options) -> Panel:
    return Panel("title", "x", "y", series, **options)


def test_linear_limits_enclose_the_data_with_a_four_percent_margin():
    line = Line(X, np.array([0.0, 5.0]), "line", "#000000")
    (left, right), (bottom, top) = panel(line).limits()
    assert (left, right) == pytest.approx((1 - 0.36, 10 + 0.36))
    assert (bottom, top) == pytest.approx((-0.2, 5.2))


def test_logarithmic_limits_leave_out_what_cannot_be_drawn():
    points = Points(X, np.array([-3.0, 100.0]), "points", "#000000")
    band = Band(X, np.array([1.0, 1.0]), np.array([np.nan, 1.0]), "band", "#000000")
    _, (bottom, top) = panel(points, band, y_log=True).limits()
    assert np.log10([bottom, top]) == pytest.approx([-0.08, 2.08])


def test_rules_widen_only_the_axis_they_cross():
    line = Line(X, X, "line", "#000000")
    level, upright = (
        Rule(100.0, "h", "#000000"),
        Rule(-50.0, "v", "#000000", vertical=True),
    )
    (left, right), (bottom, top) = panel(line, level, upright).limits()
    assert left < -50
    assert right < 100
    assert bottom > -50
    assert top > 100


@pytest.mark.parametrize("log", [False, True])
def test_a_panel_without_data_has_limits(log):
    for low, high in panel(x_log=log, y_log=log).limits():
        assert low < high
        assert low > 0 or not log


@pytest.mark.parametrize("value", [0.0, -3.0, 7.0])
def test_a_single_value_has_limits_around_it(value):
    point = Points(np.array([value]), np.array([value]), "point", "#000000")
    for low, high in panel(point).limits():
        assert low < value < high


def test_given_limits_are_kept():
    line = Line(X, X, "line", "#000000")
    limits = panel(line, x_limits=(0.0, 3.0), y_limits=(-1.0, 1.0)).limits()
    assert limits == ((0.0, 3.0), (-1.0, 1.0))


def test_a_heat_map_ends_where_its_cells_do():
    heat = HeatMap(
        np.array([0.0, 1.0, 2.0]), np.array([5.0, 7.0]), np.ones((2, 3)), "z"
    )
    assert heat.edges() == ((-0.5, 2.5), (4.0, 8.0))
    (left, right), (bottom, top) = panel(heat).limits()
    assert (left, right) == pytest.approx((-0.62, 2.62))
    assert (bottom, top) == pytest.approx((3.84, 8.16))
