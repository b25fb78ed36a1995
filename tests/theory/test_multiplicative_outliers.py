from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
    multiplicative_subordination,
)
from eigenscape.theory.laws import Affine, Discrete, MarchenkoPastur, Semicircle
from eigenscape.theory.multiplicative_outliers import (
    multiplicative_outliers,
    multiplicative_spike_threshold,
)

TWO = Discrete(np.array([1.0, 10.0]), np.array([0.5, 0.5]))


@pytest.mark.parametrize("spike", [3.0, 2.0, 0.2, 1.6, 0.5])
def test_spiked_covariance_of_the_identity(spike):
    c = 0.4
    found = multiplicative_outliers(spike, MarchenkoPastur(c))
    distance = spike - 1
    if abs(distance) <= math.sqrt(c):
        assert found == ()
        return
    (outlier,) = found
    # Baik and Silverstein (2006); Paul (2007) for the overlap.
    growth = 1 + c / distance
    assert outlier.location == pytest.approx(spike * growth, rel=1e-14)
    assert outlier.overlap == pytest.approx((1 - c / distance**2) / growth, rel=1e-12)


def test_noise_that_is_a_product_itself():
    """S-transforms multiply: z = θ (1 + a/(θ − 1)) (1 + b/(θ − 1))."""
    a, b, spike = 0.2, 0.5, 4.0
    noise = free_multiplicative_convolution(MarchenkoPastur(a), MarchenkoPastur(b))
    (outlier,) = multiplicative_outliers(spike, noise)
    gap = spike - 1
    assert outlier.location == pytest.approx(spike * (1 + a / gap) * (1 + b / gap))
    loss = spike / gap * (a / (gap + a) + b / (gap + b))
    assert outlier.overlap == pytest.approx(1 - loss, rel=1e-9)


def test_no_outlier_below_the_bulk_where_the_noise_is_singular():
    assert multiplicative_outliers(0.01, MarchenkoPastur(1.5)) == ()


@pytest.mark.parametrize("ratio", [0.1, 1.0, 3.0])
def test_threshold_of_the_identity(ratio):
    threshold = multiplicative_spike_threshold(MarchenkoPastur(ratio, 2.0))
    assert threshold == pytest.approx(1 + math.sqrt(ratio), rel=1e-14)


def test_generalised_spiked_population():
    """Bai and Yao (2012): z = θ (1 + c ∑ pλ/(θ − λ)), seen where dz/dθ > 0."""
    c, spike = 0.1, 4.0
    (outlier,) = multiplicative_outliers(spike, MarchenkoPastur(c), TWO)
    growth = 1 + c * (0.5 / (spike - 1) + 5 / (spike - 10))
    slope = 1 - c * (0.5 / (spike - 1) ** 2 + 50 / (spike - 10) ** 2)
    assert outlier.location == pytest.approx(spike * growth, rel=1e-14)
    assert outlier.overlap == pytest.approx(slope / growth, rel=1e-13)
    threshold = multiplicative_spike_threshold(MarchenkoPastur(c), TWO)
    assert 0.5 / (threshold - 1) ** 2 + 50 / (threshold - 10) ** 2 == pytest.approx(
        1 / c, rel=1e-11
    )
    assert multiplicative_outliers(9.0, MarchenkoPastur(c), TWO) == ()


def test_a_projection_as_noise_and_a_gap_in_it():
    """Random compression of the identity with one spike, by its secular equation.

    P(1 + (θ − 1)vvᵀ)P has the eigenvalue 1 + (θ − 1) q for a projection of rank q.
    """
    noise = Discrete(np.array([0.0, 1.0]), np.array([0.3, 0.7]))
    (outlier,) = multiplicative_outliers(5.0, noise)
    assert outlier.location == pytest.approx(1 + 4 * 0.7, rel=1e-14)
    # The eigenvector is A^{1/2}Pv; its squared cosine with v is θq/(θq + 1 − q).
    assert outlier.overlap == pytest.approx(3.5 / 3.8, rel=1e-13)


