"""The edge of stability against the second moments of sampled batches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.mean_square_stability import mean_square_rate

EQUAL = np.ones((1, 1))


def second_moments(batches, rate, momentum, *, nesterov=False, weight_decay=0.0):
    """E[B ⊗ B] for the matrices B of (weight, momentum) that torch's SGD multiplies."""
    size = batches.shape[1]
    own = np.eye(size)
    gradient = batches + weight_decay * own
    step = np.zeros((len(batches), 2 * size, 2 * size))
    step[:, size:, :size] = gradient
    step[:, size:, size:] = momentum * own
    taken = (1 + momentum if nesterov else 1) * gradient
    step[:, :size, :size] = own - rate * taken
    step[:, :size, size:] = -rate * momentum * (momentum if nesterov else 1) * own
    total = np.einsum("nij,nkl->ikjl", step, step) / len(batches)
    return total.reshape(4 * size * size, 4 * size * size)


def sampled(spikes, weights, batch_size, draws, rng):
    chosen = weights[rng.integers(len(weights), size=(draws, batch_size))]
    rows = rng.standard_normal((*chosen.shape, len(spikes)))
    rows *= np.sqrt(chosen)[..., None] * np.sqrt(spikes)
    return np.einsum("nbck,nbcl->nkl", rows, rows) / batch_size


@pytest.mark.parametrize(
    ("batch_size", "momentum", "options"),
    [
        (1, 0.0, {}),
        (4, 0.0, {}),
        (4, 0.8, {}),
        (4, 0.8, {"nesterov": True}),
        (2, 0.5, {"nesterov": True, "weight_decay": 0.7}),
        (4, 0.6, {"weight_decay": 2.0}),
    ],
)
def test_second_moments_of_sampled_batches_neither_grow_nor_shrink(
    batch_size, momentum, options, rng
):
    spikes, groups = np.array([2.0, 1.0]), 20
    weights = np.array([[0.5, 0.3], [1.0, 0.2], [1.9, 0.1]])
    weights /= weights.sum(1).mean()
    rate = mean_square_rate(spikes, weights, batch_size, momentum=momentum, **options)
    batches = sampled(spikes, weights, batch_size, groups * 5000, rng)

    def radii(rate):
        parts = np.split(batches, groups)
        moments = np.array([
            second_moments(p, rate, momentum, **options) for p in parts
        ])
        whole = np.abs(np.linalg.eigvals(moments.mean(0))).max()
        each = np.abs(np.linalg.eigvals(moments)).max(1)
        return whole, each.std(ddof=1) / np.sqrt(groups)

    whole, error = radii(rate)
    assert error < 0.01
    assert abs(whole - 1) < 4 * error
    half, error = radii(rate / 2)
    assert half < 1 - 10 * error


def test_examples_drawn_without_replacement_have_the_factor_of_their_covariance():
    """Against the exact covariance of batches of 2 of 5 fixed scalars."""
    values = np.array([0.2, 0.5, 1.0, 1.3, 2.0])
    values /= values.mean()
    pairs = np.array([np.mean(p) for p in itertools.combinations(values, 2)])
    # a scalar example of weight w: normal rows replaced by their own second moment
    noise = ((values - 1) ** 2).mean() * (5 - 2) / (5 - 1) / 2
    assert ((pairs - 1) ** 2).mean() == pytest.approx(noise, rel=1e-12)
    # f + d of one eigenvalue is the variance of H_b: 3q − 1 for normal rows
    q = (values**2).mean()
    rate = mean_square_rate(np.ones(1), values[:, None], 2, population=5)
    variance = (3 * q - 1) * (5 - 2) / (5 - 1) / 2
    assert (1 - rate) ** 2 + rate**2 * variance == pytest.approx(1, rel=1e-10)


@given(
    momentum=st.floats(0, 0.99),
    batch_size=st.floats(1, 1e6),
    spread=st.floats(1, 100),
    remainder=st.floats(0, 100),
)
def test_noise_only_lowers_the_rate(momentum, batch_size, spread, remainder):
    spikes = np.array([spread, 1.0])
    rate = mean_square_rate(
        spikes, EQUAL, batch_size, remainder=remainder, momentum=momentum
    )
    larger = mean_square_rate(
        spikes, EQUAL, 2 * batch_size, remainder=remainder, momentum=momentum
    )
    assert 0 < rate <= larger * (1 + 1e-9)
    assert larger <= 2 * (1 + momentum) / spread * (1 + 1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_limits_of_no_noise_and_of_much(momentum):
    spikes, rest = np.array([3.0, 1.0]), 1e6
    whole = mean_square_rate(spikes, EQUAL, 50, population=50, momentum=momentum)
    assert whole == pytest.approx(2 * (1 + momentum) / 3, rel=1e-12)
    ahead = mean_square_rate(
        spikes, EQUAL, 1e12, momentum=momentum, nesterov=True, weight_decay=1.0
    )
    expected = 2 * (1 + momentum) / ((1 + 2 * momentum) * 4)
    assert ahead == pytest.approx(expected, rel=1e-9)
    assert mean_square_rate(
        spikes, EQUAL, np.inf, remainder=rest, momentum=momentum
    ) == pytest.approx(whole, rel=1e-12)
    weights = np.array([[0.5], [1.5]])
    noisy = mean_square_rate(spikes, weights, 7, remainder=rest, momentum=momentum)
    # corrections are of the order of the spikes' share of the trace
    expected = 2 * (1 - momentum) * 7 / (1.25 * (rest + 4))
    assert noisy == pytest.approx(expected, rel=1e-4)


def test_bad_arguments():
    one = np.ones(1)
    with pytest.raises(ValueError, match="^momentum: expected a number in"):
        mean_square_rate(one, EQUAL, 1, momentum=1.0)
    with pytest.raises(ValueError, match="^batch_size: expected a number from 0 to 5"):
        mean_square_rate(one, EQUAL, 6, population=5)
    with pytest.raises(ValueError, match="^batch_size: expected"):
        mean_square_rate(one, EQUAL, 0)
    with pytest.raises(ValueError, match="^weight_decay: expected a number in"):
        mean_square_rate(one, EQUAL, 1, weight_decay=-1.0)
    with pytest.raises(ValueError, match="^weights: expected"):
        mean_square_rate(one, 2 * EQUAL, 1)
