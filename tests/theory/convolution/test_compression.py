"""Free powers and compressions against closed forms and R-transforms."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import (
    Affine,
    Discrete,
    MarchenkoPastur,
    Semicircle,
    free_additive_convolution,
    free_compression,
    free_convolution_power,
    free_cumulants,
)

BERNOULLI = Discrete(np.array([-1.0, 1.0]), np.array([0.4, 0.6]))


def test_powers_of_closed_forms() -> None:
    x = np.linspace(-2.5, 2.5, 15)
    law = free_convolution_power(Semicircle(1.0), 2.5)
    assert np.allclose(law.density(x), Semicircle(2.5).density(x), rtol=0, atol=1e-13)
    # κₙ = s cⁿ⁻¹ of Marchenko–Pastur: a power k scales the mean and divides the ratio
    law = free_convolution_power(MarchenkoPastur(0.5), 3.0)
    truth = MarchenkoPastur(0.5 / 3.0, 3.0)
    y = np.linspace(0.5, 6.0, 15)
    assert np.allclose(law.density(y), truth.density(y), rtol=0, atol=1e-13)


def test_the_square_is_the_sum_of_two() -> None:
    power = free_convolution_power(BERNOULLI, 2.0)
    total = free_additive_convolution(BERNOULLI, BERNOULLI)
    assert power.atoms[0].weight == pytest.approx(0.2, abs=1e-15)
    x = np.linspace(-1.8, 1.8, 15)
    assert np.allclose(power.density(x), total.density(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("fraction", [0.9, 0.5, 0.2])
def test_a_corner_scales_the_cumulants(fraction: float) -> None:
    corner = free_compression(BERNOULLI, fraction)
    expected = free_cumulants(BERNOULLI, 5) * fraction ** np.arange(5)
    assert np.abs(free_cumulants(corner, 5) - expected).max() <= 1e-12


def test_a_corner_of_a_sampled_matrix() -> None:
    rng = np.random.default_rng(0)
    size, fraction = 400, 0.5
    frame, _ = np.linalg.qr(rng.standard_normal((size, size)))
    signs = np.where(np.arange(size) < 0.4 * size, -1.0, 1.0)
    corner = (frame * signs @ frame.T)[: size // 2, : size // 2]
    values = np.linalg.eigvalsh(corner)
    law = free_compression(BERNOULLI, fraction)
    # linear statistics of a rotated matrix fluctuate by 1/N
    for power in (1, 2, 3):
        z = 1.7j
        found = np.mean(1 / (z - values) ** power)
        order = {1: law.stieltjes, 2: lambda y: -law.stieltjes_derivative(y)}
        if power in order:
            expected = order[power](np.array([z]))[0]
            assert abs(found - expected) <= 5 / size


def test_bad_exponents_are_refused() -> None:
    with pytest.raises(ValueError, match="exponent: expected a finite number"):
        free_convolution_power(Semicircle(1.0), 0.5)
    with pytest.raises(ValueError, match="fraction: expected a number above 0"):
        free_compression(Semicircle(1.0), 0.0)
    assert isinstance(free_compression(Semicircle(1.0), 0.5), Affine)
