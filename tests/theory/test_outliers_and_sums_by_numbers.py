"""Outliers and free sums against numbers worked out by hand from their equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory import (
    Affine,
    Discrete,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    free_additive_convolution,
    multiplicative_outliers,
    outlier_location,
    outlier_overlap,
)

SIGNS = Discrete(np.array([-1.0, 1.0]), np.full(2, 0.5))
MIXED = Discrete(np.array([0.0, 1.0]), np.array([0.9, 0.1]))
CENTRED_WISHART = Affine(MarchenkoPastur(0.5), shift=-1.0)


@pytest.mark.parametrize(
    ("spike", "deviation", "location", "overlap"),
    [
        (2.0, 1.0, 2.5, 0.75),
        (1.5, 1.0, 1.5 + 1 / 1.5, 1 - 1 / 2.25),
        (1.5, 0.5, 1.5 + 0.25 / 1.5, 1 - 0.25 / 2.25),
        (0.8, 1.0, None, None),
    ],
)
def test_a_spike_in_gaussian_noise(spike, deviation, location, overlap):
    noise = Semicircle(deviation**2)
    found = outlier_location(spike, noise), outlier_overlap(spike, noise)
    if location is None:
        assert found == (None, None)
    else:
        assert found == pytest.approx((location, overlap), rel=1e-13)


@pytest.mark.parametrize(
    ("spike", "noise", "bulk", "expected"),
    [
        (5.0, Semicircle(1.0), MIXED, 5 + 0.9 / 5 + 0.1 / 4),
        (3.0, CENTRED_WISHART, Discrete.point_mass(), 3 + 0.5 / 2.5),
        (2.5, KestenMcKay(3), Discrete.point_mass(), 3.058422),
        (8 / math.sqrt(7), Semicircle(1.0), KestenMcKay(8), 3.409555),
        (4 / math.sqrt(3), Semicircle(1.0), KestenMcKay(4), 2.958920),
        (3 / math.sqrt(2), Semicircle(0.25), KestenMcKay(3), 2.357023),
    ],
)
def test_a_spike_in_any_noise(spike, noise, bulk, expected):
    found = outlier_location(spike, noise, bulk)
    assert found == pytest.approx(expected, abs=6e-7)


def test_the_trivial_eigenvalue_of_a_cubic_graph_is_absorbed():
    spike = 3 / math.sqrt(2)
    assert outlier_location(spike, Semicircle(1.0), KestenMcKay(3)) is None


def test_a_spiked_covariance():
    (found,) = multiplicative_outliers(10.0, MarchenkoPastur(2.0))
    assert found.location == pytest.approx(10 + 2 * 10 / 9, rel=1e-13)


@pytest.mark.parametrize(
    ("degree", "alone", "wide", "narrow", "beside"),
    [
        (3, 0.212207, 0.186240, 0.205980, 0.187903),
        (4, 0.238732, 0.198404, 0.227649, 0.195128),
        (8, 0.278521, 0.213280, 0.257654, 0.203740),
    ],
)
def test_regular_graphs_and_gaussian_noise(degree, alone, wide, narrow, beside):
    graph = KestenMcKay(degree)
    one, quarter = (
        free_additive_convolution(graph, Semicircle(variance))
        for variance in (1.0, 0.25)
    )
    places = np.array([0.0, 1.0])
    assert graph.density(places)[0] == pytest.approx(alone, abs=6e-7)
    assert one.density(places) == pytest.approx([wide, beside], abs=6e-7)
    assert quarter.density(places)[0] == pytest.approx(narrow, abs=6e-7)


@pytest.mark.parametrize(
    ("law", "edge"),
    [
        (free_additive_convolution(KestenMcKay(3), Semicircle(1.0)), 2.998353),
        (free_additive_convolution(KestenMcKay(3), Semicircle(0.25)), 2.342232),
        (free_additive_convolution(SIGNS, Semicircle(2.0)), 3.330191),
        (free_additive_convolution(SIGNS, Semicircle(1.5)), 2.991900),
        (free_additive_convolution(MarchenkoPastur(0.5), Semicircle(1.0)), 3.665726),
    ],
)
def test_upper_edges(law, edge):
    assert law.support[-1].upper == pytest.approx(edge, abs=6e-7)


def test_a_wishart_matrix_and_gaussian_noise():
    law = free_additive_convolution(MarchenkoPastur(0.5), Semicircle(1.0))
    found = law.density(np.array([0.0, 0.5, 1.0, 2.0]))
    assert found == pytest.approx([0.255366, 0.267626, 0.264103, 0.220143], abs=6e-7)
    assert law.support[0].lower == pytest.approx(-1.321454, abs=6e-7)


@pytest.mark.parametrize("variance", [1.5, 2.0])
def test_two_atoms_and_gaussian_noise(variance):
    law = free_additive_convolution(SIGNS, Semicircle(variance))
    exact = math.sqrt(variance - 1) / (math.pi * variance)
    assert law.density(np.zeros(1))[0] == pytest.approx(exact, rel=1e-13)
