from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import linalg, stats

from eigenscape.core import ConvergenceError
from eigenscape.theory.edge_law import (
    EdgeLaw,
    edge_law,
    edge_p_value,
    gaussian_edge_law,
    wishart_edge_law,
)
from eigenscape.theory.ensembles.gaussian import GaussianBeta
from eigenscape.theory.ensembles.laguerre import LaguerreBeta
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.law import Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.tracy_widom import tracy_widom_cdf


@dataclass(frozen=True)
class SignPlusSemicircle(Law):
    """Atoms ±1 of weight 1/2 plus a semicircle of variance s, from the cubic for ω.

    z = ω + s G(ω), G(ω) = ω/(ω² − 1); ρ = Im ω / πs, and at an edge z′(ω) = 0, so
    that ρ = √(2δ/|z″|) / πs.
    """

    variance: float

    def root(self, x):
        roots = np.roots([1.0, -x, self.variance - 1, x])
        return roots[np.argmax(roots.imag)]

    @property
    def critical(self):
        # z′ = 1 − s (ω² + 1)/(ω² − 1)²
        s = self.variance
        square = 1 + (s + math.sqrt(s**2 + 8 * s)) / 2
        return math.sqrt(square)

    @property
    def support(self):
        w = self.critical
        edge = w + self.variance * w / (w**2 - 1)
        return (Interval(-edge, edge),)

    @property
    def atoms(self):
        return ()

    def density(self, x):
        s = self.variance
        return np.array([self.root(point).imag for point in x]) / (math.pi * s)

    def stieltjes(self, z):
        raise NotImplementedError

    def stieltjes_derivative(self, z):
        raise NotImplementedError


def exact_scale(density_coefficient):
    return (math.pi * density_coefficient) ** (-2 / 3)


@pytest.mark.parametrize("edge", ["upper", "lower"])
@pytest.mark.parametrize("variance", [1.0, 1e-6, 3.0])
def test_semicircle(variance, edge):
    law = edge_law(Semicircle(variance), 64, beta=2, edge=edge)
    sigma = math.sqrt(variance)
    assert law.centre == pytest.approx(2 * sigma * (1 if edge == "upper" else -1))
    # ρ ≈ √(δ/σ)/πσ, and 64^(2/3) = 16
    assert law.scale == pytest.approx(sigma / 16, rel=1e-12)


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.95, 2.0, 30.0])
def test_marchenko_pastur(ratio):
    interval = MarchenkoPastur(ratio, 2.0).support[0]
    for edge, place in (("upper", interval.upper), ("lower", interval.lower)):
        law = edge_law(MarchenkoPastur(ratio, 2.0), 1000, beta=1, edge=edge)
        root = math.sqrt(interval.width) / (2 * math.pi * ratio * 2.0 * place)
        assert law.scale == pytest.approx(exact_scale(root) / 100, rel=1e-9)


def test_kesten_mckay_shifted():
    # ρ = d √(4(d − 1) − t²) / 2π(d² − t²) for the adjacency matrix, t = √(d − 1) x
    d = 5
    law = edge_law(Affine(KestenMcKay(d), -3.0, 1.0), 1, beta=2, edge="lower")
    root = d * math.sqrt(4) * (d - 1) / (2 * math.pi * (d**2 - 4 * (d - 1)))
    assert law.centre == pytest.approx(-5.0, rel=1e-14)
    assert law.scale == pytest.approx(exact_scale(root / 3**1.5), rel=1e-10)


@pytest.mark.parametrize("variance", [1.01, 1.2, 4.0])
def test_deformed_semicircle_from_its_second_derivative(variance):
    bulk = SignPlusSemicircle(variance)
    w = bulk.critical
    curvature = 2 * variance * w * (w**2 + 3) / (w**2 - 1) ** 3
    root = math.sqrt(2 / curvature) / (math.pi * variance)
    law = edge_law(bulk, 1, beta=2)
    assert law.scale == pytest.approx(exact_scale(root), rel=1e-8)


def distance_to_uniform(p_values):
    return stats.kstest(p_values, "uniform").statistic


def extreme(matrix, upper):
    index = matrix.diagonal.size - 1 if upper else 0
    return linalg.eigvalsh_tridiagonal(
        matrix.diagonal,
        matrix.off_diagonal,
        select="i",
        select_range=(index, index),
    )[0]


