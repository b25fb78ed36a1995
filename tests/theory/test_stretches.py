from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.stretches import crossing, positive_stretches


def parabola(centres, tops):
    """Margins top − (s − centre)², one curve each."""

    def margin(curve, s):
        index = np.broadcast_to(curve, s.shape)
        return tops[index] - (s - centres[index]) ** 2

    return margin


def test_a_stretch_far_narrower_than_the_samples_is_found():
    centres = np.array([0.123456, -0.7, 0.01])
    tops = np.array([1e-8, -1e-8, 0.25])
    found = positive_stretches(parabola(centres, tops), 3)
    assert found.curve.tolist() == [0, 2]
    # The last bracket, 3e-6, squared over the half width of 1e-4.
    assert found.low == pytest.approx([centres[0] - 1e-4, -0.49], abs=1e-7)
    assert found.high == pytest.approx([centres[0] + 1e-4, 0.51], abs=1e-7)


def test_stretches_that_reach_the_ends():
    found = positive_stretches(lambda _, s: s**2 - 0.25, 2)
    assert found.curve.tolist() == [0, 0, 1, 1]
    assert found.low == pytest.approx([-1, 0.5, -1, 0.5], abs=1e-9)
    assert found.high == pytest.approx([-0.5, 1, -0.5, 1], abs=1e-9)


def test_a_narrow_break_and_a_landmark():
    """A pole of width 1e-3 breaks a stretch; one of 1e-9 must be pointed at."""
    wide = positive_stretches(lambda _, s: 1 - 1e-6 / (s - 0.345) ** 2, 1)
    assert wide.low == pytest.approx([-1, 0.346], abs=1e-7)
    assert wide.high == pytest.approx([0.344, 1], abs=1e-7)
    place = np.array([[0.345, np.nan]])
    narrow = positive_stretches(
        lambda _, s: 1 - 1e-18 / np.maximum(np.abs(s - 0.345), 1e-14) ** 2, 1, place
    )
    assert narrow.curve.size == 2


def test_a_curve_may_be_undefined_in_parts():
    found = positive_stretches(
        lambda _, s: np.where(np.abs(s) < 0.5, 1 - 2 * s, np.nan), 1
    )
    assert found.low == pytest.approx([-0.5], abs=1e-5)
    assert found.high == pytest.approx([0.5], abs=1e-5)
    none = positive_stretches(lambda _, s: np.full_like(s, np.nan), 2)
    assert none.curve.size == 0


def test_rounding_is_no_stretch():
    rng = np.random.default_rng(0)
    found = positive_stretches(lambda _, s: 1e-15 * rng.standard_normal(s.shape), 3)
    assert found.curve.size == 0


def test_crossing_from_either_side():
    where = crossing(
        lambda _, s: np.cos(s),
        np.zeros(2, int),
        np.array([3.0, -2.0]),
        np.array([0.0, 1.0]),
        zooms=6,
    )
    assert where == pytest.approx([np.pi / 2, -np.pi / 2], abs=1e-14)
