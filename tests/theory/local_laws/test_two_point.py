from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from eigenscape.theory.local_laws.two_point import form_factor, two_point_cluster


def sine(r):
    return math.sin(math.pi * r) / (math.pi * r)


@pytest.mark.parametrize("r", [0.01, 0.3, 1.0, 2.7, 11.3])
def test_orthogonal_cluster_by_its_definition(r):
    slope = math.cos(math.pi * r) / r - sine(r) / r
    beyond = 0.5 - integrate.quad(sine, 0, r, epsabs=1e-14)[0]
    exact = sine(r) ** 2 + slope * beyond
    # The definition cancels as ε/r in its slope.
    assert two_point_cluster(np.array([r]), 1)[0] == pytest.approx(exact, abs=1e-13)


@pytest.mark.parametrize("r", [0.01, 0.3, 1.0, 2.7, 11.3])
def test_symplectic_cluster_by_its_definition(r):
    slope = math.cos(2 * math.pi * r) / r - sine(2 * r) / r
    below = integrate.quad(lambda t: sine(2 * t), 0, r, epsabs=1e-14)[0]
    exact = sine(2 * r) ** 2 - slope * below
    assert two_point_cluster(np.array([r]), 4)[0] == pytest.approx(exact, abs=1e-13)


def test_levels_repel():
    # 1 − Y₂ → π² r/6, π² r²/3, 16 π⁴ r⁴/135, as for the spacing of neighbours
    r = np.array([1e-2, -1e-2])
    limits = {
        1: math.pi**2 / 6 * 1e-2,
        2: math.pi**2 / 3 * 1e-4,
        4: 16 * math.pi**4 / 135 * 1e-8,
    }
    for beta, limit in limits.items():
        pairs = 1 - two_point_cluster(r, beta)
        assert np.allclose(pairs / limit, 1, atol=1e-3), beta
    assert two_point_cluster(np.zeros(1), 1)[0] == pytest.approx(1)


@pytest.mark.parametrize("r", [0.2, 0.9, 1.7])
@pytest.mark.parametrize("beta", [1, 2, 4])
def test_form_factor_is_the_fourier_transform(beta, r):
    # Y₂(r) = 2 ∫₀^∞ (1 − K) cos 2πτr dτ
    def hole(tau):
        return float(1 - form_factor(np.array([tau]), beta)[0])

    def waved(tau):
        return hole(tau) * math.cos(2 * math.pi * r * tau)

    total = sum(
        integrate.quad(waved, low, low + 1, epsabs=1e-12, limit=200)[0]
        for low in (0, 1)
    )
    if beta == 1:
        total += integrate.quad(
            hole, 2, math.inf, epsabs=1e-11, weight="cos", wvar=2 * math.pi * r
        )[0]
    exact = two_point_cluster(np.array([r]), beta)[0]
    assert 2 * total == pytest.approx(exact, abs=1e-10)


def test_form_factor_at_marked_times():
    tau = np.array([0.0, -0.5, 1.0, 3.0])
    assert form_factor(tau, 0).tolist() == [1, 1, 1, 1]
    assert form_factor(tau, 2).tolist() == [0, 0.5, 1, 1]
    goe = [0, 1 - 0.5 * math.log(2), 2 - math.log(3), 2 - 3 * math.log(7 / 5)]
    assert np.allclose(form_factor(tau, 1), goe, rtol=1e-15)
    gse = form_factor(tau, 4)
    assert gse[1] == pytest.approx(0.25 + math.log(2) / 8, rel=1e-15)
    assert gse[2] == math.inf
    assert gse[3] == 1
    late = form_factor(np.array([1e5]), 1)[0]
    assert 1 - late == pytest.approx(1 / (12 * 1e10), rel=1e-4)


def test_cluster_integrates_to_one():
    # K(0) = 0, with the tails π^(-2) r^(-2) of β = 1 and half and quarter of it
    for beta in (1, 2, 4):
        nodes, weights = special.roots_legendre(20)
        panels = np.arange(400)[:, None] + (nodes + 1) / 2
        total = float((two_point_cluster(panels, beta) @ weights).sum())
        tail = 1 / (beta * math.pi**2 * 400)
        assert total == pytest.approx(1 - 2 * tail, abs=1e-4)


def test_poisson_has_no_correlations():
    r = np.array([0.0, 1.0])
    assert not two_point_cluster(r, 0).any()


def test_unknown_classes_are_refused():
    for function in (two_point_cluster, form_factor):
        with pytest.raises(ValueError, match=r"^beta: expected one of \(0, 1, 2, 4\)"):
            function(np.zeros(1), 3)
