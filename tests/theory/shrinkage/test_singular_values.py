from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.shrinkage.singular_values import (
    hard_threshold,
    hard_threshold_in_noise,
    median_threshold_factor,
    shrink_singular_values,
)

NORMS = {"frobenius": "fro", "operator": 2, "nuclear": "nuc"}
aspects = st.floats(0.02, 1.0)


def spiked(x, aspect):
    """Where a singular value x is found, and the cosines of its two vectors."""
    y = math.sqrt((x + 1 / x) * (x + aspect / x))
    smaller = (x**4 - aspect) / (x**4 + aspect * x**2)
    larger = (x**4 - aspect) / (x**4 + x**2)
    return y, math.sqrt(smaller), math.sqrt(larger)


@pytest.mark.parametrize("loss", list(NORMS))
@pytest.mark.parametrize(("x", "aspect"), [(1.3, 1.0), (1.6, 0.5), (3.0, 0.2)])
def test_shrinkers_minimise_their_losses(loss, x, aspect):
    y, a, b = spiked(x, aspect)
    left, right = np.array([a, math.sqrt(1 - a**2)]), np.array([b, math.sqrt(1 - b**2)])

    def cost(value):
        gap = np.diag([x, 0.0]) - value * np.outer(left, right)
        return np.linalg.norm(gap, NORMS[loss])

    found = shrink_singular_values(np.array([y]), aspect, loss=loss)[0]
    assert cost(found) <= min(map(cost, np.linspace(0, 2 * x, 4001))) + 1e-9


def test_published_constants():
    # Gavish and Donoho (2014): 4/√3, 2.858, and a cubic that is within 0.02 of ω.
    assert hard_threshold(1.0) == pytest.approx(4 / math.sqrt(3), rel=1e-15)
    assert median_threshold_factor(1.0) == pytest.approx(2.858, abs=5e-4)
    for b in (0.05, 0.25, 0.5, 0.8):
        cubic = 0.56 * b**3 - 0.95 * b**2 + 1.82 * b + 1.43
        assert median_threshold_factor(b) == pytest.approx(cubic, abs=0.02)


@given(aspects)
def test_at_the_hard_threshold_keeping_and_dropping_cost_the_same(aspect):
    y = hard_threshold(aspect)
    middle = y**2 - aspect - 1
    x = math.sqrt((middle + math.sqrt(middle**2 - 4 * aspect)) / 2)
    _, a, b = spiked(x, aspect)
    assert (x - y * a * b) ** 2 + y**2 * (1 - (a * b) ** 2) == pytest.approx(x**2)


@given(aspects, st.floats(0.1, 10.0))
def test_threshold_in_white_noise_is_the_closed_form(aspect, variance):
    noise = MarchenkoPastur(aspect, variance)
    found = hard_threshold_in_noise(noise, aspect)
    expected = hard_threshold(aspect) * math.sqrt(variance)
    assert found == pytest.approx(expected, rel=1e-11)


def test_threshold_in_coloured_noise_as_sampled(rng):
    """Rank one in noise of two row scales: the loss changes sign at the threshold."""
    rows, columns = 300, 600
    scales = np.sqrt(np.repeat([0.5, 2.0], rows // 2) / columns)
    turn = np.linalg.qr(rng.standard_normal((rows, rows)))[0]
    noise = turn @ (scales[:, None] * rng.standard_normal((rows, columns)))
    threshold = hard_threshold_in_noise(
        Discrete.empirical(np.linalg.svd(noise, compute_uv=False) ** 2), rows / columns
    )
    left, right = np.eye(rows)[0], np.eye(columns)[0]
    gains = []
    for x in np.linspace(1.5, 3.0, 7):
        signal = x * np.outer(left, right)
        u, s, v = np.linalg.svd(signal + noise, full_matrices=False)
        kept = s[0] * np.outer(u[:, 0], v[0])
        gains.append((s[0], x**2 - np.sum((signal - kept) ** 2)))
    for value, gain in gains:
        if abs(value - threshold) > 0.1:  # fluctuations are of order N^(−1/2)
            assert (gain > 0) == (value > threshold)
    assert min(gains)[0] < threshold < max(gains)[0]


def test_low_rank_matrix_as_sampled(rng):
    rows, columns, x = 200, 400, 2.0
    noise = rng.standard_normal((rows, columns)) / math.sqrt(columns)
    noise[0, 0] += x
    u, s, v = np.linalg.svd(noise, full_matrices=False)
    kept = (u * shrink_singular_values(s, 0.5)) @ v
    signal = np.zeros((rows, columns))
    signal[0, 0] = x
    _, a, b = spiked(x, 0.5)
    loss = np.sum((kept - signal) ** 2)
    assert loss == pytest.approx(x**2 * (1 - (a * b) ** 2), abs=0.6)
    median = median_threshold_factor(0.5) * np.median(s)
    assert median == pytest.approx(hard_threshold(0.5), rel=0.03)


@given(aspects)
def test_the_bulk_is_dropped(aspect):
    edge = np.array([0.0, 1 + math.sqrt(aspect)])
    for loss in NORMS:
        assert not shrink_singular_values(edge, aspect, loss=loss).any()


def test_noise_without_an_edge_is_refused():
    with pytest.raises(ValueError, match=r"^the upper edge of the noise: expected"):
        hard_threshold_in_noise(Discrete.point_mass(0.0), 0.5)


@pytest.mark.parametrize("aspect", [0.0, 1.1, math.nan])
def test_refuses_what_is_no_aspect_ratio(aspect):
    with pytest.raises(ValueError, match=r"^aspect: expected"):
        hard_threshold(aspect)
