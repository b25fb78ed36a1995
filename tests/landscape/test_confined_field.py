import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.landscape.confined_field import sample_confined_field


def test_one_dimension_by_hand():
    """H = m + g + t with normal g of variance 2 and t of variance 1."""
    strengths = np.array([0.5, 1.0, 2.0])
    rng = np.random.default_rng(0)
    found = sample_confined_field(strengths, 1, 3_000, rng=rng)
    for m, total, minima in zip(
        strengths, found.sampled, found.sampled_minima, strict=True
    ):
        normal = stats.norm(m, math.sqrt(3))
        positive = normal.expect(lambda x: x, lb=0)
        either = positive - normal.expect(lambda x: x, ub=0)
        # Relative errors of 2 % with three thousand draws, fourfold.
        assert math.exp(total) == pytest.approx(either / m, rel=0.08)
        assert math.exp(minima) == pytest.approx(positive / m, rel=0.08)


def test_counts_tend_to_the_published_limits():
    strengths = np.array([0.2, 0.5, 0.8, 1.5])
    errors = []
    for size in (20, 60):
        rng = np.random.default_rng(1)
        found = sample_confined_field(strengths, size, 150, rng=rng)
        exact = np.where(strengths < 1, (strengths**2 - 1) / 2 - np.log(strengths), 0.0)
        assert found.complexity == pytest.approx(exact, abs=1e-12)
        errors.append(np.abs(found.sampled - exact).max())
        assert errors[-1] < math.log(size) / size
        assert (found.sampled_minima <= found.sampled + 1e-12).all()
    assert errors[1] < errors[0]


def test_a_deep_well_has_one_point_which_is_a_minimum():
    rng = np.random.default_rng(2)
    found = sample_confined_field(np.array([4.0]), 30, 100, rng=rng)
    assert found.sampled == pytest.approx(0, abs=0.002)
    assert found.sampled_minima == pytest.approx(found.sampled, abs=1e-9)
