from __future__ import annotations

import json

import numpy as np

from eigenscape.report import Band, Line, Panel, Points, Rule
from eigenscape.report.figures.panel import HeatMap
from eigenscape.report.pens import draw_plotly

X = np.array([1.0, 10.0, 100.0])
PANEL = Panel(
    "<b>λ_max</b>",
    "x",
    "y",
    (
        Line(X, X, "first", "#0072b2", "shared"),
        Line(X, 2 * X, "second", "#0072b2", "shared", dash="dash"),
        Band(X, X / 2, 2 * X, "band", "#d55e00"),
        Points(X, X, "points", "#009e73", "points", errors=X / 10),
        Rule(5.0, "rule", "#1f2933", "rule"),
    ),
    x_log=True,
    x_ticks=((1.0, "one"),),
)


def test_traces_carry_the_numbers():
    first, second, band, points, rule = draw_plotly(PANEL).data
    np.testing.assert_array_equal(first.x, X)
    np.testing.assert_array_equal(second.y, 2 * X)
    np.testing.assert_array_equal(band.y, [*(2 * X), *(X / 2)[::-1]])
    np.testing.assert_array_equal(points.error_y.array, X / 10)
    assert rule.y == (5.0, 5.0)
    assert tuple(rule.x) == PANEL.limits()[0]


def test_a_legend_entry_stands_once_and_switches_its_group():
    data = draw_plotly(PANEL).data
    assert [t.showlegend for t in data] == [True, False, False, True, True]
    assert data[0].legendgroup == data[1].legendgroup == "shared"


def test_axes():
    layout = draw_plotly(PANEL).layout
    (left, right), limits = PANEL.limits()
    np.testing.assert_allclose(layout.xaxis.range, np.log10([left, right]))
    assert layout.yaxis.range == limits
    assert layout.xaxis.ticktext == ("one",)
    assert (layout.xaxis.type, layout.yaxis.type) == ("log", "linear")


def test_text_is_escaped_and_cannot_end_a_script():
    figure = draw_plotly(PANEL)
    assert figure.layout.title.text == "&lt;b&gt;λ<sub>max</sub>&lt;/b&gt;"
    text = draw_plotly(Panel("</script>", "", "", ())).to_json()
    assert "<" not in text
    assert json.loads(text)["layout"]["title"]["text"] == "&lt;/script&gt;"


def test_a_heat_map_carries_its_values():
    values = np.array([[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])
    heat = HeatMap(np.arange(3.0), np.array([1.0, 3.0]), values, "λ_max")
    (trace,) = draw_plotly(Panel("", "x", "y", (heat,))).data
    np.testing.assert_array_equal(trace.z, values)
    np.testing.assert_array_equal(trace.y, [1.0, 3.0])
    assert trace.colorbar.title.text == "λ<sub>max</sub>"
    assert not trace.hoverongaps
    assert (trace.colorscale[0][0], trace.colorscale[-1][0]) == (0, 1)
