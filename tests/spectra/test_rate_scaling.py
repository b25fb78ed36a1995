from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.rate_scaling import (
    RateScaling,
    effective_batch_size,
    regime_name,
)


def scaling():
    sizes = 2.0 ** np.arange(6)
    return RateScaling(
        law="planted",
        optimiser="SGD",
        batch_sizes=sizes,
        effective=sizes,
        curvature=2 / sizes,
        rates=sizes,
        exponents=np.array([1.0, 0.8, 0.5, 0.3, 0.1, -0.5]),
    )


def test_regimes_are_runs_of_the_nearest_exponent():
    found = scaling()
    assert [(r.name, r.smallest, r.largest) for r in found.regimes] == [
        ("linear", 1, 2),
        ("square root", 4, 8),
        ("saturated", 16, 16),
        ("falling", 32, 32),
    ]
    assert found.verdict == (
        "SGD, planted: linear from b = 1 to 2, square root from b = 4 to 8, "
        "saturated at b = 16, falling at b = 32"
    )


def test_a_brief_regime_is_noise():
    sizes = 2.0 ** np.arange(0, 3, 0.25)
    exponents = np.array([0.9, 0.9, 0.9, 0.7, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.4, 0.1])
    found = replace(
        scaling(),
        batch_sizes=sizes,
        effective=sizes,
        curvature=sizes,
        rates=sizes,
        exponents=exponents,
    ).regimes
    assert [(r.name, r.largest) for r in found] == [
        ("linear", sizes[5]),
        ("square root", sizes[10]),
        ("saturated", sizes[11]),
    ]


def test_ends_between_two_exponents():
    names = [regime_name(e) for e in (0.76, 0.74, 0.26, 0.24, -0.24, -0.26)]
    assert names == [
        "linear",
        "square root",
        "square root",
        "saturated",
        "saturated",
        "falling",
    ]


def test_rates_in_between_follow_the_power_law():
    assert scaling().rate(3.0) == pytest.approx(3.0, rel=1e-12)
    assert scaling().rate(100.0) == pytest.approx(32.0, rel=1e-12)


def test_the_effective_batch_has_the_variance_of_one_without_replacement(rng):
    values, size = rng.standard_normal(12), 5
    means = [rng.permutation(values)[:size].mean() for _ in range(20_000)]
    effective = effective_batch_size(np.array([float(size)]), 12)[0]
    expected = values.var(ddof=1) / effective
    # a variance of 20,000 draws is known to √(2/20000) = 1 %
    assert np.var(means) == pytest.approx(expected, rel=0.04)
    assert np.isinf(effective_batch_size(np.array([12.0]), 12))
    assert effective_batch_size(np.array([5.0]), None) == 5


def test_storage_keeps_a_scaling(tmp_path):
    save(scaling(), tmp_path / "stored")
    again = load(RateScaling, tmp_path / "stored")
    assert again.verdict == scaling().verdict
    np.testing.assert_array_equal(again.rates, scaling().rates)


def test_bad_arguments():
    with pytest.raises(ValueError, match="^batch_sizes: expected 1 to 12"):
        effective_batch_size(np.array([13.0]), 12)
    with pytest.raises(ValueError, match="^batch_sizes: expected 1 to inf"):
        effective_batch_size(np.array([0.5]), None)
