import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kstest, wasserstein_distance

from eigenscape.spectra import (
    SpectralMeasure,
    cumulative,
    kolmogorov,
    mean_absolute_deviation,
    measure_of_eigenvalues,
    wasserstein,
)
from eigenscape.theory import Affine, Discrete, Semicircle, cdf, quantile

values = arrays(np.float64, st.integers(1, 12), elements=st.floats(-5, 5))


@given(values, values)
def test_distances_between_atoms_agree_with_scipy(first, second):
    weights = np.full(second.size, 1 / second.size)
    law = Discrete(np.unique(second), _merged(second, weights))
    got = wasserstein(measure_of_eigenvalues(first), law)
    # a step of the law inside a cell of the 1024-point grid errs by half the cell
    span = max(first.max(), second.max()) - min(first.min(), second.min())
    assert got == pytest.approx(wasserstein_distance(first, second), abs=span / 500)


def _merged(atoms, weights):
    return np.array([weights[atoms == a].sum() for a in np.unique(atoms)])


def test_quantiles_of_a_law_are_near_it():
    """n mid-quantiles are within W₁ ≤ width/n of the law."""
    law, n = Semicircle(1.0), 200
    measure = measure_of_eigenvalues(quantile(law, (np.arange(n) + 0.5) / n))
    assert wasserstein(measure, law) < 4 / n
    assert kolmogorov(measure, law) == pytest.approx(0.5 / n, rel=1e-6)


def test_a_shift_is_its_own_distance():
    law, n = Semicircle(1.0), 400
    measure = measure_of_eigenvalues(quantile(law, (np.arange(n) + 0.5) / n))
    moved = Affine(law, 1.0, 0.7)
    assert wasserstein(measure, moved) == pytest.approx(0.7, abs=4 / n)


def test_kolmogorov_agrees_with_scipy(rng):
    law = Semicircle(1.0)
    sample = rng.uniform(-2, 2, 50)
    got = kolmogorov(measure_of_eigenvalues(sample), law)
    expected = kstest(sample, lambda x: cdf(law, np.asarray(x, float))).statistic
    assert got == pytest.approx(float(expected), rel=1e-9)


def test_the_cumulative_distribution_pools_probes():
    nodes = np.array([[0.0, 1.0], [2.0, 2.0]])
    measure = SpectralMeasure(nodes, np.array([[0.5, 0.5], [1.0, 0.0]]), 4)
    got = cumulative(measure, np.array([-1.0, 0.0, 0.5, 1.0, 2.0]))
    np.testing.assert_allclose(got, [0, 0.25, 0.25, 0.5, 1.0])


@given(values)
def test_the_deviation_is_about_the_median(sample):
    got = mean_absolute_deviation(measure_of_eigenvalues(sample))
    expected = np.abs(sample - np.median(sample)).mean()
    assert got == pytest.approx(expected, abs=1e-12)
