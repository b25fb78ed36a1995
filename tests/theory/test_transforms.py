from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory import (
    Affine,
    Discrete,
    FreeMeixner,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Semicircle,
    cdf,
    free_cumulants,
    moments,
    quantile,
    r_transform,
    stieltjes_range,
)

SIGN = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
CLOSED_FORMS = [
    Semicircle(2.0),
    MarchenkoPastur(0.5, 2.0),
    MarchenkoPastur(1.0),
    MarchenkoPastur(3.0),
    KestenMcKay(2),
    KestenMcKay(3),
    FreeMeixner(2.0, 2.0, 0.5),
    FreeMeixner(1.0, -0.3, -0.5),
    FreeMeixner(1.0, 0.3, -1.0),
    Affine(MarchenkoPastur(3.0), -2.0, 10.0),
]


@dataclass(frozen=True)
class Opaque(Law):
    """A law stripped of its name, so that only its duties are left."""

    law: Law

    @property
    def support(self):
        return self.law.support

    @property
    def atoms(self):
        return self.law.atoms

    def density(self, x):
        return self.law.density(x)

    def stieltjes(self, z):
        return self.law.stieltjes(z)

    def stieltjes_derivative(self, z):
        return self.law.stieltjes_derivative(z)


def inside_range(law: Law) -> np.ndarray:
    lowest, highest = np.clip(stieltjes_range(law), -20, 20)
    small = np.array([-0.25, -1e-3, 0.0, 1e-7, 1e-2, 0.25]) / law.hull.width
    return np.concatenate([np.linspace(lowest, highest, 31), small])


@pytest.mark.parametrize("law", CLOSED_FORMS, ids=repr)
def test_r_transform_inverts_stieltjes(law):
    w = inside_range(law)
    w = w[np.abs(w) > 1e-2]
    z = r_transform(law, w) + 1 / w
    # Away from the ends of the range, where g⁻¹ has a square-root derivative.
    inner = (z < law.hull.lower - 1e-3) | (z > law.hull.upper + 1e-3)
    assert inner.any()
    assert np.allclose(law.stieltjes(z[inner]), w[inner], rtol=1e-11)


@pytest.mark.parametrize("law", CLOSED_FORMS, ids=repr)
def test_numerical_inversion_agrees_with_the_closed_form(law):
    w = inside_range(law)
    found = r_transform(Opaque(law), w)
    # At the reach of the series, 1/g loses the ratio of 1/w to the width: 500 ulp.
    assert np.allclose(found, r_transform(law, w), rtol=0, atol=2e-12)


@pytest.mark.parametrize("law", [*CLOSED_FORMS, SIGN], ids=repr)
def test_r_transform_is_the_series_of_free_cumulants(law):
    w = np.array([0.0, 1e-3, -2e-3]) / law.hull.width
    series = np.polynomial.polynomial.polyval(w, free_cumulants(law, 6))
    assert np.allclose(r_transform(law, w), series, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 20), st.floats(-3.0, 3.0))
def test_kesten_mckay_is_a_free_sum_of_signs(degree, w):
    unit = 1 / np.sqrt(degree - 1)
    summands = degree * r_transform(Affine(SIGN, unit), np.array([w]))
    total = r_transform(KestenMcKay(degree), np.array([w]))
    assert np.allclose(total, summands, rtol=0, atol=1e-11)


def test_point_mass_has_a_constant_r_transform():
    w = np.array([-9.0, 0.0, 1e9])
    assert r_transform(Discrete.point_mass(1.5), w).tolist() == [1.5] * 3


def test_stieltjes_range_in_closed_form():
    assert np.allclose(stieltjes_range(Semicircle(4.0)), (-0.5, 0.5), rtol=1e-14)
    c = 0.25
    edges = (-1 / (np.sqrt(c) * (1 - np.sqrt(c))), 1 / (np.sqrt(c) * (1 + np.sqrt(c))))
    assert np.allclose(stieltjes_range(MarchenkoPastur(c)), edges, rtol=1e-12)
    assert stieltjes_range(KestenMcKay(2)) == (-np.inf, np.inf)
    assert stieltjes_range(SIGN) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("law", "w"),
    [
        (Opaque(Semicircle()), 1.1),
        (Opaque(Semicircle()), np.nan),
        (MarchenkoPastur(0.5), 2.0),
        (FreeMeixner(1.0, 0.0, 1.0), 0.6),
    ],
)
def test_r_transform_refuses_where_it_has_no_value(law, w):
    with pytest.raises(ValueError, match=r"^w: expected"):
        r_transform(law, np.array([w]))


@pytest.mark.parametrize("verb", [moments, free_cumulants])
def test_order_is_at_least_one(verb):
    with pytest.raises(ValueError, match=r"^order: expected"):
        verb(Semicircle(), 0)


def test_high_moments_far_from_the_origin():
    law = Affine(Semicircle(0.01), 1.0, 10.0)
    # E (10 + x)⁴ = 10⁴ + 6·100·0.01 + 2·0.01²
    assert moments(law, 4)[3] == pytest.approx(10006.0002, rel=1e-13)
    assert np.allclose(free_cumulants(law, 4), [10, 0.01, 0, 0], rtol=0, atol=1e-13)


def test_cumulants_of_a_point_mass_whose_mean_is_rounded():
    found = free_cumulants(Discrete.point_mass(-0.25), 3)
    assert np.allclose(found, [-0.25, 0, 0], rtol=0, atol=1e-15)


def test_cdf_and_quantile_cross_an_atom_and_a_gap():
    law = MarchenkoPastur(4.0)  # 3/4 at 0, the rest on [1, 9]
    u = np.array([0.0, 0.5, 0.75, 0.76, 1.0])
    q = quantile(law, u)
    assert q[:3].tolist() == [0, 0, 0]
    assert 1 < q[3] < 2
    assert q[4] == pytest.approx(9.0, abs=1e-5)  # the edge is flat: (1e-15)^(2/3)
    assert cdf(law, q[3:4])[0] == pytest.approx(0.76, abs=1e-13)


def test_cdf_matches_a_sampled_matrix():
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((600, 300)) / np.sqrt(600)
    values = np.linalg.eigvalsh(matrix.T @ matrix)
    steps = (np.arange(300) + 0.5) / 300
    # Rigidity: levels stay within a few mean spacings, 1/300 each.
    assert np.abs(cdf(MarchenkoPastur(0.5), values) - steps).max() < 4 / 300
    assert np.abs(quantile(MarchenkoPastur(0.5), steps) - values).max() < 0.1


@pytest.mark.parametrize("u", [-0.1, 1.1, np.nan])
def test_quantile_refuses_what_is_not_a_probability(u):
    with pytest.raises(ValueError, match=r"^u: expected"):
        quantile(Semicircle(), np.array([u]))
