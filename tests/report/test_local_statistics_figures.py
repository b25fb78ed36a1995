import numpy as np
import pytest

import level_samples as samples
from eigenscape.report.figures.local_statistics import (
    law_panels,
    number_variance_panel,
    published_ratio_panel,
    published_spacing_panel,
    ratio_panel,
    resolution_panel,
    spacing_panel,
)
from eigenscape.report.figures.panel import Line, Points, Rule
from eigenscape.report.pens import draw_matplotlib
from eigenscape.spectra.local.analysis import local_statistics
from eigenscape.spectra.local.resolution import resolve
from eigenscape.theory.local_laws import number_variance, ratio_surmise_pdf


@pytest.fixture(scope="module")
def found():
    return local_statistics([row[:200] for row in samples.bulk_levels(1, 4)])


def lines(panel):
    return {item.name: item for item in panel.series if isinstance(item, Line)}


def test_every_panel_draws_and_names_the_laws(found):
    panels = dict(law_panels(found))
    assert list(panels) == [
        "spectrum",
        "spacings",
        "ratios",
        "number-variance",
        "rigidity",
    ]
    for name, panel in panels.items():
        assert draw_matplotlib(panel).axes
        if name != "spectrum":
            assert {"GOE", "GUE", "Poisson", "two blocks"} <= set(lines(panel))


def test_curves_are_the_laws_and_histograms_have_mass_one(found):
    drawn = lines(ratio_panel(found.ratios))
    goe = drawn["GOE"]
    np.testing.assert_allclose(goe.y, 2 * ratio_surmise_pdf(goe.x, 1))
    steps = drawn["measured, resolved levels"]
    assert np.trapezoid(steps.y, steps.x) == pytest.approx(1)
    # of curves on [0, 1], each is a density too
    for name in ("GOE", "GUE", "Poisson", "two blocks"):
        assert np.trapezoid(drawn[name].y, drawn[name].x) == pytest.approx(1, abs=1e-3)
    for name, curve in lines(spacing_panel(found.spacings)).items():
        if name not in {"measured, resolved levels", "Poisson"}:
            assert np.trapezoid(curve.y, curve.x) == pytest.approx(1, abs=0.03)


def test_number_variance_has_two_standard_errors(found):
    panel = number_variance_panel(found.number_variance)
    (points,) = [item for item in panel.series if isinstance(item, Points)]
    np.testing.assert_array_equal(points.y, found.number_variance.value)
    most = 0.9 * points.y
    expected = np.minimum(2 * found.number_variance.standard_error, most)
    np.testing.assert_array_equal(points.errors, expected)
    curve = lines(panel)["GUE"]
    np.testing.assert_allclose(curve.y, number_variance(curve.x, 2))


def test_published_panels(found):
    drawn = lines(published_ratio_panel(found.published.ratios))
    np.testing.assert_allclose(drawn["GUE"].y, ratio_surmise_pdf(drawn["GUE"].x, 2))
    panel = published_spacing_panel(found.published.spacings[1])
    assert panel.title.endswith("|λ| above 10⁻²⁰")
    steps = lines(panel)["as published"]
    assert np.trapezoid(steps.y, steps.x) == pytest.approx(1)


def test_the_resolution_is_marked():
    row = np.array([-2.0, 0.0, 1e-17, 1.0, 3.0])
    panel = resolution_panel(resolve(row))
    points = {p.name: p for p in panel.series if isinstance(p, Points)}
    assert sorted(points["resolved"].y) == [1.0, 2.0, 3.0]
    assert sorted(points["resolved"].x) == [1.0, 2.0, 3.0]
    assert points["within the resolution of zero"].y.tolist() == [1e-17]
    (rule,) = [item for item in panel.series if isinstance(item, Rule)]
    assert rule.at == pytest.approx(30 * np.finfo(float).eps)
    many = resolution_panel(resolve(np.arange(1.0, 9000)))
    assert many.series[0].x.size <= 3000
    assert resolution_panel(resolve(np.zeros(3))).series == ()