def test_two_outliers_from_one_spike():
    """Noise of two atoms: a root of (θ − 1) T_X(z) = 1 beside each."""
    noise = Discrete(np.array([1.0, 4.0]), np.array([0.5, 0.5]))
    spike = 3.0
    found = multiplicative_outliers(spike, noise)
    # det(z − A^{1/2}XA^{1/2}) = 0: (θ − 1) T_X(z) = 1.
    exact = np.sort(np.roots([1.0, -5.0 - 2 * 2.5, 4.0 + 2 * 4.0]))
    assert [o.location for o in found] == pytest.approx(exact, rel=1e-13)
    assert sum(o.overlap for o in found) == pytest.approx(1, abs=1e-12)


populations = st.builds(
    lambda low, step, share: Discrete(
        np.array([low, low + step]), np.array([share, 1 - share])
    ),
    st.floats(0.5, 3.0),
    st.floats(0.5, 5.0),
    st.floats(0.1, 0.9),
)


@settings(max_examples=6, deadline=None)
@given(populations, populations, st.floats(0.1, 3.0))
def test_the_subordination_function_takes_the_spike_at_the_outlier(noise, bulk, more):
    spike = multiplicative_spike_threshold(noise, bulk) * (1 + more)
    outlier = multiplicative_outliers(spike, noise, bulk)[-1]
    place = np.array([outlier.location + 0j])
    step = 1e-6 * outlier.location
    points = np.concatenate([place, place - step, place + step])
    w = multiplicative_subordination(bulk, noise, points)[0].real
    assert w[0] == pytest.approx(spike, rel=1e-11)
    # w₁ bends on the scale `more`: a step of 1e-6, rounding of 1e-16 over it.
    slope = (w[2] - w[1]) / (2 * step)
    assert outlier.overlap == pytest.approx(
        spike / (outlier.location * slope), rel=1e-7
    )


def test_threshold_is_carried_to_the_upper_edge():
    noise = Discrete(np.array([1.0, 2.0, 5.0]), np.array([0.5, 0.3, 0.2]))
    law = free_multiplicative_convolution(TWO, noise)
    threshold = multiplicative_spike_threshold(noise, TWO)
    just = multiplicative_outliers(threshold * (1 + 1e-6), noise, TWO)[-1]
    assert just.location == pytest.approx(law.hull.upper, rel=1e-9)
    assert just.overlap < 1e-4


def test_against_a_sampled_covariance(rng):
    """A population of 1 and 10 with spikes above and in its gap, P = 400, c = 1/10."""
    size, samples, spikes = 400, 4000, np.array([4.0, 16.0])
    population = np.repeat([1.0, 10.0], size // 2)
    population[[0, size - 1]] = spikes
    data = rng.standard_normal((samples, size)) * np.sqrt(population)
    values, vectors = linalg.eigh(data.T @ data / samples)
    for spike, place in zip(spikes, (0, size - 1), strict=True):
        (outlier,) = multiplicative_outliers(spike, MarchenkoPastur(0.1), TWO)
        index = np.argmin(np.abs(values - outlier.location))
        # Variance of the location 2z²/n times less than 1, of the overlap of order 1/n.
        deviation = values[index] - outlier.location
        assert abs(deviation) < 4 * outlier.location * math.sqrt(2 / samples)
        overlap = vectors[place, index] ** 2
        assert abs(overlap - outlier.overlap) < 4 / math.sqrt(samples)


@pytest.mark.parametrize(
    ("noise", "bulk", "name"),
    [
        (Semicircle(1.0), TWO, "noise"),
        (TWO, Affine(TWO, -1.0), "bulk"),
    ],
)
def test_laws_below_zero_are_refused(noise, bulk, name):
    with pytest.raises(ValueError, match=rf"^{name}: expected a law on"):
        multiplicative_outliers(3.0, noise, bulk)
    with pytest.raises(ValueError, match=rf"^{name}: expected a law on"):
        multiplicative_spike_threshold(noise, bulk)


def test_spikes_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"^spike: expected a positive number"):
        multiplicative_outliers(-1.0, MarchenkoPastur(0.5))
    with pytest.raises(ValueError, match=r"^spike: expected a number outside"):
        multiplicative_outliers(1.0, MarchenkoPastur(0.5), MarchenkoPastur(0.5))
    assert multiplicative_outliers(10.0, MarchenkoPastur(0.5), TWO) == ()
