from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import ConvergenceError
from eigenscape.theory.deconvolution.inversion import (
    invert_additive,
    invert_multiplicative,
    line_above,
)
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle


@dataclass(frozen=True)
class Sampled(Law):
    """The law of sample covariances, by a damped fixed point: transforms only."""

    population: Law
    ratio: float

    @property
    def support(self):
        return ()

    @property
    def atoms(self):
        return ()

    def density(self, x):
        raise NotImplementedError

    def stieltjes(self, z):
        w = z + 0j
        for _ in range(60):
            h = w * self.population.stieltjes(w)
            w = (w + z / (1 + self.ratio * (h - 1))) / 2
        return w * self.population.stieltjes(w) / z

    def stieltjes_derivative(self, z):
        return np.zeros_like(z)


@given(st.floats(-5, 5), st.floats(0, 5), st.floats(0.1, 3))
def test_line_covers_the_interval_and_two_heights_more(lower, width, height):
    points = line_above(lower, lower + width, height)
    assert np.allclose(points.imag, height)
    assert points.real[0] == pytest.approx(lower - 2 * height)
    assert points.real[-1] == pytest.approx(lower + width + 2 * height)
    assert np.diff(points.real).max() <= height / 2 * (1 + 1e-12)


@given(st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_semicircles_are_taken_apart(signal, noise):
    z = line_above(-1.0, 1.0, np.sqrt(8 * noise))
    spectrum = Semicircle(signal + noise)
    points, values = invert_additive(spectrum, Semicircle(noise), z)
    assert (points == z).all()
    assert np.allclose(values, Semicircle(signal).stieltjes(z), rtol=1e-12)


def test_a_wishart_matrix_is_half_of_a_sum_of_two():
    z = line_above(0.0, 3.0, 2.0)
    noise, total = MarchenkoPastur(0.5), MarchenkoPastur(0.25, 2.0)
    _, values = invert_additive(total, noise, z)
    assert np.allclose(values, noise.stieltjes(z), rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 4.0])
def test_equal_populations_are_found(ratio):
    law = MarchenkoPastur(ratio, 2.0)
    w = line_above(0.0, 4.0, 1.0)
    points, values = invert_multiplicative(law, MarchenkoPastur(ratio), w)
    assert np.allclose(values, 1 / (points - 2.0), rtol=1e-12)


def test_general_noise_agrees_with_the_closed_form():
    population = Discrete(np.array([1.0, 3.0]), np.array([0.4, 0.6]))
    # w(ω) = ω (1 + c (ω g(ω) − 1)), solved for points on a curve of ω.
    omega = line_above(0.5, 4.0, 3.0)
    w = omega * (1 + 0.5 * (omega * population.stieltjes(omega) - 1))
    law = MarchenkoPastur(0.5)
    shuffled = Sampled(population, 0.5)
    for noise in (law, Affine(law, 1.0, 0.0)):
        points, values = invert_multiplicative(shuffled, noise, w)
        assert np.allclose(points, omega, rtol=1e-9)
        assert np.allclose(values, population.stieltjes(omega), rtol=1e-9)


def test_too_much_noise_is_refused():
    z = line_above(-1.0, 1.0, 0.1)
    with pytest.raises(ConvergenceError, match="further from the spectrum"):
        invert_additive(Discrete.point_mass(0.0), Semicircle(4.0), z)
