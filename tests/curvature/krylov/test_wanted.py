"""Wanted: its choices against sorting, its bounds against theorems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from eigenscape.curvature.krylov.wanted import (
    MISS_PROBABILITY,
    Wanted,
    largest_magnitude,
)

values_of = st.lists(st.integers(-20, 20), min_size=1, max_size=12, unique=True)


def best(values: np.ndarray, count: int, which: str) -> set[float]:
    ordered = sorted(values)
    ends = {
        "largest": ordered[-count:],
        "smallest": ordered[:count],
        "both": ordered[-count:] + ordered[:count],
        "magnitude": sorted(values, key=abs)[-count:],
    }
    return set(ends[which])


@given(
    values=values_of,
    split=st.integers(0, 12),
    count=st.integers(1, 4),
    which=st.sampled_from(["largest", "smallest", "both"]),
)
def test_the_best_of_both_lists_are_chosen(values, split, count, which):
    found, fresh = np.array(values[:split], float), np.array(values[split:], float)
    goal = Wanted(count, which, 1e-3)
    old, new = goal.select(found, fresh)
    chosen = {*found[old], *fresh[new]}
    assert chosen == best(np.array(values, float), count, which)
    assert len(old) + len(new) == min(len(values), goal.total)


@given(values=st.lists(st.floats(0.1, 9), min_size=1, max_size=9), count=st.integers(1))
def test_magnitudes(values, count):
    signed = np.array(values) * np.resize([1, -1], len(values))
    _, new = Wanted(count, "magnitude", 1e-3).select(np.zeros(0), signed)
    assert sorted(abs(signed[new])) == sorted(values)[-count:]


def test_a_fresh_value_must_win_by_the_margin():
    goal = Wanted(1, "largest", 0.1)
    found = np.array([10.0])
    old, new = goal.select(found, np.array([10.9]))
    assert (len(old), len(new)) == (1, 0)
    old, new = goal.select(found, np.array([11.2]))
    assert (len(old), len(new)) == (0, 1)


@pytest.mark.parametrize(
    ("which", "number", "expected"),
    [
        ("largest", 2, [0, 4, 5]),
        ("smallest", 2, [0, 1]),
        ("both", 2, [0, 1, 5]),
        ("both", 3, [0, 1, 5]),
        ("magnitude", 1, [0, 5]),
        ("largest", -3, [0]),
    ],
)
def test_nearest_to_the_wanted_end(which, number, expected):
    values = np.array([-9.0, -3, -1, 0, 2, 4])
    chosen = Wanted(1, which, 1e-3).with_nearest(values, np.array([0]), number)
    if which == "smallest":
        expected = [0, 1, 2]
    assert chosen.tolist() == expected


def lanczos_of(eigenvalues, start, steps):
    """Diagonal and off-diagonal of Lanczos on a diagonal matrix."""
    basis, alpha, beta_ = [start / np.linalg.norm(start)], [], []
    for _ in range(steps):
        image = eigenvalues * basis[-1]
        alpha.append(image @ basis[-1])
        for _ in range(2):
            image = image - sum((image @ q) * q for q in basis)
        beta_.append(np.linalg.norm(image))
        basis.append(image / beta_[-1])
    return np.array(alpha), np.array(beta_)


@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(1, 12),
    weight=st.sampled_from([0.1, 0.01, 1e-3, 1e-4, 1e-6]),
    which=st.sampled_from(["largest", "smallest", "both", "magnitude"]),
)
def test_what_a_claim_overlooks_has_a_small_component(seed, steps, weight, which):
    """The lemma of van Dorsselaer et al.: |u·v| ≤ 1/|pₘ(λ)|."""
    rng = np.random.default_rng(seed)
    sign = -1 if which == "smallest" else 1
    eigenvalues = sign * np.append(rng.uniform(-1, 1, 30), 3.0)
    start = rng.standard_normal(31)
    start[-1] = weight * np.linalg.norm(start)
    alpha, beta_ = lanczos_of(eigenvalues, start, steps)
    found = {"both": np.array([2.0, -9.0])}.get(which, sign * np.array([2.0]))
    claimed = Wanted(1, which, 1e-6).nothing_hidden(found, alpha, beta_, 31)
    component = abs(start[-1]) / np.linalg.norm(start)
    assert not claimed or component < MISS_PROBABILITY * np.sqrt(np.pi / 62)


@pytest.mark.parametrize("which", ["largest", "smallest", "both", "magnitude"])
def test_a_claim_is_made_when_nothing_is_hidden(which):
    rng = np.random.default_rng(0)
    alpha, beta_ = lanczos_of(rng.uniform(-1, 1, 60), rng.standard_normal(60), 10)
    found = {"smallest": np.array([-3.0]), "both": np.array([3.0, -3.0])}
    goal = Wanted(1, which, 1e-6)
    assert goal.nothing_hidden(found.get(which, np.array([3.0])), alpha, beta_, 60)
    near = {"smallest": np.array([-1.0]), "both": np.array([3.0, -1.0])}
    ends = near.get(which, np.array([1.0]))
    assert not goal.nothing_hidden(ends, alpha, beta_, 60)


@pytest.mark.parametrize("size", [2, 3, 10, 1000, 10**7])
def test_small_components_are_as_improbable_as_stated(size):
    """(u·v)² has the beta distribution with ½ and (n − 1)/2."""
    least = MISS_PROBABILITY * np.sqrt(np.pi / (2 * size))
    assert beta.cdf(least**2, 0.5, (size - 1) / 2) <= MISS_PROBABILITY


@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(8, 14),
    hidden=st.floats(4.3, 6),
    weight=st.sampled_from([1e-2, 1e-4, 1e-6, 1e-8]),
)
def test_pairs_left_aside_hide_no_more_than_half_the_margin(
    seed, steps, hidden, weight
):
    rng = np.random.default_rng(seed)
    eigenvalues = np.concatenate([rng.uniform(-1, 1, 25), [2.0, 4.0, 5.0, hidden]])
    start = rng.standard_normal(29) * np.append(np.ones(28), weight)
    krylov = np.linalg.qr(np.vander(eigenvalues / 3, steps) * start[:, None])[0]
    values, vectors = np.linalg.eigh(krylov.T * eigenvalues @ krylov)
    ritz = krylov @ vectors
    residuals = np.linalg.norm(eigenvalues[:, None] * ritz - ritz * values, axis=0)
    goal = Wanted(2, "largest", 0.02)
    chosen, margin = np.arange(steps - 2, steps), 0.02 * values[-1]
    aside = goal.with_resolved(values, residuals, chosen, 99)
    complement = np.linalg.svd(ritz[:, aside])[0][:, len(aside) :]
    rest = np.linalg.eigvalsh(complement.T * eigenvalues @ complement)
    bar = values[-2] + margin
    # the chosen pairs are taken for exact, so their own residuals widen the margin
    if rest.max() < bar - margin / 2 and residuals[chosen].max() < margin:
        assert np.sum(eigenvalues > bar + margin) <= np.sum(values > bar)


def test_well_resolved_pairs_are_left_aside_nearest_first():
    values = np.array([-1.0, 1.0, 2.0, 3.0, 4.0])
    residuals = np.array([0.0, 0.0, 1e-3, 0.0, 0.0])
    goal = Wanted(1, "largest", 1e-3)
    chosen = goal.with_resolved(values, residuals, np.array([4]), 3)
    assert chosen.tolist() == [4, 3, 2, 1]
    residuals[2] = 0.5  # shifts by 0.25/2 where 0.002 is allowed
    chosen = goal.with_resolved(values, residuals, np.array([4]), 3)
    assert chosen.tolist() == [4, 3]
    zeros = np.zeros(3)
    assert len(goal.with_resolved(zeros, zeros, np.array([0]), 2)) == 3


def test_largest_magnitude():
    assert largest_magnitude(np.array([1.0, -3.0]), np.zeros(0)) == 3
    assert largest_magnitude(np.zeros(0)) == 0
