"""Gradients of sampled losses against their covariance."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Estimate, load, save
from eigenscape.landscape.field_hessian import FieldHessian
from eigenscape.landscape.field_landscape import (
    FieldLandscape,
    FieldSpectra,
    sample_gradients,
)
from eigenscape.landscape.stationary_field import StationaryKernel
from eigenscape.landscape.training_hardness import BEST_LOSSES, EPOCHS, fit_hardness

KERNEL = StationaryKernel(np.array([1.0]), np.array([1.0]))
DISTANCES = np.array([0.0, 1.0, 2.0])


def test_gradients_of_a_gaussian_covariance(rng) -> None:
    found = sample_gradients(KERNEL, DISTANCES, 3, 400, waves=50, rng=rng)
    decay = np.exp(-(DISTANCES**2) / 2)
    # k = exp(u): along (1 − r²) exp(−r²/2), across exp(−r²/2)
    assert np.allclose(found.along, (1 - DISTANCES**2) * decay, atol=1e-14)
    assert np.allclose(found.across, decay, atol=1e-14)
    assert (np.abs(found.sampled_along - found.along) <= 4.5 * found.along_errors).all()
    gap = np.abs(found.sampled_across - found.across)
    assert (gap <= 4.5 * found.across_errors).all()


def test_the_result_is_saved_whole(rng, tmp_path) -> None:
    gradients = sample_gradients(KERNEL, DISTANCES, 2, 3, waves=5, rng=rng)
    model = FieldHessian(5, 0.0, 1.0, convention="published", outliers=1)
    values = model.sample_eigenvalues(2, rng=rng)
    grid = np.linspace(-1, 1, 5)
    ratio = Estimate(0.53, 0.01, 10)
    spectra = FieldSpectra(
        "m", model, values, grid, model.density(grid), 0.5, 0.1, ratio
    )
    fits = (fit_hardness("loss", EPOCHS, BEST_LOSSES),)
    save(FieldLandscape((spectra,), gradients, fits), tmp_path)
    found = load(FieldLandscape, tmp_path)
    assert found.spectra[0].model == model
    assert found.hardness[0].floor == fits[0].floor
    assert np.array_equal(found.gradients.along_errors, gradients.along_errors)
