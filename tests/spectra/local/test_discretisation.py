import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import level_samples as samples
from eigenscape.spectra.local.discretisation import find_lattice


def distinct(row):
    return np.unique(row)


@pytest.mark.parametrize("step", [1.0, 0.001, 0.3, 2.0**-20])
def test_a_planted_lattice_is_found(step):
    row = samples.spectra(1, 4)[0]
    found = find_lattice([distinct(step * np.rint(row / (40 * step) * 4000))])
    assert found.step == pytest.approx(step, rel=1e-9)


def test_levels_lie_on_none_that_matters():
    for beta in samples.BETAS:
        found = find_lattice(samples.bulk_levels(beta, 4))
        assert found is None or found.share < 1e-6
    assert find_lattice([np.array([1.0])]) is None
    assert find_lattice([]) is None


def test_rounding_matters_only_where_it_is_coarse():
    row = samples.spectra(1, 4)[0]
    spacing = float(np.median(np.diff(row)))
    coarse = find_lattice([distinct(0.1 * spacing * np.rint(10 * row / spacing))])
    assert coarse.share == pytest.approx(0.1, rel=0.1)
    assert coarse.harmful
    fine = find_lattice([distinct(0.01 * spacing * np.rint(100 * row / spacing))])
    assert not fine.harmful


def test_the_grid_of_a_float_type_far_from_zero():
    row = distinct((5000 + samples.spectra(1, 4)[0]).astype(np.float32).astype(float))
    found = find_lattice([row])
    # float32 numbers of 4096 to 8192 are 2⁻¹¹ apart
    assert found.step == 2.0**-11
    assert found.harmful


@given(st.lists(st.integers(-500, 500), min_size=3, max_size=30, unique=True))
def test_the_step_is_the_greatest_common_divisor(places):
    row = np.sort(np.array(places, dtype=float))
    divisor = np.gcd.reduce(np.diff(row).astype(int))
    assert find_lattice([0.7 * row]).step == pytest.approx(0.7 * divisor, rel=1e-6)
