from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import KestenMcKay, Semicircle, cdf, free_cumulants, moments


@pytest.mark.parametrize(
    ("degree", "peak"), [(3, 0.212207), (4, 0.238732), (8, 0.278521)]
)
def test_density_at_zero(degree, peak):
    density = KestenMcKay(degree).density(np.array([0.0]))[0]
    assert density == pytest.approx((degree - 1) / (np.pi * degree), rel=1e-14)
    assert density == pytest.approx(peak, abs=5e-7)


@pytest.mark.parametrize("degree", [2, 3, 7])
def test_moments_count_closed_walks_on_the_tree(degree):
    # A walk on the d-regular tree, seen from its root, is one on this chain.
    hops = np.sqrt([degree, *[degree - 1] * 5])
    chain = np.diag(hops, 1) + np.diag(hops, -1)
    walks = [np.linalg.matrix_power(chain, k)[0, 0] for k in range(1, 7)]
    m = moments(KestenMcKay(degree), 6) * np.sqrt(degree - 1) ** np.arange(1, 7)
    assert np.allclose(m, walks, rtol=1e-11, atol=1e-10)


def test_free_cumulants_are_degree_times_those_of_a_sign():
    found = free_cumulants(KestenMcKay(5), 6) * 2.0 ** np.arange(1, 7)
    assert np.allclose(found, [0, 5, 0, -5, 0, 10], rtol=0, atol=1e-9)


def test_degree_two_is_the_arcsine_law():
    x = np.linspace(-2, 2, 41)
    exact = 0.5 + np.arcsin(x / 2) / np.pi
    # The rounding of x at an edge where the density diverges.
    assert np.allclose(cdf(KestenMcKay(2), x), exact, rtol=0, atol=2e-12)


def test_many_neighbours_make_a_semicircle():
    x = np.linspace(-1.9, 1.9, 21)
    far = KestenMcKay(10**9).density(x)
    assert np.allclose(far, Semicircle().density(x), rtol=1e-8)


def test_refuses_a_degree_below_two():
    with pytest.raises(ValueError, match="degree: expected"):
        KestenMcKay(1)