NOISE = 1.63 / math.sqrt(600)  # Kolmogorov's statistic of 600 p-values, level 0.01


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_p_values_of_gaussian_matrices_are_uniform(beta, rng):
    size, ensemble = 100, GaussianBeta(float(beta))
    values = [
        extreme(ensemble.sample_tridiagonal(size, rng=rng), upper=False)
        for _ in range(600)
    ]
    finite = gaussian_edge_law(size, beta=beta, edge="lower")
    p_values = np.array([finite.p_value(value) for value in values])
    # Biases of 0.01 and 0.04, from 20 000 samples.
    assert distance_to_uniform(p_values) < NOISE + 0.015
    # Standard error 0.009.
    assert abs(np.mean(p_values < 0.05) - 0.05) < 0.03
    limit = edge_law(ensemble.law, size, beta=beta, edge="lower")
    p_values = np.array([limit.p_value(value) for value in values])
    assert distance_to_uniform(p_values) < NOISE + 0.05


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_p_values_of_wishart_matrices_are_uniform(beta, rng):
    dimension, samples = 50, 200
    ensemble = LaguerreBeta(float(beta), dimension / samples)
    values = [
        extreme(ensemble.sample_tridiagonal(dimension, rng=rng), upper=True)
        for _ in range(600)
    ]
    finite = wishart_edge_law(dimension, samples, beta=beta)
    p_values = np.array([finite.p_value(value) for value in values])
    assert distance_to_uniform(p_values) < NOISE + 0.03
    assert abs(np.mean(p_values < 0.05) - 0.05) < 0.03


def test_p_values_of_a_deformed_matrix_are_uniform(rng):
    size, trials, bulk = 100, 200, SignPlusSemicircle(1.5)
    signs = np.diag(np.tile([1.0, -1.0], size // 2))
    limit = edge_law(bulk, size, beta=1)
    p_values = []
    for _ in range(trials):
        normal = rng.standard_normal((size, size))
        noise = (normal + normal.T) * math.sqrt(1.5 / (2 * size))
        top = linalg.eigvalsh(signs + noise, subset_by_index=(size - 1, size - 1))
        p_values.append(limit.p_value(float(top[0])))
    # The shift of order n^(−1/3) biases the distance by about 0.05 at this size.
    assert distance_to_uniform(np.array(p_values)) < 1.63 / math.sqrt(trials) + 0.08


def test_the_corrected_laws_tend_to_the_limit():
    size = 10**7
    for edge in ("upper", "lower"):
        pairs = (
            (
                gaussian_edge_law(size, beta=1, variance=2.0, edge=edge),
                edge_law(Semicircle(2.0), size, beta=1, edge=edge),
            ),
            (
                wishart_edge_law(size, 2 * size, beta=1, scale=3.0, edge=edge),
                edge_law(MarchenkoPastur(0.5, 3.0), size, beta=1, edge=edge),
            ),
        )
        for finite, limit in pairs:
            assert finite.scale == pytest.approx(limit.scale, rel=1e-6)
            assert finite.centre == pytest.approx(limit.centre, rel=1e-6)


def test_p_value_and_threshold_are_inverse():
    law = EdgeLaw(centre=-2.0, scale=0.1, beta=4, edge="lower")
    for p_value in (1e-20, 0.05, 0.9):
        place = law.threshold(p_value)
        assert law.p_value(place) == pytest.approx(p_value, rel=1e-11)
    assert law.threshold(1e-20) < law.threshold(0.05) < law.threshold(0.9)


def test_p_value_is_the_tracy_widom_tail():
    p_value = edge_p_value(2.05, Semicircle(), 1000, beta=2)
    exact = 1 - tracy_widom_cdf(np.array([5.0]), 2)[0]
    assert p_value == pytest.approx(exact, abs=1e-14)
    assert edge_p_value(3.0, Semicircle(), 1000, beta=2) < 1e-250


def test_edges_of_another_kind_are_not_certified():
    with pytest.raises(ConvergenceError, match="square root of the density"):
        edge_law(MarchenkoPastur(1.0), 100, beta=1, edge="lower")
    # The cusp of the two bands lies inside: the outer edges stay soft.
    assert edge_law(SignPlusSemicircle(1.0), 100, beta=1).scale > 0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"^beta: expected one of"):
        edge_law(Semicircle(), 10, beta=0)
    with pytest.raises(ValueError, match=r"^edge: expected one of"):
        edge_law(Semicircle(), 10, beta=1, edge="top")
    with pytest.raises(ValueError, match=r"^size: expected at least 1, got 0"):
        edge_law(Semicircle(), 0, beta=1)
    with pytest.raises(ValueError, match=r"^law: expected a continuous part"):
        edge_law(Discrete.point_mass(1.0), 10, beta=1)
    with pytest.raises(ValueError, match=r"^samples: expected other than 10, got 10"):
        wishart_edge_law(10, 10, beta=1, edge="lower")
