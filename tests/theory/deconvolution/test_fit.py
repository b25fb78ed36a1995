from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.deconvolution.errors import ReadingErrors
from eigenscape.theory.deconvolution.fit import WhitenedReadings, fit_measure
from eigenscape.theory.deconvolution.inversion import line_above
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.transforms import moments

POINTS = line_above(-2.0, 3.0, 1.0)


def readings(law, deviation=1e-9):
    count = 2 * POINTS.size
    errors = ReadingErrors(np.zeros_like(POINTS), deviation**2 * np.eye(count))
    return WhitenedReadings.of(POINTS, law.stieltjes(POINTS), errors)


def test_atoms_off_the_grid_are_found():
    law = Discrete(np.array([-1.2345, 0.7071, 2.0]), np.array([0.2, 0.5, 0.3]))
    exact = readings(law)
    found, misfit = fit_measure(exact, -2.0, 3.0, exact.target)
    for order in range(1, 7):
        value = found.locations**order @ found.weights
        exact_value = law.locations**order @ law.weights
        assert value == pytest.approx(exact_value, rel=1e-6)
    assert misfit < exact.target.size


def test_a_smooth_law_keeps_its_moments():
    exact = readings(Semicircle(0.8))
    found, _ = fit_measure(exact, -2.0, 3.0, exact.target)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert (found.weights > 0).all()
    values = [found.locations**k @ found.weights for k in range(1, 7)]
    assert np.allclose(values, moments(Semicircle(0.8), 6), atol=1e-6)


def test_errors_are_independent_of_variance_one(rng):
    root = rng.standard_normal((2 * POINTS.size, 2 * POINTS.size)) * 1e-3
    covariance = root @ root.T
    values = Semicircle().stieltjes(POINTS)
    errors = ReadingErrors(np.zeros_like(POINTS), covariance)
    whitened = WhitenedReadings.of(POINTS, values, errors).whitening
    product = whitened @ covariance @ whitened.T
    # The lesser errors make every variance a little less than 1.
    assert np.abs(product - np.diag(np.diagonal(product))).max() < 0.1
    assert (np.diagonal(product) < 1 + 1e-9).all()
    assert np.diagonal(product)[-1] == pytest.approx(1.0, abs=0.01)


def test_the_mean_error_is_taken_off():
    values, shift = Semicircle().stieltjes(POINTS), np.full_like(POINTS, 0.01 - 0.02j)
    errors = ReadingErrors(shift, 1e-6 * np.eye(2 * POINTS.size))
    moved = WhitenedReadings.of(POINTS, values + shift, errors)
    parts = np.linalg.solve(moved.whitening, moved.target)
    assert np.allclose(parts, np.concatenate([values.real, values.imag]), atol=1e-12)
