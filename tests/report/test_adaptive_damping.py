"""Figures of the damping study, from planted runs."""

import numpy as np
import pytest

from damped_runs import planted_study
from eigenscape.report.figures.adaptive_damping import damping_sensitivity, tuned_errors
from eigenscape.report.figures.panel import Line, Points


def test_tuned_errors_show_means_and_every_run():
    panel = tuned_errors(planted_study())
    runs, means, *_ = panel.series
    assert isinstance(runs, Points)
    assert isinstance(means, Points)
    assert means.y == pytest.approx([22, 17])
    assert means.errors == pytest.approx(2 * [1 / 3**0.5])
    assert runs.y == pytest.approx([21, 22, 23, 16, 17, 18])
    assert [label for _, label in panel.x_ticks] == ["SGD", "published"]
    assert len(panel.series) == 4


def test_gaps_are_differences():
    means = tuned_errors(planted_study(), gap=True).series[1]
    assert means.y == pytest.approx([0.21 / 2 * 100 + 1, 0.16 / 2 * 100 + 1])


def test_sensitivity_is_a_curve_over_dampings():
    panel = damping_sensitivity(planted_study(), "net", ("published",))
    line, points = panel.series
    assert isinstance(line, Line)
    assert line.x.tolist() == [0.1, 1.0]
    assert line.y == pytest.approx([17, 37])
    assert np.array_equal(points.y, line.y)
    assert panel.x_log
