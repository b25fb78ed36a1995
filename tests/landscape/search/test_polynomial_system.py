import numpy as np
import pytest
from numpy.polynomial.polynomial import polyval2d

from eigenscape.core import ConvergenceError
from eigenscape.landscape.search.polynomial_system import common_roots, mixed_volume


def test_planted_roots_are_found():
    """x² = y² + c and xy = d, by hand."""
    first = np.array([[-3.0, 0, -1], [0, 0, 0], [1, 0, 0]])
    second = np.array([[-2.0, 0], [0, 1.0]])
    assert mixed_volume(first, second) == 4
    roots = common_roots(first, second, count=4)
    real = np.real(roots[np.abs(np.imag(roots)).max(axis=1) < 1e-9])
    assert sorted(np.round(real, 9).tolist()) == [[-2.0, -1.0], [2.0, 1.0]]


@pytest.mark.parametrize("degree", [2, 4])
def test_dense_polynomials_have_the_roots_of_bernstein(degree):
    rng = np.random.default_rng(degree)
    first, second = rng.standard_normal((2, degree + 1, degree + 1))
    assert mixed_volume(first, second) == 2 * degree**2
    roots = common_roots(first, second, count=2 * degree**2)
    for coefficients in (first, second):
        values = np.abs(polyval2d(*roots.T, coefficients))
        sizes = polyval2d(*np.abs(roots).T, np.abs(coefficients))
        assert (values < 1e-9 * sizes).all()
    # Real coefficients: roots come in conjugate pairs.
    gaps = np.abs(roots[:, None] - roots.conj()).max(axis=2).min(axis=1)
    assert (gaps < 1e-8 * np.abs(roots).max(axis=1)).all()


def test_a_missing_root_is_noticed():
    first = np.array([[-3.0, 0, -1], [0, 0, 0], [1, 0, 0]])
    second = np.array([[-2.0, 0], [0, 1.0]])
    with pytest.raises(ConvergenceError, match="5 common roots"):
        common_roots(first, second, count=5)
