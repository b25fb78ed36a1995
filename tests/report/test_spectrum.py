from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eigenscape.report import Band, Line, Points, Rule, bulk, spectrum
from surveys import planted_survey


@pytest.fixture(scope="module")
def checkpoint():
    return planted_survey().checkpoints[-1]


def named(panel, kind, name):
    return [s for s in panel.series if isinstance(s, kind) and s.name == name]


def test_the_measured_density_is_the_one_of_the_survey(checkpoint):
    panel = spectrum(checkpoint)
    (line,) = named(panel, Line, "measured")
    shown = np.isfinite(line.y)
    assert shown.any()
    np.testing.assert_array_equal(line.x, checkpoint.density.grid)
    np.testing.assert_array_equal(line.y[shown], checkpoint.density.values[shown])
    assert panel.y_log


def test_one_eigenvalue_is_visible(checkpoint):
    """Every outlier of average weight 1/P peaks inside the axes."""
    panel = spectrum(checkpoint)
    peak = 1 / (240 * checkpoint.density.bandwidth * np.sqrt(2 * np.pi))
    bottom, top = panel.y_limits
    assert bottom < peak < top


def test_outliers_and_edges_are_marked_where_they_are(checkpoint):
    panel = spectrum(checkpoint)
    (rug,) = named(panel, Points, "outlier")
    np.testing.assert_array_equal(rug.x, checkpoint.split.outliers)
    assert "(3)" in rug.key
    edges = [r.at for r in named(panel, Rule, "bulk edge")]
    assert tuple(edges) == checkpoint.split.bulk_edges


def test_the_band_is_two_standard_errors(checkpoint):
    (band,) = [s for s in bulk(checkpoint).series if isinstance(s, Band)]
    density = checkpoint.density
    above = density.values + 2 * density.standard_errors
    np.testing.assert_allclose(band.upper, above, rtol=1e-15)
    assert (band.lower >= 0).all()


def test_each_law_is_drawn_over_the_bulk_best_first(checkpoint):
    panel = bulk(checkpoint)
    families = [f.family for f in checkpoint.law_fits]
    drawn = [s for s in panel.series if isinstance(s, Line) and s.name in families]
    assert [s.name for s in drawn] == families
    assert [s.dash for s in drawn] == ["solid", *["dash"] * (len(families) - 1)]
    low, high = panel.x_limits
    assert low < checkpoint.split.bulk_edges[0]
    assert high > checkpoint.split.bulk_edges[1]
    assert high < checkpoint.split.upper.min()


def test_a_law_that_misses_does_not_flatten_the_bulk(checkpoint):
    fitted = checkpoint.density.fitted * np.array([[1.0], [1.0], [1e6]])
    density = dataclasses.replace(checkpoint.density, fitted=fitted)
    spoilt = dataclasses.replace(checkpoint, density=density)
    assert bulk(spoilt).y_limits == bulk(checkpoint).y_limits
    assert bulk(checkpoint).y_limits[1] > checkpoint.density.values.max()


def test_no_laws_and_no_outliers():
    checkpoint = planted_survey(dimension=60, checkpoints=("only",)).checkpoints[0]
    empty = np.empty((0, checkpoint.density.grid.size))
    density = dataclasses.replace(checkpoint.density, fitted=empty)
    split = dataclasses.replace(checkpoint.split, outliers=np.empty(0))
    bare = dataclasses.replace(checkpoint, law_fits=(), density=density, split=split)
    panel = spectrum(bare)
    assert not any(isinstance(s, Points) for s in panel.series)
    assert [s.name for s in panel.series if isinstance(s, Line)] == ["measured"]
