import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import level_samples as samples
from eigenscape.spectra.local.rigidity import spectral_rigidity, window_rigidity
from eigenscape.theory.local_laws import spectral_rigidity as theory

LENGTHS = np.array([2.0, 10.0, 37.0])


def least_squares(levels, start, length):
    """The minimum from the normal equations, integrated step by step."""
    inside = levels[(levels >= start) & (levels < start + length)]
    knots = np.concatenate([[start], inside, [start + length]]) - start
    staircase = np.arange(inside.size + 1)
    zeroth = staircase @ np.diff(knots)
    first = staircase @ np.diff(knots**2) / 2
    square = staircase**2 @ np.diff(knots)
    gram = np.array([[length, length**2 / 2], [length**2 / 2, length**3 / 3]])
    right = np.array([zeroth, first])
    return (square - right @ np.linalg.solve(gram, right)) / length


@given(
    st.lists(st.floats(0, 40), max_size=30),
    st.lists(st.floats(0, 20), min_size=1, max_size=5),
    st.floats(0.5, 20),
)
def test_the_closed_form_is_the_least_square(places, starts, length):
    levels = np.sort(np.array(places))
    got = window_rigidity(levels, np.array(starts), length)
    expected = [least_squares(levels, start, length) for start in starts]
    # sums of squares of up to 30 levels cancel to a remainder of order one
    np.testing.assert_allclose(got, expected, atol=1e-10)


def test_equally_spaced_levels_stray_by_a_twelfth():
    levels = samples.levels_of([np.arange(3000) + 0.5], 3000)
    got = spectral_rigidity(levels, np.array([50.0, 150.0]))
    # the line gains 1/L² on the sawtooth's own 1/12
    np.testing.assert_allclose(got.value, 1 / 12, rtol=1e-3)


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("trials", [samples.lone, samples.many])
def test_values_and_intervals(beta, trials):
    statistics = [spectral_rigidity(levels, LENGTHS) for levels in trials(beta)[:80]]
    expected = theory(LENGTHS, beta)
    values = np.array([s.value for s in statistics])
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    assert (np.abs(values.mean(0) - expected) < 4 * error).all()
    covered = samples.coverage(statistics, expected)
    assert covered.min() >= samples.least_coverage(len(statistics))


def test_empty_windows_do_not_stray():
    assert window_rigidity(np.zeros(0), np.array([0.0]), 3.0)[0] == 0
    assert window_rigidity(np.array([9.0]), np.array([0.0]), 3.0)[0] == 0


def test_inflation_is_divided_out():
    plain = samples.lone(1)[0]
    blurred = type(plain)(plain.spectra, plain.spans, "pool", 600.0, inflation=1.25)
    first, second = (spectral_rigidity(one, LENGTHS) for one in (plain, blurred))
    np.testing.assert_allclose(first.value, 1.25 * second.value)
    np.testing.assert_allclose(first.standard_error, 1.25 * second.standard_error)


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="lengths: expected positive numbers up to 37"):
        spectral_rigidity(samples.lone(1)[0], np.array([40.0]))
