from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.report.pens.ticks import log_ticks


@given(st.floats(-12, 12), st.floats(0.02, 20))
def test_ticks_lie_inside_ascend_and_are_two_to_nine(start, decades):
    low, high = 10**start, 10 ** (start + decades)
    places = [place for place, _ in log_ticks(low, high)]
    assert places == sorted(set(places))
    slack = 1e-12  # rounding of i · step
    assert low * (1 - slack) <= places[0]
    assert places[-1] <= high * (1 + slack)
    assert 2 <= len(places) <= 9


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (
            0.09,
            0.17,
            ["0.09", "0.1", "0.11", "0.12", "0.13", "0.14", "0.15", "0.16", "0.17"],
        ),
        (1.0, 100.0, ["1", "2", "3", "5", "10", "20", "30", "50", "100"]),
        (1e-6, 1.0, ["10⁻⁶", "10⁻⁵", "0.0001", "0.001", "0.01", "0.1", "1"]),
    ],
)
def test_labels(low, high, labels):
    found = [label for _, label in log_ticks(low, high)]
    assert set(found) <= set(labels)
    assert len(found) >= 3


def test_long_axes_have_powers_of_ten_only():
    places = [place for place, _ in log_ticks(1e-20, 1e20)]
    powers = [math.log10(p) for p in places]
    assert powers == pytest.approx([round(p) for p in powers])
