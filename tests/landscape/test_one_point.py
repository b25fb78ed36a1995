import math

import mpmath
import numpy as np
import pytest

from eigenscape.landscape.one_point import log_mean_determinant, log_one_point
from eigenscape.theory.ensembles import GOE


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
def test_the_density_has_the_mass_of_its_size(size):
    x = np.linspace(-20, 20, 8001)
    mass = np.exp(log_one_point(size, x)).sum() * (x[1] - x[0])
    # The trapezoidal rule is exact to rounding for entire functions that decay.
    assert mass == pytest.approx(size, rel=1e-10)


def test_two_rows_by_hand():
    """E|det(M − x)| of one row: |m − x| with normal m."""
    x = np.array([0.0, 0.7, -3.0, 40.0])
    exact = [
        math.sqrt(2 / math.pi) * math.exp(-(a**2) / 2) + a * math.erf(a / math.sqrt(2))
        for a in x.tolist()
    ]
    assert np.exp(log_mean_determinant(1, x)) == pytest.approx(exact, rel=1e-13)
    assert np.exp(log_mean_determinant(0, x)) == pytest.approx(1, rel=1e-13)


@pytest.mark.parametrize("size", [8, 9])
def test_twenty_digits(size):
    """The same sums with 20 digits, in the bulk and at the edge."""
    mpmath.mp.dps = 20
    x = [0.3, 4.0]
    found = log_one_point(size, np.array(x))

    def hermite(k, at):
        norm = mpmath.sqrt(mpmath.sqrt(mpmath.pi) * mpmath.mpf(2) ** k * mpmath.fac(k))
        return mpmath.hermite(k, at) * mpmath.exp(-(mpmath.mpf(at) ** 2) / 2) / norm

    def tail(k, at):
        return mpmath.quad(lambda t: hermite(k, t), [at, at + 3, at + 8, at + 18])

    for place, value in zip(x, found.tolist(), strict=True):
        total = mpmath.fsum(hermite(k, place) ** 2 for k in range(size))
        last, even = hermite(size - 1, place), size - size % 2
        half = tail(even, 0)
        beyond = (half if size % 2 == 0 else 0) - tail(size, place)
        total += mpmath.sqrt(mpmath.mpf(size) / 2) * last * beyond
        if size % 2:
            total += last / (2 * half)
        assert value == pytest.approx(float(mpmath.log(total)), abs=1e-11)


def test_sampled_determinants():
    size, rng = 5, np.random.default_rng(0)
    matrices = [GOE().sample(size, rng=rng) * math.sqrt(size / 2) for _ in range(1500)]
    for x in (0.0, 1.3, 4.0):
        dets = np.abs(np.linalg.det(np.array(matrices) - x * np.eye(size)))
        error = dets.std() / math.sqrt(dets.size)
        exact = math.exp(log_mean_determinant(size, np.array([x]))[0])
        assert abs(dets.mean() - exact) < 4 * error


def test_a_thousand_rows_do_not_overflow():
    x = np.array([0.0, 30.0, 60.0, 200.0])
    found = log_one_point(1000, x)
    semicircle = np.log(np.sqrt(2000 - x[:2] ** 2) / math.pi)
    assert found[:2] == pytest.approx(semicircle, abs=1e-3)
    assert np.isfinite(found).all()
