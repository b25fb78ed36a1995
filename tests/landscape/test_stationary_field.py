"""Covariances of a stationary loss, against the loss itself and against samples."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eigenscape.landscape.stationary_field import StationaryKernel, sample_field

KERNEL = StationaryKernel(np.array([0.7, 0.5]), np.array([1.0, 0.3]))


def covariance(x, y):
    square = sum((a - b) ** 2 for a, b in zip(x, y, strict=True))
    return mpmath.fsum(
        w * mpmath.exp(-s * square / 2)
        for w, s in zip(KERNEL.weights.tolist(), KERNEL.rates.tolist(), strict=True)
    )


def test_gradients_covary_as_the_covariance_is_differentiated() -> None:
    x, y = [0.3, -0.2, 0.9], [-0.4, 0.1, 0.5]
    found = KERNEL.gradient_covariance(np.array(x) - np.array(y))
    for i, j in np.ndindex(3, 3):
        orders = [0] * 6
        orders[i] += 1
        orders[3 + j] += 1
        with mpmath.workdps(30):
            wanted = mpmath.diff(lambda *p: covariance(p[:3], p[3:]), x + y, orders)
        assert found[i, j] == pytest.approx(float(wanted), abs=1e-12)


def test_second_derivatives_at_one_point_covary_as_well() -> None:
    for first, second in (((0, 0), (0, 0)), ((0, 0), (1, 1)), ((0, 1), (0, 1))):
        orders = [0] * 4
        for i in first:
            orders[i] += 1
        for i in second:
            orders[2 + i] += 1
        with mpmath.workdps(30):
            wanted = mpmath.diff(
                lambda *p: covariance(p[:2], p[2:]), [0.2, 0.1, 0.2, 0.1], orders
            )
        found = KERNEL.hessian_covariance(first, second)
        assert found == pytest.approx(float(wanted), abs=1e-10)
    assert KERNEL.hessian_covariance((0, 1), (0, 2)) == 0


def test_sampled_gradients_become_independent_as_said(rng) -> None:
    distances = np.array([0.0, 0.5, 1.5, 3.0])
    points = np.zeros((4, 2))
    points[:, 0] = distances
    gradients = np.array([
        sample_field(KERNEL, points, waves=64, rng=rng).gradients for _ in range(4000)
    ])
    along, across = KERNEL.gradient_correlations(distances)
    for component, wanted in ((0, along), (1, across)):
        products = gradients[:, :1, component] * gradients[:, :, component]
        products /= KERNEL.at_zero(1)
        error = products.std(0) / np.sqrt(len(products))
        assert (np.abs(products.mean(0) - wanted) <= 4.5 * error).all()
    assert along[-1] < 0 < across[-1]  # the steepest climb falls off beyond a length


def test_sampled_hessians_are_derivatives_of_sampled_gradients(rng) -> None:
    step, x = 1e-5, np.array([0.4, -0.3, 0.2])
    shift = np.array([step, 0.0, 0.0])
    points = np.stack([x, x + shift, x - shift])
    found = sample_field(KERNEL, points, waves=50, rng=rng)
    slope = (found.gradients[1] - found.gradients[2]) / (2 * step)
    # third derivatives times step², and rounding over the step
    assert np.abs(found.hessians[0, 0] - slope).max() <= 1e-8
    assert np.abs(found.hessians - found.hessians.swapaxes(1, 2)).max() <= 1e-14


def test_bad_kernels_and_no_waves_are_refused(rng) -> None:
    with pytest.raises(ValueError, match="expected one a weight"):
        StationaryKernel(np.ones(2), np.ones(1))
    with pytest.raises(ValueError, match="expected positive numbers"):
        StationaryKernel(np.array([-1.0]), np.ones(1))
    with pytest.raises(ValueError, match="waves: expected at least 1"):
        sample_field(KERNEL, np.zeros((1, 2)), waves=0, rng=rng)
