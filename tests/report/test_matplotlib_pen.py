from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from eigenscape.report import Band, Line, Panel, Points, Rule, batch_scaling
from eigenscape.report.figures.panel import HeatMap
from eigenscape.report.pens import draw_matplotlib, write_svg
from surveys import planted_survey

X = np.array([1.0, 10.0, 100.0])
PANEL = Panel(
    "cost in $ of λ_max",
    "x",
    "y",
    (
        Line(X, X, "first", "#0072b2", "shared"),
        Line(X, 2 * X, "second", "#0072b2", "shared", dash="dash"),
        Band(X, X / 2, 2 * X, "band", "#d55e00"),
        Points(X, X, "points", "#009e73", "points", errors=X / 10, symbol="open"),
        Rule(5.0, "rule", "#1f2933", "rule"),
        Rule(5.0, "upright", "#1f2933", vertical=True),
    ),
    x_log=True,
    y_log=True,
)


def test_axes_show_what_the_panel_says():
    (axes,) = draw_matplotlib(PANEL).axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert (axes.get_xlim(), axes.get_ylim()) == PANEL.limits()
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.stack([X, X], 1))
    assert axes.lines[1].get_linestyle() == "--"


def test_a_legend_entry_stands_once():
    (axes,) = draw_matplotlib(PANEL).axes
    texts = sorted(t.get_text() for t in axes.get_legend().get_texts())
    assert texts == ["points", "rule", "shared"]


def test_drawing_into_given_axes_returns_their_figure():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw_matplotlib(PANEL, axes=right) is figure
    assert not left.lines
    assert right.lines


def test_axes_of_a_subfigure_are_refused():
    part = Figure().subfigures(1, 2)[0]
    with pytest.raises(ValueError, match="axes: expected axes of a figure"):
        draw_matplotlib(PANEL, axes=part.subplots())


def test_svg_is_xml_and_the_same_each_time(tmp_path):
    panel = batch_scaling(planted_survey().checkpoints[-1])
    write_svg(panel, tmp_path / "first.svg")
    write_svg(panel, tmp_path / "second.svg")
    first = (tmp_path / "first.svg").read_bytes()
    assert ET.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"
    assert first == (tmp_path / "second.svg").read_bytes()


def test_an_empty_panel_draws(tmp_path):
    write_svg(Panel("", "", "", (), x_log=True, y_log=True), tmp_path / "empty.svg")
    ET.fromstring((tmp_path / "empty.svg").read_bytes())


def test_a_heat_map_is_an_image_with_a_scale():
    values = np.array([[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])
    heat = HeatMap(np.arange(3.0), np.array([1.0, 3.0]), values, "height")
    axes, scale = draw_matplotlib(Panel("", "x", "y", (heat,))).axes
    (image,) = axes.images
    np.testing.assert_array_equal(image.get_array().filled(np.nan), values)
    assert image.get_extent() == [-0.5, 2.5, 0.0, 4.0]
    # Rows go up: the first is the lowest.
    assert image.origin == "lower"
    assert scale.get_ylabel() == "height"
    assert axes.get_legend() is None
    colours = image.cmap(image.norm(values))
    assert colours[1, 2, :3].sum() < colours[0, 0, :3].sum()
    assert colours[0, 2, 3] == 0
