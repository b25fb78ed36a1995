import numpy as np
import pytest

from eigenscape.spectra.ritz_outliers import ritz_outliers

P = 10_000


def pick(rows, *, count=3, tolerance=1e-3, rounding=0.0):
    """Rows of value, residual and weight times P, in any order."""
    values, residuals, weights = np.array(rows, float).T
    return ritz_outliers(
        values,
        residuals,
        weights / P,
        dimension=P,
        count=count,
        tolerance=tolerance,
        rounding=rounding,
    )


def test_the_largest_are_listed_downwards():
    values, residuals = pick([(1, 0, 1), (5, 1e-3, 0.1), (-7, 0, 2), (3, 1e-4, 4)])
    assert values.tolist() == [5, 3, 1]
    assert residuals.tolist() == [1e-3, 1e-4, 0]


def test_a_chain_of_copies_is_one_eigenvalue_the_heaviest():
    rows = [(5 + 4e-4 * i, 1e-9, 10.0**-i) for i in range(6)]
    values, _ = pick([*rows, (3, 0, 1), (2, 0, 1)])
    assert values.tolist() == [5, 3, 2]


def test_copies_on_their_way_are_left_out():
    """Unconverged, between two eigenvalues, almost without weight."""
    values, _ = pick([(5, 0, 1), (4, 0.5, 1e-13), (3, 0, 1), (2, 0, 1)])
    assert values.tolist() == [5, 3, 2]


def test_nothing_below_an_eigenvalue_still_moving_is_listed():
    values, residuals = pick([(5, 0, 1), (4, 0.5, 1), (3, 0, 1), (2, 0, 1)])
    np.testing.assert_equal(values, [5, np.nan, np.nan])
    np.testing.assert_equal(residuals, [0, np.nan, np.nan])


def test_negative_eigenvalues_follow_where_there_is_nothing_else():
    values, _ = pick([(5, 0, 1), (-1, 0, 1), (-2, 0, 1)])
    assert values.tolist() == [5, -1, -2]


def test_a_symmetric_spectrum_half_converged_shows_one_end_only():
    """The lower end converges as soon as the upper; it must not fill the list."""
    values, _ = pick([(5, 0, 1), (4, 0.1, 1), (-4, 0.1, 1), (-5, 0, 1)])
    np.testing.assert_equal(values, [5, np.nan, np.nan])


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_does_not_matter(unit):
    rows = [(5.0, 1e-4, 1.0), (4.999, 1e-3, 0.1), (3.0, 2e-3, 1.0), (2.0, 9.0, 1.0)]
    scaled = [(v * unit, r * unit, w) for v, r, w in rows]
    np.testing.assert_allclose(pick(scaled)[0], unit * pick(rows)[0], rtol=1e-12)


def test_what_rounding_makes_of_zero_is_not_found():
    rows = [(5.0, 0.0, 1.0), (1e-7, 0.0, 1.0), (-1.0, 0.0, 1.0)]
    values, errors = pick(rows, rounding=1e-8)
    np.testing.assert_equal(values, [5.0, np.nan, np.nan])
    assert errors[0] == 5e-8
