import math

import numpy as np
import pytest

from eigenscape.spectra.preconditioning import compare_steps, step_shares
from eigenscape.theory import Semicircle
from eigenscape.theory.ensembles import GOE

SIZE = 200


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(0)
    curvature = np.diag(np.append(np.linspace(0, 1, SIZE - 2), [6.0, 9.0]))
    gradient = rng.normal(size=SIZE)
    gradient[-2:] = 10.0
    draws = np.array([curvature + GOE(0.25).sample(SIZE, rng=rng) for _ in range(10)])
    return curvature, draws, gradient


def test_planted_free_noise_is_predicted(planted):
    curvature, draws, gradient = planted
    rng = np.random.default_rng(1)
    found = compare_steps(
        "planted",
        curvature,
        draws,
        gradient,
        [0.1, 1.2, 3.0],
        noise=Semicircle(0.25),
        rng=rng,
    )
    assert [c.damping for c in found] == [0.1, 1.2, 3.0]
    assert found[0].predicted is found[0].measured is None
    for comparison in found[1:]:
        for other in (comparison.rotated, comparison.measured):
            for name in ("gradient_share", "random_share", "exact_share"):
                expected = getattr(comparison.predicted, name)
                # One over √N, for fluctuations of bilinear forms.
                bound = 1 / math.sqrt(SIZE)
                assert getattr(other, name) == pytest.approx(expected, abs=bound)
            rate = comparison.predicted.learning_rate
            assert other.learning_rate == pytest.approx(rate, rel=0.05)
        assert comparison.same_batch is None


def test_shares_by_hand():
    """Two draws of a diagonal matrix, (1, 1) ↦ (1, 1) and (1, 3)."""
    draws = np.array([np.eye(2), np.diag([1.0, 1 / 3])]) - 0.1 * np.eye(2)
    gradients = np.ones((2, 2))
    found = step_shares(0.9 * np.eye(2), draws, gradients, 0.1)
    assert found.learning_rate == pytest.approx((1 + 2) / 2)
    assert found.gradient_share == pytest.approx((1 + 16 / 20) / 2)
    assert found.exact_share == pytest.approx(found.gradient_share)
    # The two steps have the inner product 4 and the mean energy (2 + 10)/2.
    assert found.random_share == pytest.approx(1 - 4 / 6)


def test_gradients_of_the_same_batches_are_used(planted):
    curvature, draws, gradient = planted
    rng = np.random.default_rng(2)
    own = gradient + 3 * rng.normal(size=(len(draws), SIZE))
    (found,) = compare_steps(
        "planted",
        curvature,
        draws,
        gradient,
        [2.0],
        noise=Semicircle(0.25),
        batch_size=16,
        batch_gradients=own,
        rng=rng,
    )
    assert found.batch_size == 16
    assert found.same_batch.random_share > found.measured.random_share + 0.2


def test_what_is_not_positive_has_no_step(planted):
    curvature, draws, gradient = planted
    each = np.broadcast_to(gradient, (len(draws), SIZE))
    assert step_shares(curvature, draws, each, 0.2) is None
    with pytest.raises(ValueError, match="at least 2"):
        step_shares(curvature, draws[:1], each[:1], 2.0)
