from __future__ import annotations

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.rate_search import Recipe, StableRates
from searched_rates import searched


def test_runs_are_averaged_in_logarithms():
    found = searched().measured(0.9)
    np.testing.assert_allclose(found.batch_sizes, [8.0, 32.0])
    # runs at e^±0.1 around the planted mean
    np.testing.assert_allclose(found.rates, [0.08, 0.32], rtol=1e-12)
    np.testing.assert_allclose(found.spread, 0.1 * np.sqrt(2), rtol=1e-12)
    assert found.exponent(0, 1) == pytest.approx(1, rel=1e-12)


def test_sizes_without_a_rate_are_left_out():
    found = searched()
    assert found.measured(0.0).batch_sizes.tolist() == [8.0, 32.0, 128.0]
    assert found.factors("planted", 0.0).size == 3
    assert found.factors("planted", 0.9).size == 2


def test_factors_are_measured_over_predicted():
    found = searched()
    assert found.laws == ("planted", "flat")
    assert found.momenta == (0.0, 0.9)
    np.testing.assert_allclose(found.factors("planted", 0.0), 2.0, rtol=1e-12)
    np.testing.assert_allclose(found.factors("planted", 0.9), 1.0, rtol=1e-12)
    expected = np.array([0.16, 0.64, 2.56])
    np.testing.assert_allclose(found.factors("flat", 0.0), expected, rtol=1e-12)


def test_storage_keeps_the_result(tmp_path):
    found = searched()
    save(found, tmp_path / "stored")
    again = load(StableRates, tmp_path / "stored")
    assert again.recipes == (Recipe(32, 0.3, 0.9),)
    np.testing.assert_array_equal(again.searches[2].rates, found.searches[2].rates)
    assert again.scaling("flat", 0.9).optimiser == "heavy ball of momentum 0.9"
