from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from eigenscape.theory import (
    Affine,
    Cauchy,
    Discrete,
    FreeMeixner,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    free_additive_convolution,
    outlier_location,
    outlier_overlap,
    outliers,
    r_transform,
    spike_threshold,
)

SIGN = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
PRINTED = 5e-7  # six decimals


def upper_edge(noise, bulk):
    t = spike_threshold(noise, bulk)
    w = np.real(bulk.stieltjes(np.array([t])))
    return t + r_transform(noise, w)[0]


@pytest.mark.parametrize(
    ("sigma", "spike"), [(1.0, 2.0), (1.0, 1.5), (0.5, 1.5), (1.0, -2.0)]
)
def test_semicircle_noise_in_closed_form(sigma, spike):
    noise = Semicircle(sigma**2)
    location, overlap = outlier_location(spike, noise), outlier_overlap(spike, noise)
    assert location == pytest.approx(spike + sigma**2 / spike, rel=1e-14)
    assert overlap == pytest.approx(1 - sigma**2 / spike**2, rel=1e-12)


def test_noise_that_is_a_sum_itself():
    """R-transforms add: z = θ + σ²/θ + 1/(1 − c/θ) for a spike of the zero matrix."""
    variance, ratio, spike = 0.5, 0.3, 4.0
    noise = free_additive_convolution(Semicircle(variance), MarchenkoPastur(ratio))
    (outlier,) = outliers(spike, noise)
    shrink = 1 - ratio / spike
    assert outlier.location == pytest.approx(spike + variance / spike + 1 / shrink)
    loss = variance / spike**2 + ratio / (spike * shrink) ** 2
    assert outlier.overlap == pytest.approx(1 - loss, rel=1e-9)


def test_cauchy_noise_hides_every_spike():
    assert outliers(4.0, Cauchy()) == ()
    assert spike_threshold(Cauchy()) == math.inf


def test_spike_below_the_threshold_is_absorbed():
    noise = Semicircle(1.0)
    assert spike_threshold(noise) == pytest.approx(1.0, rel=1e-15)
    for spike in (0.0, 0.8, -0.8, 1.0):
        assert outlier_location(spike, noise) is None
        assert outlier_overlap(spike, noise) is None


def test_nearly_low_rank_bulk():
    bulk = Discrete(np.array([0.0, 1.0]), np.array([0.9, 0.1]))
    location = outlier_location(5.0, Semicircle(1.0), bulk)
    assert location == pytest.approx(5 + 0.9 / 5 + 0.1 / 4, rel=1e-14)
    overlap = outlier_overlap(5.0, Semicircle(1.0), bulk)
    assert overlap == pytest.approx(1 - 0.9 / 25 - 0.1 / 16, rel=1e-12)


@pytest.mark.parametrize(
    "noise",
    [FreeMeixner(0.5, math.sqrt(0.5), 0.0), Affine(MarchenkoPastur(0.5), 1.0, -1.0)],
    ids=repr,
)
def test_centred_wishart_noise(noise):
    assert outlier_location(3.0, noise) == pytest.approx(3.2, rel=1e-14)
    # d/dθ of θ + c / (θ − c)
    assert outlier_overlap(3.0, noise) == pytest.approx(1 - 0.5 / 6.25, rel=1e-12)


@pytest.mark.parametrize(
    "noise", [KestenMcKay(3), FreeMeixner(1.5, 0.0, -1 / 3)], ids=repr
)
def test_regular_graph_noise(noise):
    location = outlier_location(2.5, noise)
    exact = 2.5 + 3 * (math.sqrt(1 + 2 / 2.5**2) - 1) * 2.5 / 2
    assert location == pytest.approx(exact, rel=1e-14)
    assert location == pytest.approx(3.05842, abs=5e-6)
    assert spike_threshold(noise) == pytest.approx(0.5, rel=1e-13)


@pytest.mark.parametrize(
    ("degree", "variance", "location"),
    [(8, 1.0, 3.409555), (4, 1.0, 2.958920), (3, 0.25, 2.357023), (3, 1.0, None)],
)
def test_trivial_eigenvalue_of_a_regular_graph_under_noise(degree, variance, location):
    spike = degree / math.sqrt(degree - 1)
    found = outlier_location(spike, Semicircle(variance), KestenMcKay(degree))
    assert found == (None if location is None else pytest.approx(location, abs=PRINTED))


def test_overlap_of_the_trivial_eigenvalue():
    overlap = outlier_overlap(3 / math.sqrt(2), Semicircle(0.25), KestenMcKay(3))
    assert overlap == pytest.approx(4 / 9, rel=1e-12)


def test_threshold_with_a_continuous_bulk():
    threshold = spike_threshold(Semicircle(1.0), KestenMcKay(3))
    assert threshold == pytest.approx(2.263478, abs=PRINTED)


