import itertools

import numpy as np
import pytest
import scipy

import level_samples as samples
from eigenscape.spectra.local.published import (
    as_published,
    histogram,
    process_alike,
    total_variation,
    unfold_by_counting,
)
from eigenscape.theory.local_laws import ratio_surmise_pdf


def test_counting_is_that_of_the_formula():
    spectra = [np.array([0.5, 2.5, 2.7])]
    spectra += [np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.6, 4.0])]
    (steps,) = unfold_by_counting(spectra, 0.0)
    # the pool is 1, 2, 2.6, 3, 4; the exact zero is left out of it
    np.testing.assert_allclose(steps, [1.0, 0.5])


def test_binned_surmise_has_the_published_mean():
    # 0.53932: the mean of min(r, 1/r) at the middle of 40 bins of r below ten
    edges = np.linspace(0, 10, 41)
    masses = [
        scipy.integrate.quad(lambda r: ratio_surmise_pdf(np.array([r]), 1)[0], a, b)[0]
        for a, b in itertools.pairwise(edges)
    ]
    middles = (edges[1:] + edges[:-1]) / 2
    folded = np.minimum(middles, 1 / middles)
    assert folded @ masses / np.sum(masses) == pytest.approx(0.53932, abs=6e-6)


def test_levels_of_the_ensemble_pass_as_they_did():
    found = as_published(samples.spectra(1, 30))
    # the surmise's 0.539 less the 0.005 by which it exceeds the law of large matrices
    assert found.ratio_mean == pytest.approx(0.534, abs=0.006)
    assert found.ratio_total_variation < 0.02
    for spacings in found.spacings:
        assert spacings.mean == pytest.approx(1, abs=0.01)
        assert spacings.histogram.count == 10 * 749
        assert spacings.largest < 6
        # counts over 20 pooled spectra are multiples of 1/20, in bins of 0.076
        assert spacings.total_variation < 0.2
    # of independent levels the same table says no
    poisson = as_published([np.sort(row) for row in samples.bulk_levels(0, 30)])
    assert poisson.ratio_total_variation > 0.1


def test_rounding_passes_as_levels_do(rng):
    # the confound: null space of float32 Gram matrices, every true eigenvalue zero
    rows = []
    for _ in range(20):
        factor = rng.standard_normal((40, 200)).astype(np.float32)
        rows.append(np.linalg.eigvalsh(factor.T @ factor / 40)[:160])
    found = as_published(rows)
    assert found.ratio_mean == pytest.approx(0.539, abs=0.012)
    # 3160 ratios in 40 bins: half a sum of 40 deviations of about √(p/3160)
    assert found.ratio_total_variation < 0.05
    assert found.proportions[-2] == 1.0


def test_cutoffs_thresholds_and_float():
    row = np.array([1e-60, 1e-35, 1e-25, 1e-15, 1e-9, 1.0, 2.0, 4.0])
    found = as_published(row)
    # 1e-60 is zero in float32; below 1e-100, 1e-40, 1e-30, 1e-20, 1e-10, 1e-8, ...
    np.testing.assert_allclose(
        found.proportions * 8, [1, 1, 2, 3, 4, 5, 5, 5], atol=1e-12
    )
    # 1e-9, 1, 2, 4 are left: ratios 1 and 2
    assert found.ratios.count == 2
    assert not found.spacings
    wide = process_alike(row)
    assert wide.proportions[0] == 0
    assert process_alike([np.empty(0)]).ratios.count == 0


def test_histogram_and_distance():
    found = histogram(np.array([0.1, 0.2, 1.5, 9.0]), np.array([0.0, 1.0, 2.0]))
    assert found.count == 3
    np.testing.assert_allclose(found.shares, [2 / 3, 1 / 3])
    np.testing.assert_allclose(found.density, [2 / 3, 1 / 3])
    assert total_variation(np.array([1.0, 0.0]), np.array([0.25, 0.75])) == 0.75
