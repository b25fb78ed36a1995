"""Bands on the cumulative distribution: rigour, sharpness, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import linprog

from eigenscape.spectra import SpectralMeasure, measure_of_eigenvalues, stack_measures
from eigenscape.spectra.cumulative_band import (
    CumulativeBand,
    cumulative_band,
    jacobi_matrix,
    probe_bounds,
    probes_within,
)

EPS = float(np.finfo(float).eps)
SPECTRA = {
    "flat": np.linspace(-1, 1, 120),
    "atom": np.concatenate([np.zeros(70), np.linspace(-0.2, 1, 50)]),
    "outliers": np.concatenate([np.linspace(-1, 1, 115), [3, 5, 8, 13, 21.0]]),
}


def gauss_rule(
    eigenvalues: np.ndarray, weights: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The m-point Gauss rule of a discrete measure, by the Lanczos recurrence."""
    nodes, where = np.unique(eigenvalues, return_inverse=True)
    vector = np.sqrt(np.bincount(where, weights))
    steps = min(steps, len(nodes))
    rows, alpha, beta = np.zeros((steps, len(nodes))), np.zeros(steps), np.zeros(steps)
    for j in range(steps):
        beta[j] = np.linalg.norm(vector)
        if beta[j] <= 1e-12 * np.abs(nodes).max() and j:
            alpha, beta = alpha[:j], beta[:j]
            break
        rows[j] = vector / beta[j]
        vector = nodes * rows[j]
        alpha[j] = rows[j] @ vector
        for _ in range(2):
            vector -= (rows[: j + 1] @ vector) @ rows[: j + 1]
    values, vectors = eigh_tridiagonal(alpha, beta[1:])
    return values, vectors[0] ** 2 / (vectors[0] ** 2).sum()


def measured(
    eigenvalues: np.ndarray, steps: int, probes: int, rng: np.random.Generator
) -> SpectralMeasure:
    size = len(eigenvalues)
    rows = []
    for _ in range(probes):
        squares = rng.standard_normal(size) ** 2
        nodes, weights = gauss_rule(eigenvalues, squares / squares.sum(), steps)
        rows.append(SpectralMeasure(nodes[None], weights[None], size))
    return stack_measures(rows)


def covered(band: CumulativeBand, eigenvalues: np.ndarray) -> np.ndarray:
    ordered = np.sort(eigenvalues)
    below = np.searchsorted(ordered, band.points, "left") / len(ordered)
    up_to = np.searchsorted(ordered, band.points, "right") / len(ordered)
    return (band.lower <= below) & (up_to <= band.upper)


@given(
    st.lists(st.integers(-40, 40), min_size=1, max_size=60),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
    st.floats(0, 6),
)
def test_bounds_hold_for_every_discrete_measure(
    eigenvalues: list[int], steps: int, seed: int, unevenness: float
) -> None:
    atoms = np.array(eigenvalues) / 10
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=len(atoms)) ** unevenness
    weights /= weights.sum()
    nodes, masses = gauss_rule(atoms, weights, steps)
    # halfway between atoms, next to them, beyond them, and anywhere
    points = np.concatenate([
        np.linspace(-4.15, 4.15, 21),
        atoms[:4] - 1e-5,
        atoms[:4] + 1e-5,
        rng.uniform(-5, 5, 5),
    ])
    lower, upper = probe_bounds(
        SpectralMeasure(nodes[None], masses[None], len(atoms)), points
    )
    exact = np.array([weights[atoms <= x].sum() for x in points])
    assert (lower[0] <= exact).all()
    assert (exact <= upper[0] + 4 * EPS).all()


@pytest.mark.parametrize("x", [-1.3, -0.4, 0.1, 0.55, 0.9])
def test_bounds_are_the_best_that_the_moments_allow(x: float) -> None:
    steps = 4
    atoms = np.random.default_rng(0).uniform(-1, 1, 40)
    nodes, weights = gauss_rule(atoms, np.full(40, 1 / 40), steps)
    measure = SpectralMeasure(nodes[None], weights[None], 40)
    lower, upper = probe_bounds(measure, np.array([x]))
    # all measures on a grid with the moments 0 … 2m − 2, in Chebyshev polynomials; a
    # grid of spacing h meets them with nodes h/2 off, which costs a mass of order h
    grid = np.union1d(np.linspace(-3, 3, 3001), x)
    degree = 2 * steps - 2
    moments = np.polynomial.chebyshev.chebvander(nodes / 3, degree).T @ weights
    matrix = np.polynomial.chebyshev.chebvander(grid / 3, degree).T
    least = linprog((grid < x).astype(float), A_eq=matrix, b_eq=moments).fun
    most = -linprog(-(grid <= x).astype(float), A_eq=matrix, b_eq=moments).fun
    assert lower[0] - 1e-7 <= least <= lower[0] + 0.01
    assert upper[0] - 0.01 <= most <= upper[0] + 1e-7