@pytest.mark.parametrize(
    ("noise", "bulk", "edge"),
    [
        (Semicircle(1.0), KestenMcKay(3), 2.998353),
        (Semicircle(0.25), KestenMcKay(3), 2.342232),
        (Semicircle(1.0), MarchenkoPastur(0.5), 3.665726),
        (Semicircle(1.0), Affine(MarchenkoPastur(0.5), -1.0), 1.321454),
        (Semicircle(2.0), SIGN, 3.330191),
        (Semicircle(1.5), SIGN, 2.991900),
    ],
    ids=repr,
)
def test_threshold_is_carried_to_the_edge_of_the_free_sum(noise, bulk, edge):
    assert upper_edge(noise, bulk) == pytest.approx(edge, abs=PRINTED)
    assert upper_edge(bulk, noise) == pytest.approx(upper_edge(noise, bulk), rel=1e-12)


continuous = st.one_of(
    st.builds(Semicircle, st.floats(0.3, 3.0)),
    st.builds(MarchenkoPastur, st.floats(0.2, 3.0), st.floats(0.3, 3.0)),
    st.builds(KestenMcKay, st.integers(3, 9)),
)
cases = settings(deadline=None, max_examples=6)


@cases
@given(continuous, continuous)
def test_edge_does_not_depend_on_which_law_is_called_noise(first, second):
    one, other = upper_edge(first, second), upper_edge(second, first)
    assert one == pytest.approx(other, rel=1e-9)


@cases
@given(continuous, continuous, st.floats(0.05, 3.0))
def test_overlap_is_the_derivative_of_the_location(noise, bulk, distance):
    spike, step = spike_threshold(noise, bulk) + distance, 1e-3 * distance
    ends = [outlier_location(spike + s, noise, bulk) for s in (-step, step)]
    overlap = outlier_overlap(spike, noise, bulk)
    assert 0 < overlap < 1
    # Third derivatives are of order distance⁻² here: error below 1e-6 times a few.
    assert overlap == pytest.approx((ends[1] - ends[0]) / (2 * step), abs=2e-5)
    assert ends[1] > upper_edge(noise, bulk)


@cases
@given(continuous, continuous, st.floats(-0.5, 0.5).filter(lambda d: abs(d) > 1e-6))
def test_an_outlier_exists_exactly_above_the_threshold(noise, bulk, distance):
    threshold = spike_threshold(noise, bulk)
    spike = max(threshold + distance, bulk.hull.upper)
    exists = outlier_location(spike, noise, bulk) is not None
    assert exists == (spike > threshold)


@cases
@given(continuous, continuous, st.floats(0.1, 3.0))
def test_spikes_below_mirror_spikes_above(noise, bulk, distance):
    spike = spike_threshold(noise, bulk) + distance
    mirror = outlier_location(-spike, Affine(noise, -1.0), Affine(bulk, -1.0))
    assert mirror == pytest.approx(-outlier_location(spike, noise, bulk), rel=1e-10)


def test_deterministic_noise_only_shifts():
    shift, bulk = Discrete.point_mass(0.5), MarchenkoPastur(0.5)
    assert spike_threshold(shift, bulk) == pytest.approx(bulk.hull.upper, rel=1e-9)
    assert outlier_location(4.0, shift, bulk) == pytest.approx(4.5, rel=1e-14)
    assert outlier_overlap(4.0, shift, bulk) == pytest.approx(1.0, rel=1e-12)
    assert spike_threshold(shift) == pytest.approx(0.0, abs=0)


def test_spike_inside_the_bulk_is_refused():
    with pytest.raises(ValueError, match=r"^spike: expected a number outside"):
        outlier_location(1.0, Semicircle(1.0), MarchenkoPastur(0.5))


