import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import level_samples as samples
from eigenscape.spectra.local.number_variance import number_variance, squared_excess
from eigenscape.theory.local_laws import number_variance as theory

LENGTHS = np.array([0.5, 2.0, 10.0, 37.0])


@given(
    st.lists(st.integers(0, 160), max_size=25),
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
    st.integers(1, 30),
)
def test_the_average_over_starts_is_exact(places, steps, length):
    # levels, ends and lengths on a lattice, so that the count is constant in each cell
    levels = np.sort(np.array(places, dtype=float)) / 8
    edges = np.cumsum([0.0, *steps]) / 16
    middles = (np.arange(int(edges[-1] * 16)) + 0.5) / 16
    inside = (levels > middles[:, None]) & (levels < middles[:, None] + length / 16)
    squares = (inside.sum(1) - length / 16) ** 2 / 16
    cells = np.searchsorted(edges, middles) - 1
    expected = np.bincount(cells, squares, minlength=len(steps))
    got = squared_excess(levels, edges, length / 16)
    np.testing.assert_allclose(got, expected, atol=1e-11)


def test_equally_spaced_levels_vary_by_the_fraction():
    levels = samples.levels_of([np.arange(2000) + 0.5], 2000)
    lengths = np.array([0.25, 1.0, 7.5, 100.3, 125.0])
    part = lengths % 1
    got = number_variance(levels, lengths)
    # blocks do not end on whole levels: half a cell of 75 at most
    np.testing.assert_allclose(got.value, part * (1 - part), atol=2e-3)


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("trials", [samples.lone, samples.many])
def test_values_and_intervals(beta, trials):
    statistics = [number_variance(levels, LENGTHS) for levels in trials(beta)]
    expected = theory(LENGTHS, beta)
    values = np.array([s.value for s in statistics])
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    assert (np.abs(values.mean(0) - expected) < 4 * error).all()
    covered = samples.coverage(statistics, expected)
    assert covered.min() >= samples.least_coverage(len(statistics))


@pytest.mark.parametrize("beta", samples.BETAS)
def test_standard_errors_are_the_spread_of_the_values(beta):
    statistics = [number_variance(levels, LENGTHS) for levels in samples.lone(beta)]
    claimed = np.sqrt(np.mean([s.standard_error**2 for s in statistics], axis=0))
    found = np.std([s.value for s in statistics], axis=0, ddof=1)
    # the spread of 80 values is known to 8 %, more for skewed ones
    assert (np.abs(np.log(claimed / found)) < 0.3).all()


def test_unitary_levels_against_an_integral(rng):
    # independent of the package's theory: Σ² = L − 2 ∫ (L − r) Y₂, Y₂ = (sin πr/πr)²
    def integrand(r):
        return (20 - r) * np.sinc(r) ** 2

    unitary = 20 - 2 * quad(integrand, 0, 20, limit=200)[0]
    got = [number_variance(one, np.array([20.0])).value[0] for one in samples.lone(2)]
    error = np.std(got, ddof=1) / np.sqrt(len(got))
    assert abs(np.mean(got) - unitary) < 4 * error


def test_inflation_is_divided_out():
    plain = samples.lone(1)[0]
    blurred = type(plain)(plain.spectra, plain.spans, "pool", 600.0, inflation=1.25)
    first, second = (number_variance(one, LENGTHS) for one in (plain, blurred))
    np.testing.assert_allclose(first.value, 1.25 * second.value)
    np.testing.assert_allclose(first.standard_error, 1.25 * second.standard_error)


def test_lengths_beyond_the_trusted_are_marked():
    plain = samples.lone(1)[0]
    short = type(plain)(plain.spectra, plain.spans, "fit", 5.0)
    got = number_variance(short, LENGTHS)
    np.testing.assert_array_equal(got.trusted, [True, True, False, False])


@pytest.mark.parametrize("length", [-1.0, 0.0, 38.0, np.nan])
def test_windows_that_do_not_fit_are_refused(length):
    with pytest.raises(ValueError, match="lengths: expected positive numbers up to 37"):
        number_variance(samples.lone(1)[0], np.array([1.0, length]))


def test_no_lengths_give_no_values():
    got = number_variance(samples.lone(1)[0], np.zeros(0))
    assert got.value.size == got.units.size == 0
