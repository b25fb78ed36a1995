"""What takes an array of points takes lists and numbers, and gives the same."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import (
    Discrete,
    MarchenkoPastur,
    Mixture,
    Semicircle,
    Uniform,
    cdf,
    free_additive_convolution,
    free_compression,
    log_potential,
    quantile,
    r_transform,
    s_transform,
    subordination,
    tracy_widom_cdf,
    tracy_widom_quantile,
)
from eigenscape.theory.laws.pointwise import pointwise
from eigenscape.theory.local_laws import number_variance, spacing_pdf

LAWS = [
    Semicircle(1.0),
    MarchenkoPastur(0.5),
    Discrete(np.array([0.0, 1.0, 5.0]), np.array([0.2, 0.3, 0.5])),
    Uniform(0.0, 3.0),
    Mixture(np.full(2, 0.5), (Semicircle(1.0), Uniform(0.0, 3.0))),
    free_additive_convolution(Semicircle(1.0), Uniform(0.0, 3.0)),
    free_compression(Uniform(0.0, 3.0), 0.5),
]
TWO = (Uniform(0.0, 3.0), Semicircle(1.0))
FUNCTIONS = [
    lambda x: cdf(Semicircle(1.0), x),
    lambda x: quantile(Semicircle(1.0), x),
    lambda x: r_transform(MarchenkoPastur(0.5), x),
    lambda x: s_transform(MarchenkoPastur(0.5), x),
    lambda x: log_potential(Semicircle(1.0), x),
    lambda x: subordination(*TWO, x)[1],
    lambda x: tracy_widom_cdf(x, 2),
    lambda x: tracy_widom_cdf(x=x, beta=2),
    lambda x: tracy_widom_quantile(x, beta=1),
    lambda x: number_variance(x, 2),
    lambda x: spacing_pdf(x, 1),
]
X = np.array([0.25, 0.5, 0.75])


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_laws_take_numbers_and_lists(law):
    for function in (law.density, law.stieltjes, law.stieltjes_derivative):
        values = function(X)
        assert np.array_equal(function(X.tolist()), values)
        assert np.array_equal(function(X[None, :].tolist()), values[None, :])
        assert np.allclose(function(float(X[1])), values[1], rtol=1e-14, atol=0)
        assert np.ndim(function(float(X[1]))) == 0
        # Every X is a float32.
        assert np.array_equal(function(X.astype(np.float32)), values)
    assert law.self_energy(3 + 1j)[0] == law.self_energy(np.array([3 + 1j]))[0][0]
    whole = law.density(np.array([1.0, 2.0]))
    assert np.array_equal(law.density(np.array([1, 2])), whole)
    assert np.array_equal(law.density(x=[1, 2]), whole)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_of_points_take_numbers_and_lists(function):
    values = function(X)
    assert np.allclose(function(X.tolist()), values, rtol=1e-14, atol=0)
    assert np.allclose(function(0.5), values[1], rtol=1e-14, atol=0)
    assert np.ndim(function(0.5)) == 0


@pytest.mark.parametrize("points", ["far out", [1.0, None], [[1.0], [1.0, 2.0]]])
def test_refuses_what_is_no_number_in_one_line(points):
    with pytest.raises(ValueError, match=r"^x: expected numbers, got ") as caught:
        Semicircle(1.0).density(points)
    assert "\n" not in str(caught.value)


def test_a_missing_argument_is_reported_as_ever():
    @pointwise(1)
    def scaled(law, points):
        return law * points

    assert scaled(2.0, points=3) == 6
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        scaled(2.0)
