import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eigenscape.spectra import (
    SpectralMeasure,
    measure_median,
    measure_moments,
    measure_of_eigenvalues,
    restrict,
)

finite = st.floats(-1e3, 1e3)
spectra = arrays(np.float64, st.integers(1, 40), elements=finite)


@given(spectra)
def test_all_eigenvalues_make_an_exact_measure(eigenvalues):
    measure = measure_of_eigenvalues(eigenvalues)
    moments = measure_moments(measure, 3)
    for k, moment in enumerate(moments, start=1):
        scale = max(1.0, float(np.abs(eigenvalues).max()) ** k)
        expected = (eigenvalues**k).mean()
        assert abs(moment.value - expected) <= 1e-14 * scale * eigenvalues.size
        assert moment.standard_error == 0.0
    assert measure.dimension == eigenvalues.size


@given(spectra)
def test_the_median_halves_the_mass(eigenvalues):
    median = measure_median(measure_of_eigenvalues(eigenvalues))
    assert (eigenvalues <= median).mean() >= 0.5 - 1e-12
    assert (eigenvalues < median).mean() <= 0.5 + 1e-12


def test_standard_errors_cover(rng):
    """Student intervals of the mean of 20 probes hold the truth 95 % of times."""
    truth, probes, hits, trials = 2.0, 20, 0, 400
    for _ in range(trials):
        nodes = truth + rng.standard_normal((probes, 1))
        measure = SpectralMeasure(nodes, np.ones((probes, 1)), 10)
        moment = measure_moments(measure, 1)[0]
        # Student quantile of 19 degrees of freedom
        hits += abs(moment.value - truth) <= 2.093 * moment.standard_error
    assert abs(hits / trials - 0.95) < 4 * np.sqrt(0.95 * 0.05 / trials)


def test_restriction_keeps_what_lies_inside():
    measure = measure_of_eigenvalues(np.array([-3.0, 0.0, 1.0, 2.0, 9.0]))
    inner = restrict(measure, 0.0, 2.0)
    assert inner.dimension == 3
    assert measure_moments(inner, 1)[0].value == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"expected mass on \[10, 11\], got none"):
        restrict(measure, 10.0, 11.0)


def test_rows_may_be_padded():
    nodes = np.array([[1.0, 2.0], [3.0, 3.0]])
    measure = SpectralMeasure(nodes, np.array([[0.5, 0.5], [1.0, 0.0]]), 4)
    assert measure.probes == 2
    assert measure_moments(measure, 1)[0].value == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("nodes", "weights", "dimension", "expected"),
    [
        (np.ones((1, 2)), np.ones((1, 1)), 1, "expected equal shapes|Type-check"),
        (np.ones((1, 0)), np.ones((1, 0)), 1, "expected equal shapes"),
        (np.array([[np.nan]]), np.ones((1, 1)), 1, "expected finite numbers"),
        (np.ones((1, 2)), np.array([[1.5, -0.5]]), 1, "non-negative rows that sum"),
        (np.ones((1, 2)), np.array([[0.5, 0.4]]), 1, "non-negative rows that sum"),
        (np.ones((1, 1)), np.ones((1, 1)), 0, "dimension: expected at least 1, got 0"),
    ],
)
def test_bad_measures_are_refused(nodes, weights, dimension, expected):
    with pytest.raises(Exception, match=expected) as caught:
        SpectralMeasure(nodes, weights, dimension)
    assert isinstance(caught.value, ValueError | TypeError)
