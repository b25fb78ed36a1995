from __future__ import annotations

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.linear_statistics.linear_statistic import (
    LinearStatistic,
    bilinear,
)
from eigenscape.theory.linear_statistics.one_cut import wigner_statistics


def test_deviations_are_roots_of_the_diagonal():
    statistic = LinearStatistic(np.zeros(2), np.array([[4.0, 1.0], [1.0, 9.0]]))
    assert statistic.standard_deviation.tolist() == [2.0, 3.0]


def test_bilinear_form_weights_by_the_order():
    first, second = np.array([[7.0, 1.0, 2.0]]), np.array([[9.0, 3.0, 5.0]])
    assert bilinear(first, second).tolist() == [[1 * 3.0 + 2 * 10.0]]


def test_counting_has_no_finite_variance():
    with pytest.raises(ConvergenceError, match="smooth the functions"):
        wigner_statistics([lambda x: (x > 0.3).astype(float)])
