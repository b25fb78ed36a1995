from __future__ import annotations

import numpy as np
import pytest

from eigenscape.report import Band, Line, Points, batch_scaling
from surveys import planted_survey


@pytest.fixture(scope="module")
def checkpoint():
    return planted_survey().checkpoints[-1]


def series(panel, kind, key):
    return [s for s in panel.series if isinstance(s, kind) and s.key == key]


def test_means_and_errors_are_those_of_the_scaling(checkpoint):
    panel = batch_scaling(checkpoint)
    scaling = checkpoint.scaling
    complete = series(panel, Points, "mean ± standard error")
    partial = series(panel, Points, "mean of the draws that show it")
    for i in range(3):
        mine = [
            s for s in (*complete, *partial) if s.name.startswith(f"outlier {i + 1},")
        ]
        sizes = np.concatenate([s.x for s in mine])
        order = np.argsort(sizes)
        seen = scaling.seen[:, i] > 0
        np.testing.assert_array_equal(sizes[order], scaling.batch_sizes[seen])
        means = np.concatenate([s.y for s in mine])[order]
        np.testing.assert_allclose(means, scaling.means[seen, i], rtol=1e-14)
        errors = np.concatenate([s.errors for s in mine])[order]
        expected = scaling.deviations[seen, i] / np.sqrt(scaling.seen[seen, i])
        np.testing.assert_allclose(errors, expected, rtol=1e-14)


def test_a_mean_over_some_draws_only_is_a_ring(checkpoint):
    panel = batch_scaling(checkpoint)
    scaling = checkpoint.scaling
    hidden = (scaling.seen > 0) & (scaling.seen < scaling.draws[:, None])
    rings = series(panel, Points, "mean of the draws that show it")
    assert hidden.any()
    assert sum(s.x.size for s in rings) == hidden.sum()
    assert {s.symbol for s in rings} == {"open"}


def test_the_best_model_is_solid_with_bands_and_the_other_dashed(checkpoint):
    panel = batch_scaling(checkpoint)
    best = checkpoint.scaling.fit(checkpoint.scaling.best)
    key = f"{best.model} noise (best)"
    solid = series(panel, Line, key)
    assert [s.dash for s in solid] == ["solid"] * 3
    for i, (line, band) in enumerate(zip(solid, series(panel, Band, key), strict=True)):
        np.testing.assert_array_equal(line.y, best.curve[:, i])
        np.testing.assert_array_equal(band.lower, best.curve_lower[:, i])
        np.testing.assert_array_equal(band.upper, best.curve_upper[:, i])
    (other,) = [f for f in checkpoint.scaling.fits if f is not best]
    dashed = series(panel, Line, f"{other.model} noise")
    assert [s.dash for s in dashed] == ["dash"] * 3
    assert not series(panel, Band, f"{other.model} noise")


def test_an_outlier_has_one_colour_whatever_shows_it(checkpoint):
    panel = batch_scaling(checkpoint)
    for i in range(3):
        shown = [s for s in panel.series if f"outlier {i + 1}" in s.name]
        assert len({s.colour for s in shown}) == 1
        assert len(shown) >= 4


def test_eigenvalues_on_all_the_data_stand_at_the_right(checkpoint):
    panel = batch_scaling(checkpoint)
    ticks = series(panel, Points, "on all the data")
    assert [float(s.y[0]) for s in ticks] == checkpoint.split.upper.tolist()
    curve_end = max(f.curve_batch_sizes[-1] for f in checkpoint.scaling.fits)
    place, label = panel.x_ticks[-1]
    assert label == "all"
    assert {float(s.x[0]) for s in ticks} == {place}
    assert place > curve_end
    assert panel.x_log
    assert panel.y_log


def test_every_draw_is_a_point(checkpoint):
    drawn = series(batch_scaling(checkpoint), Points, "one draw")
    assert (
        sum(int(np.isfinite(s.y).sum()) for s in drawn) == checkpoint.scaling.seen.sum()
    )


def test_without_outliers_the_largest_eigenvalue_is_drawn():
    survey = planted_survey(dimension=60, spikes=(), checkpoints=("only",))
    checkpoint = survey.checkpoints[0]
    assert checkpoint.scaling is None
    (points,) = series(batch_scaling(checkpoint), Points, "one draw")
    tops = np.concatenate([b.values[:, 0] for b in checkpoint.batches])
    np.testing.assert_array_equal(points.y, tops)


def test_negative_outliers_are_drawn_on_a_linear_scale():
    survey = planted_survey(dimension=60, shift=-30.0, checkpoints=("only",))
    assert not batch_scaling(survey.checkpoints[0]).y_log
