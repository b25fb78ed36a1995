import dataclasses

import numpy as np

from eigenscape.report.figures.outlier_fit import exponent_profile, outlier_curves
from eigenscape.report.figures.panel import Line, Points, Rule
from eigenscape.spectra.batch_outliers import FittedSweep, fit_sweep
from planted_sweeps import planted_sweep


def fitted(rng, sizes=(2, 8, 32, 128, 512)):
    return fit_sweep(planted_sweep(rng, sizes=sizes))


def of_kind(panel, kind):
    return [item for item in panel.series if isinstance(item, kind)]


def test_the_panel_shows_draws_means_and_curves(rng):
    found = fitted(rng)
    panel = outlier_curves(found)
    lines = of_kind(panel, Line)
    assert len(lines) == 5
    np.testing.assert_array_equal(lines[2].y, found.fit.curve[:, 2])
    assert {line.dash for line in lines} == {"solid"}
    points = of_kind(panel, Points)
    assert len(points) == 10
    assert points[0].x.size == 40
    np.testing.assert_array_equal(points[1].y, found.sweep.means[:, 0])
    np.testing.assert_array_equal(points[1].errors, found.fit.standard_errors[:, 0])
    assert panel.y_log
    assert panel.title == "Hessian H, train data (end)"


def test_a_fit_at_an_exponent_that_is_held_is_dashed_and_said(rng):
    panel = outlier_curves(fitted(rng, (2, 512)))
    lines = of_kind(panel, Line)
    assert {line.dash for line in lines} == {"dash"}
    assert lines[0].key == "fitted form, υ held at 0.50"


def test_sizes_left_out_and_missing_fits_are_drawn_without(rng):
    found = fitted(rng)
    values = found.sweep.values.copy()
    values[0] = np.nan
    left_out = dataclasses.replace(found.sweep, values=values)
    panel = outlier_curves(FittedSweep(left_out, None, "no fit"))
    assert not of_kind(panel, Line)
    assert np.isnan(of_kind(panel, Points)[1].y[0])


def test_the_profile_shows_the_level_the_interval_and_one_half(rng):
    found = fitted(rng)
    panel = exponent_profile(found.fit)
    heights = {rule.at: rule.vertical for rule in of_kind(panel, Rule)}
    assert heights == {found.fit.profile_bound: False, 0.5: True}
    (points,) = of_kind(panel, Points)
    exponent = found.fit.exponent
    assert points.x.tolist() == [exponent.lower, exponent.value, exponent.upper]
    # the ends lie on the profile where it crosses the level: the grid is coarse there
    low, high = panel.limits()[1]
    assert low < found.fit.chi_square < high


def test_an_exponent_that_is_not_identified_is_said_not_marked(rng):
    panel = exponent_profile(fitted(rng, (2, 512)).fit)
    assert panel.title == "Profile over the exponent: υ is not identified"
    assert not of_kind(panel, Points)