def test_height_is_the_christoffel_function() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(12)
    points = np.linspace(-1.2, 1.2, 25)
    measure = SpectralMeasure(nodes[None], weights[None] / 2, 12)
    lower, upper = probe_bounds(measure, points)
    orthonormal = np.sqrt(2 * np.arange(12) + 1)
    values = np.polynomial.legendre.legvander(points, 11) * orthonormal
    kernel = (values**2).sum(1)
    np.testing.assert_allclose(upper[0] - lower[0], 1 / kernel, atol=1e-9)


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_jacobi_matrix_of_legendre(size: int) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(size)
    order = np.random.default_rng(0).permutation(size)
    alpha, beta = jacobi_matrix(nodes[order], weights[order] / 2)
    k = np.arange(1, size)
    np.testing.assert_allclose(alpha, 0, atol=1e-13)
    np.testing.assert_allclose(beta, k / np.sqrt(4 * k**2 - 1), atol=1e-13)


def test_padding_and_ghosts_change_nothing() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(9)
    plain = SpectralMeasure(nodes[None], weights[None] / 2, 9)
    split = np.concatenate([nodes, [nodes[8], nodes[8], nodes[3] * (1 + 1e-16)]])
    masses = np.concatenate([weights / 2, [0, weights[8] / 6, weights[3] / 8]])
    masses[[8, 3]] -= masses[[10, 11]]
    ghosts = SpectralMeasure(split[None], masses[None], 9)
    points = np.linspace(-1, 1, 21)
    for first, second in zip(
        probe_bounds(plain, points), probe_bounds(ghosts, points), strict=True
    ):
        np.testing.assert_allclose(first, second, atol=1e-9)


def test_what_rounding_tore_apart_counts_on_either_side() -> None:
    nodes = np.array([[-1, -3e-9, -1e-9, 1e-9, 3e-9, 1]])
    measure = SpectralMeasure(nodes, np.array([[0.2, *[0.15] * 4, 0.2]]), 10)
    lower, upper = probe_bounds(measure, np.zeros(1))
    assert lower[0, 0] <= 0.2
    assert upper[0, 0] >= 0.8
    lower, upper = probe_bounds(measure, np.zeros(1), resolution=1e-13)
    assert lower[0, 0] > 0.3
    assert upper[0, 0] < 0.7


@pytest.mark.parametrize("probes", [1, 3])
@pytest.mark.parametrize("name", SPECTRA)
def test_coverage(name: str, probes: int, rng: np.random.Generator) -> None:
    eigenvalues, trials = SPECTRA[name], 120
    points = np.quantile(eigenvalues, [0.04, 0.5, 0.9]) + 2e-3
    hits = [
        covered(
            cumulative_band(measured(eigenvalues, 20, probes, rng), points), eigenvalues
        )
        for _ in range(trials)
    ]
    # at least the level at each point, up to three standard errors of the count
    assert np.mean(hits, 0).min() >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.parametrize("probes", [1, 3])
def test_coverage_is_the_level_where_the_rules_leave_no_doubt(
    probes: int, rng: np.random.Generator
) -> None:
    # 115 of 120 lie far below the point; the conservatism for three probes is 1/120
    eigenvalues, trials, points = SPECTRA["outliers"], 200, np.array([2.0])
    hits = [
        covered(
            cumulative_band(measured(eigenvalues, 20, probes, rng), points, level=0.5),
            eigenvalues,
        )[0]
        for _ in range(trials)
    ]
    assert abs(np.mean(hits) - 0.5) <= 3 * np.sqrt(0.25 / trials) + 1 / 120


