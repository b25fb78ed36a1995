"""Hessians of a stationary loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.landscape.field_hessian import FieldHessian
from eigenscape.landscape.stationary_field import StationaryKernel


def test_entries_covary_as_those_of_a_stationary_loss(rng) -> None:
    kernel = StationaryKernel(np.array([1.0]), np.array([1.5]))
    model = FieldHessian(3, kernel.at_zero(1), kernel.at_zero(2))
    draws = np.array([model.sample(rng=rng) for _ in range(6_000)])
    places = [(0, 0), (1, 1), (0, 1), (1, 2)]
    for first in places:
        for second in places:
            products = draws[:, *first] * draws[:, *second]
            error = products.std() / np.sqrt(len(products))
            wanted = kernel.hessian_covariance(first, second)
            assert abs(products.mean() - wanted) <= 4.5 * error


def test_both_conventions_agree_for_an_exponential_covariance() -> None:
    for value in (None, 1.0):
        pair = [
            FieldHessian(5, 1.0, 1.0, value, kind) for kind in ("derived", "published")
        ]
        assert pair[0].shift_variance == pytest.approx(pair[1].shift_variance)
    assert FieldHessian(5, 3.0, 6.0).shift_variance == 6
    assert FieldHessian(5, 3.0, 6.0, convention="published").shift_variance == 9
    assert FieldHessian(5, 1.0, 2.0, 4.0).shift_variance == 1.75
    assert FieldHessian(5, 1.0, 2.0, 4.0, "published").shift_variance == 0.75


@settings(max_examples=15)
@given(
    slope=st.floats(0, 3), curvature=st.floats(1e-4, 10), size=st.sampled_from([2, 300])
)
def test_the_density_has_mass_one(slope, curvature, size) -> None:
    model = FieldHessian(size, slope, curvature, convention="published")
    reach = model.radius + 9 * slope + 1e-9
    grid = np.linspace(-reach, reach, 2_001)
    # square-root edges: the trapezoidal rule errs by the step to the power 3/2
    mass = np.trapezoid(model.density(grid), grid)
    assert mass == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("slope", [0.0, 1.0, 6.0])
def test_the_density_is_that_of_samples(slope, rng) -> None:
    model = FieldHessian(40, slope, 0.05, convention="published")
    values = model.sample_eigenvalues(400, rng=rng)
    grid = np.linspace(-model.radius - 4 * slope, model.radius + 4 * slope, 4001)
    below = np.cumsum(model.density(grid)) * (grid[1] - grid[0])
    for share in (0.2, 0.5, 0.8):
        place = grid[np.searchsorted(below, share)]
        each = (values < place).mean(1)
        # spectra as units, and the bias 1/N of a finite matrix
        error = each.std() / np.sqrt(len(each))
        assert abs(each.mean() - share) <= 4.5 * error + 1 / 40


def test_the_published_radius() -> None:
    assert FieldHessian(300, 0.0, 10.0).radius == pytest.approx(109.54, abs=0.005)
    assert FieldHessian(300, 3.0, 6.0).radius == pytest.approx(84.85, abs=0.005)


def test_zero_rows_and_outliers_are_planted(rng) -> None:
    model = FieldHessian(
        60,
        0.0,
        1e-3,
        convention="published",
        zero_rows=15,
        outliers=4,
        outlier_scale=10.0,
    )
    values = model.sample_eigenvalues(5, rng=rng)
    assert values.shape == (5, 75)
    assert ((np.abs(values) < 1e-13).sum(1) == 15).all()
    assert ((values > 9).sum(1) == 4).all()
    assert (np.sort(values, axis=1)[:, :-4] < 1.3 * model.radius).all()


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match="counts within it"):
        FieldHessian(5, 0.0, 1.0, outliers=6)
    with pytest.raises(ValueError, match="curvature > 0"):
        FieldHessian(5, 0.0, 0.0)
    with pytest.raises(ValueError, match="convention: expected one of derived"):
        FieldHessian(5, 0.0, 1.0, convention="other")
    with pytest.raises(ValueError, match="leaves a variance"):
        FieldHessian(5, 3.0, 1.0, 1.0)
