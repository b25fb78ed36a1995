import dataclasses

import numpy as np

from eigenscape.report.figures.learning_rate_scaling import (
    exponents_panel,
    stable_rates_panel,
)
from eigenscape.report.figures.panel import Line, Points, Rule
from eigenscape.report.learning_rate_view import arrange_learning_rates
from eigenscape.report.pens import write_svg
from searched_rates import searched


def test_each_momentum_has_its_rates_and_exponents(tmp_path):
    figures = arrange_learning_rates(searched())
    assert [f.name for f in figures] == [
        "rates-0",
        "exponents-0",
        "rates-1",
        "exponents-1",
    ]
    assert "linear from b = 8 to 128" in figures[1].caption
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")
        assert (tmp_path / f"{figure.name}.svg").stat().st_size > 1000


def test_rates_are_drawn_as_found_and_predicted():
    found = searched()
    first, second, measured, published = stable_rates_panel(found, 0.9).series
    assert isinstance(first, Line)
    assert first.y.tolist() == found.scaling("planted", 0.9).rates.tolist()
    assert second.name == "flat"
    assert isinstance(measured, Points)
    np.testing.assert_allclose(measured.y, [0.08, 0.32])
    np.testing.assert_allclose(measured.errors, measured.y * 0.1 * np.sqrt(2))
    assert (published.x.tolist(), published.y.tolist()) == ([32.0], [0.3])
    bare = dataclasses.replace(found, recipes=())
    assert len(stable_rates_panel(bare, 0.9).series) == 3


def test_exponents_between_sizes_are_slopes():
    panel = exponents_panel(searched(), 0.0)
    assert [r.at for r in panel.series if isinstance(r, Rule)] == [1.0, 0.5, 0.0]
    measured = panel.series[-1]
    np.testing.assert_allclose(measured.x, [16.0, 64.0])
    np.testing.assert_allclose(measured.y, [1.0, 1.0])
    low, high = panel.x_limits
    assert (low, high) == (4.0, 256.0)
