import dataclasses

import numpy as np
import pytest

from eigenscape.core import ConvergenceError, load, save
from eigenscape.landscape.searched_points import (
    STATUSES,
    PointTest,
    SearchedPoints,
)


def searched(*statuses):
    count = len(statuses)
    zeros, none = np.zeros(count), np.zeros(count, np.int64)
    codes = np.array([STATUSES.index(s) for s in statuses])
    return SearchedPoints(
        0.5,
        PointTest(),
        zeros,
        np.arange(count) / 8,
        np.geomspace(1e-24, 1e-2, count),
        np.arange(count),
        none,
        zeros,
        zeros,
        zeros,
        codes,
        none + 7,
        np.zeros((count, 16)),
    )


def test_finding_nothing_is_an_error_that_says_what_was_found():
    ends = searched("trap", "escaping", "trap")
    with pytest.raises(ConvergenceError, match="1 escaping, 2 trap, 0 unfinished"):
        ends.found()


def test_critical_points_are_selected():
    ends = searched("trap", "critical", "unfinished", "critical")
    found = ends.found()
    assert found.energies.tolist() == [1 / 8, 3 / 8]
    assert found.index.tolist() == [1 / 16, 3 / 16]
    assert found.points.shape == (2, 16)
    assert ends.are("trap").tolist() == [True, False, False, False]
    assert ends.accepted(1e-6).tolist() == [True, True, True, False]


def test_saved_loaded_and_laid_out(tmp_path):
    ends = searched("critical", "trap")
    save(ends, tmp_path / "points")
    again = load(SearchedPoints, tmp_path / "points")
    for field in dataclasses.fields(ends):
        assert np.array_equal(getattr(again, field.name), getattr(ends, field.name))
    table = ends.to_table()
    row = dict(zip(table.columns, table.rows[1], strict=True))
    assert (row["statuses"], row["steps"], row["energies"]) == ("trap", 7, 1 / 8)
