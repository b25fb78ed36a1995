from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, optimize

from eigenscape.theory.shrinkage.spiked import (
    shrink_covariance_spikes,
    shrink_wigner_spikes,
)

LOSSES = {
    "frobenius": lambda a, b: np.sum((a - b) ** 2),
    "operator": lambda a, b: np.linalg.norm(a - b, 2),
    "nuclear": lambda a, b: np.linalg.norm(a - b, "nuc"),
    "stein": lambda a, b: np.trace(np.linalg.solve(a, b)) - np.log(np.linalg.det(b)),
    "entropy": lambda a, b: np.trace(np.linalg.solve(b, a)) + np.log(np.linalg.det(b)),
    "frechet": lambda a, b: np.sum((linalg.sqrtm(a) - linalg.sqrtm(b)) ** 2),
}


def best(loss, spike, base, overlap):
    """Minimise over the eigenvalue along a vector that has that squared cosine."""
    u = np.array([math.sqrt(overlap), math.sqrt(1 - overlap)])
    clean = np.diag([spike, base])

    def cost(value):
        return LOSSES[loss](clean, base * np.eye(2) + (value - base) * np.outer(u, u))

    grid = np.linspace(base, 1.5 * spike, 400)
    start = grid[np.argmin([cost(v) for v in grid])]
    step = 1.5 * spike / 200
    bounds = (max(start - step, base), start + step)
    return optimize.minimize_scalar(cost, bounds=bounds, options={"xatol": 1e-9}).x


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize(("spike", "ratio"), [(2.5, 0.5), (6.0, 0.5), (4.0, 2.0)])
def test_covariance_shrinkers_minimise_their_losses(loss, spike, ratio):
    excess = spike - 1
    overlap = (1 - ratio / excess**2) / (1 + ratio / excess)
    value = np.array([spike * (1 + ratio / excess)])
    found = shrink_covariance_spikes(3 * value, ratio, noise=3.0, loss=loss)[0] / 3
    if loss == "nuclear":
        # A plateau in the asymptotic loss: compare costs, not places.
        u = np.array([math.sqrt(overlap), math.sqrt(1 - overlap)])
        costs = [
            LOSSES[loss](np.diag([spike, 1.0]), np.eye(2) + (v - 1) * np.outer(u, u))
            for v in (found, best(loss, spike, 1.0, overlap))
        ]
        assert costs[0] == pytest.approx(costs[1], rel=1e-6)
    else:
        expected = best(loss, spike, 1.0, overlap)
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["frobenius", "operator", "nuclear"])
def test_wigner_shrinkers_minimise_their_losses(loss):
    spike, variance = 3.0, 2.0
    overlap = 1 - variance / spike**2
    value = np.array([spike + variance / spike])
    u = np.array([math.sqrt(overlap), math.sqrt(1 - overlap)])

    def cost(v):
        return LOSSES[loss](np.diag([spike, 0.0]), v * np.outer(u, u))

    found = shrink_wigner_spikes(value, variance, loss=loss)[0]
    grid = np.linspace(0.0, 4.0, 4001)
    assert cost(found) <= min(cost(v) for v in grid) + 1e-12
    mirrored = shrink_wigner_spikes(-value, variance, loss=loss)[0]
    assert mirrored == -found


def test_sampled_spikes_are_recovered_better_than_kept(rng):
    size, samples = 300, 600
    population = np.ones(size)
    population[:3] = [12.0, 8.0, 4.0]
    x = rng.standard_normal((samples, size)) * np.sqrt(population)
    values, vectors = np.linalg.eigh(x.T @ x / samples)
    losses = [
        np.sum(((vectors * v) @ vectors.T - np.diag(population)) ** 2)
        for v in (shrink_covariance_spikes(values, 0.5), values)
    ]
    # ℓ² (1 − c⁴) for each spike; the bulk alone costs P γ without shrinking.
    expected = sum(
        (s - 1) ** 2 * (1 - ((1 - 0.5 / (s - 1) ** 2) / (1 + 0.5 / (s - 1))) ** 2)
        for s in (12.0, 8.0, 4.0)
    )
    assert losses[0] == pytest.approx(expected, rel=0.3)
    assert losses[0] < losses[1] / 5


@given(st.floats(0.01, 4.0), st.floats(0.1, 5.0))
def test_the_bulk_becomes_flat(ratio, noise):
    edge = noise * (1 + math.sqrt(ratio)) ** 2
    found = shrink_covariance_spikes(np.array([0.0, edge]), ratio, noise=noise)
    assert np.allclose(found, noise)
    assert shrink_wigner_spikes(np.array([1.999 * math.sqrt(noise)]), noise)[0] == 0


@pytest.mark.parametrize("loss", list(LOSSES))
def test_large_spikes_are_kept_in_the_limit_of_many_samples(loss):
    value = np.array([50.0])
    found = shrink_covariance_spikes(value, 1e-9, loss=loss)
    assert found == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: shrink_covariance_spikes(x, 0.0), "ratio"),
        (lambda x: shrink_covariance_spikes(x, 1.0, noise=0.0), "noise"),
        (lambda x: shrink_wigner_spikes(x, -1.0), "variance"),
    ],
)
def test_refusals(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call(np.ones(1))
