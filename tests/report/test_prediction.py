"""The figure of predicted outliers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eigenscape.report import Band, Line, Points
from eigenscape.report.figures.prediction import prediction
from eigenscape.report.pens import draw_plotly, write_svg
from surveys import planted_survey, predicted_survey


def series(panel, kind, key):
    return [s for s in panel.series if isinstance(s, kind) and s.key == key]


def test_curves_and_band_are_those_predicted():
    checkpoint = predicted_survey().checkpoints[-1]
    panel, curve = prediction(checkpoint), checkpoint.prediction.curve
    lines = series(panel, Line, "predicted")
    floor = 0.01 * curve.spikes[0]
    for line, mean in zip(lines, curve.mean.T, strict=True):
        np.testing.assert_array_equal(line.x, curve.batch_sizes)
        np.testing.assert_array_equal(line.y, np.where(mean > floor, mean, np.nan))
    (band,) = series(panel, Band, "95 % of batches, λ₁")
    lower, upper = curve.interval()
    np.testing.assert_array_equal(band.upper, upper[:, 0])
    np.testing.assert_array_equal(band.lower, np.maximum(lower[:, 0], floor))


def test_measured_points_lie_on_it():
    checkpoint = predicted_survey().checkpoints[-1]
    panel = prediction(checkpoint)
    means = series(panel, Points, "measured mean ± standard error")
    assert len(means) == 5
    for i, points in enumerate(means):
        found = [b.values[:, i].mean() for b in checkpoint.batches]
        np.testing.assert_allclose(points.y, found, rtol=1e-14)
        spread = [b.values[:, i].std(ddof=1) / 6**0.5 for b in checkpoint.batches]
        np.testing.assert_allclose(points.errors, spread, rtol=1e-12)
    draws = series(panel, Points, "measured, one draw")
    assert sum(s.x.size for s in draws) == 5 * 5 * 6


def test_other_laws_are_thin_lines_of_the_largest():
    checkpoint = predicted_survey().checkpoints[-1]
    panel = prediction(checkpoint)
    for law in ("additive", "unweighted sampling"):
        (line,) = series(panel, Line, f"{law}, λ₁")
        rival = checkpoint.prediction.competition.competitor(law).prediction
        np.testing.assert_array_equal(line.y, rival.mean[:, 0])
        assert line.dash == "dash"
        assert line.width < 1


def test_without_a_prediction_there_is_no_figure():
    assert prediction(planted_survey().checkpoints[-1]) is None


def test_without_batches_the_curve_stands_alone(tmp_path):
    panel = prediction(predicted_survey(measured=False).checkpoints[-1])
    assert not [s for s in panel.series if isinstance(s, Points)]
    write_svg(panel, tmp_path / "figure.svg")
    assert draw_plotly(panel).data


def test_one_draw_has_no_error_bar():
    checkpoint = predicted_survey().checkpoints[-1]
    single = tuple(
        replace(b, values=b.values[:1], residuals=b.residuals[:1])
        for b in checkpoint.batches
    )
    panel = prediction(replace(checkpoint, batches=single))
    means = series(panel, Points, "measured mean ± standard error")
    assert not any(points.errors.any() for points in means)