def test_all_eigenvalues_known_leave_no_doubt() -> None:
    eigenvalues = np.array([-1.0, 0, 0, 0, 2, 5])
    points = np.array([-2.0, -1.0, -0.5, 0.0, 1.0, 5.0, 6.0])
    band = cumulative_band(measure_of_eigenvalues(eigenvalues), points)
    np.testing.assert_array_equal(band.lower * 6, [0, 0, 1, 1, 4, 5, 6])
    np.testing.assert_array_equal(band.upper * 6, [0, 1, 1, 4, 4, 6, 6])


def test_coverage_with_known_eigenvalues(rng: np.random.Generator) -> None:
    bulk, known = np.linspace(-1, 1, 95), np.array([3.0, 5, 8, 13, -2])
    everything = np.concatenate([bulk, known])
    points = np.array([-1.5, -0.5, 0.6, 4, 20])
    hits, trials = [], 100
    for _ in range(trials):
        rest = measured(bulk, 20, 2, rng)
        measure = SpectralMeasure(
            nodes=np.hstack([np.tile(known, (2, 1)), rest.nodes]),
            weights=np.hstack([np.full((2, 5), 0.01), 0.95 * rest.weights]),
            dimension=100,
        )
        band = cumulative_band(measure, points)
        hits.append(covered(band, everything))
        # one bulk distribution, its band moved by the outliers below and shrunk
        alone = cumulative_band(rest, points)
        below = np.searchsorted(np.sort(known), points) / 100
        np.testing.assert_allclose(band.lower, below + 0.95 * alone.lower, atol=1e-14)
        np.testing.assert_allclose(band.upper, below + 0.95 * alone.upper, atol=1e-14)
    assert np.mean(hits, axis=0).min() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / trials)


def test_width_is_the_area_over_the_range() -> None:
    band = CumulativeBand(
        points=np.array([0.0, 1.0, 3.0]),
        lower=np.array([0.0, 0.2, 0.6]),
        upper=np.array([0.2, 0.8, 0.8]),
        level=0.95,
    )
    assert band.width == pytest.approx((0.4 * 1 + 0.4 * 2) / 3)
    one = CumulativeBand(np.ones(1), np.zeros(1), np.full(1, 0.3), 0.95)
    assert one.width == pytest.approx(0.3)


def test_band_is_as_high_as_an_atom_and_narrow_beside_it(
    rng: np.random.Generator,
) -> None:
    measure = measured(SPECTRA["atom"], 45, 20, rng)
    at, beside = (cumulative_band(measure, np.array([x])) for x in (0.0, 0.1))
    assert at.width >= 70 / 120
    assert beside.width < 0.15
    assert cumulative_band(measure).width < 0.1


@pytest.mark.parametrize("width", [0.3, 0.2])
def test_probes_and_steps_asked_for_suffice(
    width: float, rng: np.random.Generator
) -> None:
    # the rules' part at m steps takes a third of the width, the probes' the rest
    steps = int(np.ceil(3 * np.pi / 2 / width))
    eigenvalues = SPECTRA["flat"]
    probes = probes_within(width, dimension=120, steps=steps)
    band = cumulative_band(measured(eigenvalues, steps, probes, rng))
    assert 0.5 * width < band.width <= width


def test_probes_asked_for() -> None:
    assert probes_within(0.05, dimension=10**6, steps=100) == 1
    few = probes_within(0.05, dimension=500, steps=1000)
    assert few == int(np.ceil(2 * 1.959964**2 / (500 * (0.05 * 2 / 3) ** 2)))
    assert probes_within(0.05, dimension=500, steps=40) > few
    with pytest.raises(
        ValueError, match=r"band: expected a width between 0 and 1, got 0"
    ):
        probes_within(0.0, dimension=500, steps=10)


@pytest.mark.parametrize(
    ("points", "level", "message"),
    [
        ([1.0, 0.0], 0.95, "points: expected finite numbers in ascending order"),
        ([np.nan], 0.95, "points: expected finite numbers"),
        ([], 0.95, "points: expected finite numbers"),
        ([0.0], 1.0, "level: expected between 0 and 1, got 1.0"),
    ],
)
def test_bad_arguments(points: list[float], level: float, message: str) -> None:
    measure = measure_of_eigenvalues(np.arange(3.0))
    with pytest.raises(ValueError, match=message):
        cumulative_band(measure, np.array(points), level=level)
