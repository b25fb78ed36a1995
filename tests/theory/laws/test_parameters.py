from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory.laws.parameters import (
    as_vector,
    require_finite,
    require_interval,
    require_weights,
)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_require_finite_names_the_parameter(value):
    with pytest.raises(ValueError, match=r"^shift: expected a finite number, got"):
        require_finite("shift", value)


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 1.0), (2.0, 1.0), (0.0, math.nan)])
def test_require_interval_wants_ascending_ends(lower, upper):
    with pytest.raises(ValueError, match=r"^(lower|upper): expected"):
        require_interval(lower, upper)


@pytest.mark.parametrize(
    "weights", [[], [0.5, 0.6], [1.5, -0.5], [1.0, 0.0], [math.nan, 1.0], [0.1] * 30]
)
def test_require_weights_in_one_line(weights):
    with pytest.raises(ValueError, match=r"^weights: expected positive") as caught:
        require_weights(np.array(weights, float))
    assert "\n" not in str(caught.value)


def test_weights_rounded_as_thirds_pass():
    require_weights(np.full(3, 1 / 3))
    require_weights(np.full(1_000_000, 1e-6))


def test_vectors_of_lists_and_integers_and_of_doubles_without_a_copy():
    vector = np.array([1.0, 2.0])
    assert as_vector("weights", vector) is vector
    for values in ([1, 2], (1.0, 2), np.array([1, 2]), np.float32([1, 2])):
        found = as_vector("weights", values)
        assert found.dtype == np.float64
        assert np.array_equal(found, vector)


@pytest.mark.parametrize("values", [1.0, "ab", [1.0, None], [1j], [[1.0], [2.0, 3.0]]])
def test_what_is_no_vector_is_refused_in_one_line(values):
    with pytest.raises(ValueError, match=r"^weights: expected a row of real") as caught:
        as_vector("weights", values)
    assert "\n" not in str(caught.value)
