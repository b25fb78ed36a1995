"""Damping rules, against the published steps written out and against the formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import Estimate
from eigenscape.curvature.curvature_variance import CurvatureVariance
from eigenscape.optim.damping import OptimalShrinkage, PublishedDamping
from eigenscape.theory.shrinkage.damping import CurvatureMoments

positive = st.floats(1e-3, 1e3)


def measured(noise, *, mean=0.5, spread=2.0, minibatches=8):
    return CurvatureVariance(
        100, minibatches, 128, Estimate(noise, 0.1, minibatches), mean, spread, 3.0
    )


@pytest.mark.parametrize("least", [1.0, 0.03])
def test_is_the_published_recursion_number_for_number(least):
    """The steps of the public code, with its plug-in variance, written out."""
    rng = np.random.default_rng(0)
    variances = rng.exponential(size=(20, 8, 5))
    rule = PublishedDamping(least)
    damping, moments = None, None
    for products in variances:
        # hess_var = mean ‖v_k‖² − ‖mean v_k‖²
        variance = np.mean(np.sum(products**2, 1)) - np.sum(products.mean(0) ** 2)
        if damping is None:
            damping = least + variance
        else:
            damping = 0.7 * damping + 0.3 * least + 0.3 * variance
        unbiased = products.var(axis=0, ddof=1).sum()
        latest = rule.observed(measured(unbiased))
        moments = moments.towards(latest, rule.smoothing) if moments else latest
        # three sums a measurement, each to half a spacing
        assert rule.damping(moments) == pytest.approx(damping, rel=1e-14)
        assert rule.rate_factor(moments) == pytest.approx(1 + damping, rel=1e-14)


@given(positive, positive, positive)
def test_shrinkage_damps_by_the_ratio_of_noise_to_spread(mean, spread, noise):
    rule = OptimalShrinkage(least_signal=1e-7)
    moments = CurvatureMoments(mean, spread, noise)
    assert rule.damping(moments) == pytest.approx(mean * noise / spread, rel=1e-9)
    assert rule.rate_factor(moments) == pytest.approx(1 + noise / spread, rel=1e-9)


@given(positive, positive, positive, st.floats(0.01, 1.0))
def test_damping_and_rate_are_one_shrinkage(mean, spread, noise, share):
    """The mean of the damped curvature over the rate factor stays μ, clipped or not."""
    rule = OptimalShrinkage(least_signal=share)
    moments = CurvatureMoments(mean, spread, noise)
    damped = (mean + rule.damping(moments)) / rule.rate_factor(moments)
    assert damped == pytest.approx(mean, rel=1e-9)
    assert rule.rate_factor(moments) <= (1 + 1e-12) / share


def test_takes_the_unbiased_noise():
    found = measured(0.8)
    assert OptimalShrinkage().observed(found) == CurvatureMoments(0.5, 2.0, 0.8)
    assert PublishedDamping().observed(found).noise == pytest.approx(0.7, rel=1e-15)


def test_noise_without_signal_is_bounded():
    rule = OptimalShrinkage()
    for spread in (0.0, -0.2):
        moments = CurvatureMoments(2.0, spread, 1.0)
        assert rule.damping(moments) == pytest.approx(2.0 * 999)
        assert rule.rate_factor(moments) == pytest.approx(1000)


@pytest.mark.parametrize("mean", [0.0, -1.0])
@pytest.mark.parametrize("spread", [1.0, -1.0])
def test_without_a_trace_the_least_damping_and_the_base_rate(mean, spread):
    moments = CurvatureMoments(mean, spread, 1.0)
    rule = OptimalShrinkage(least=0.01)
    assert rule.damping(moments) == 0.01
    assert rule.rate_factor(moments) == 1


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: PublishedDamping(-1.0), "least"),
        (lambda: PublishedDamping(smoothing=0.0), "smoothing"),
        (lambda: OptimalShrinkage(least=-1.0), "least"),
        (lambda: OptimalShrinkage(least_signal=0.0), "least_signal"),
        (lambda: OptimalShrinkage(smoothing=1.5), "smoothing"),
    ],
)
def test_refusals(make, name):
    with pytest.raises(ValueError, match=rf"^{name}: expected a number .*; change it$"):
        make()