def test_against_a_sampled_matrix():
    """A bulk of three quarters 0 and a quarter 1, two spikes, GOE noise, N = 1000."""
    size, spikes = 1000, np.array([4.0, -3.0])
    rng = np.random.default_rng(20220817)
    entries = rng.standard_normal((size, size))
    matrix = (entries + entries.T) / math.sqrt(2 * size)
    diagonal = np.zeros(size)
    diagonal[: size // 4] = 1.0
    diagonal[[size - 2, size - 1]] = spikes
    matrix[np.diag_indices(size)] += diagonal
    values, vectors = linalg.eigh(matrix)
    noise = Semicircle(1.0)
    bulk = Discrete(np.array([0.0, 1.0]), np.array([0.75, 0.25]))
    for spike, index, place in ((4.0, -1, size - 2), (-3.0, 0, size - 1)):
        overlap = outlier_overlap(spike, noise, bulk)
        # Variances: of the location at most 2/N, of the overlap of order 1/N.
        deviation = values[index] - outlier_location(spike, noise, bulk)
        assert abs(deviation) < 4 * math.sqrt(2 / size)
        assert abs(vectors[place, index] ** 2 - overlap) < 4 / math.sqrt(size)
    # A spike carries mass 1/N, and edges fluctuate as N^(−2/3): both far below this.
    edge = upper_edge(noise, bulk)
    assert values[-2] == pytest.approx(edge, abs=0.05)


def test_two_atoms_of_noise_give_two_outliers_of_a_finite_rank():
    """θvvᵀ + X with X = ±1: θ g_X(z) = 1, that is z² − θz − 1 = 0."""
    found = outliers(4.0, SIGN)
    places = [outlier.location for outlier in found]
    assert places == pytest.approx([2 - math.sqrt(5), 2 + math.sqrt(5)], rel=1e-14)
    # 1/w′ with w = 1/g = z − 1/z.
    exact = [1 / (1 + 1 / z**2) for z in places]
    assert [outlier.overlap for outlier in found] == pytest.approx(exact, rel=1e-12)
    assert outlier_location(4.0, SIGN) == places[1]
    assert outlier_overlap(4.0, SIGN) == found[1].overlap


def test_a_spike_in_a_gap_of_the_bulk():
    bulk, noise = Affine(SIGN, 3.0), Semicircle(0.5)
    (outlier,) = outliers(0.5, noise, bulk)
    g = (1 / (0.5 - 3) + 1 / (0.5 + 3)) / 2
    slope = (1 / (0.5 - 3) ** 2 + 1 / (0.5 + 3) ** 2) / 2
    assert outlier.location == pytest.approx(0.5 + 0.5 * g, rel=1e-14)
    assert outlier.overlap == pytest.approx(1 - 0.5 * slope, rel=1e-13)
    assert outlier_location(0.5, noise, bulk) == outlier.location
    assert outliers(2.6, noise, bulk) == ()
    assert outliers(3.0, noise, bulk) == ()


def test_a_spike_where_the_transform_of_the_bulk_vanishes():
    """At θ = 0 between ±3: z = 0, and T′ = 1/9 for noise of ±1."""
    (outlier,) = outliers(0.0, SIGN, Affine(SIGN, 3.0))
    assert outlier.location == pytest.approx(0, abs=1e-15)
    assert outlier.overlap == pytest.approx(8 / 9, rel=1e-13)


atomic = st.builds(
    lambda places, shares: Discrete(
        np.cumsum(np.array(places)), np.array(shares) / sum(shares)
    ),
    st.lists(st.floats(0.3, 4.0), min_size=3, max_size=3),
    st.lists(st.floats(0.1, 1.0), min_size=3, max_size=3),
)


@settings(deadline=None, max_examples=8)
@given(atomic, st.floats(1e-2, 20.0), st.sampled_from([-1.0, 1.0]))
def test_a_finite_rank_keeps_all_of_its_vector_in_outliers(noise, size, sign):
    """θvvᵀ + X has one root of θ g_X(z) = 1 a gap, and they carry all of v."""
    spike = sign * size
    found = outliers(spike, noise)
    assert len(found) == 3
    assert sum(outlier.overlap for outlier in found) == pytest.approx(1, abs=1e-9)
    for outlier in found:
        resolvent = noise.weights / (outlier.location - noise.locations)
        # Beside an atom an ulp of z is worth g² of it.
        room = 1e-12 * (1 + 20 * size * np.sum(resolvent**2 / noise.weights))
        assert spike * resolvent.sum() == pytest.approx(1, abs=room)


def test_gap_and_double_outliers_against_a_sampled_matrix(rng):
    """A of −3 and 3 with a spike ½ between, X of ±1: Haar rotated, N = 800."""
    size, spike = 800, 0.5
    orthogonal = np.linalg.qr(rng.standard_normal((size, size)))[0]
    signs = np.repeat([-1.0, 1.0], size // 2)
    diagonal = np.repeat([-3.0, 3.0], size // 2)
    diagonal[0] = spike
    values, vectors = linalg.eigh(np.diag(diagonal) + orthogonal * signs @ orthogonal.T)
    (outlier,) = outliers(spike, SIGN, Affine(SIGN, 3.0))
    index = np.argmin(np.abs(values - outlier.location))
    # Both fluctuate as N^(−1/2), with variances below 1.
    assert abs(values[index] - outlier.location) < 4 / math.sqrt(size)
    assert abs(vectors[0, index] ** 2 - outlier.overlap) < 4 / math.sqrt(size)


def test_an_infinite_spike_is_refused():
    with pytest.raises(ValueError, match=r"^spike: expected a finite number"):
        outliers(math.inf, SIGN)
