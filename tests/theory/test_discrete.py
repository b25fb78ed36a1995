from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import Atom, Discrete, cdf, quantile


def test_empirical_spectrum_has_the_resolvent_trace_of_its_matrix():
    matrix = np.random.default_rng(1).standard_normal((40, 40))
    matrix += matrix.T
    law = Discrete.empirical(np.linalg.eigvalsh(matrix))
    z = 3.0 + 0.5j
    trace = np.trace(np.linalg.inv(z * np.eye(40) - matrix)) / 40
    assert abs(law.stieltjes(np.array([z]))[0] - trace) < 1e-12


def test_equal_locations_are_one_atom():
    law = Discrete(np.array([2.0, -1.0, 2.0]), np.array([0.25, 0.5, 0.25]))
    assert law.atoms == (Atom(-1.0, 0.5), Atom(2.0, 0.5))


def test_cdf_steps_and_quantile_inverts_them():
    law = Discrete(np.array([0.0, 1.0]), np.array([0.25, 0.75]))
    assert cdf(law, np.array([-0.1, 0.0, 0.9, 1.0])).tolist() == [0, 0.25, 0.25, 1]
    u = np.array([0.0, 0.25, 0.2500001, 1.0])
    assert quantile(law, u).tolist() == [0, 0, 1, 1]


def test_many_points_are_evaluated_in_blocks():
    places = np.linspace(-1, 1, 3000)
    z = np.linspace(-2, 2, 1000) + 0.3j
    found = Discrete.empirical(places).stieltjes(z)
    for i in (0, 348, 349, 350, 999):  # 2²⁰ // 3000 = 349 rows a block
        assert abs(found[i] - np.mean(1 / (z[i] - places))) < 1e-13


@pytest.mark.parametrize(
    ("locations", "weights", "name"),
    [
        ([], [], "locations"),
        ([np.nan], [1.0], "locations"),
        ([0.0, 1.0], [0.5, 0.6], "weights"),
        ([0.0, 1.0], [1.5, -0.5], "weights"),
    ],
)
def test_refuses_what_is_not_a_probability(locations, weights, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        Discrete(np.array(locations, float), np.array(weights, float))
