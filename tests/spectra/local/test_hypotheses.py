import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.balanced_ratios import balanced_ratios
from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, GUE, POISSON
from eigenscape.theory.local_laws import mean_ratio, number_variance, spectral_rigidity
from eigenscape.theory.local_laws.superposition import superposed_ratio_surmise_mean

LAWS = (GOE, GUE, POISSON, *BLOCKS)
LENGTHS = np.array([1.0, 6.0])


def levels_of(law):
    """Stretches of spectra not used for the constants, no spectrum in two of them."""
    rows = samples.bulk_levels(law.beta, 40)
    groups = zip(*[iter(rows)] * law.blocks, strict=False)
    return [np.sort(np.concatenate(group)) for group in groups]


@pytest.mark.parametrize("law", [GOE, GUE, POISSON, BLOCKS[0], BLOCKS[2]])
def test_means_and_covariance_are_those_of_samples(law):
    rows = [balanced_ratios(row) for row in levels_of(law)]
    levels = sum(row.shape[0] for row in rows)
    mean = np.concatenate(rows).mean(0)
    off = mean - law.mean
    error = np.sqrt(np.diag(law.covariances) / levels)
    assert (np.abs(off) < 3.5 * error + 4e-4).all()
    # sums over the stretches vary as the covariance says: χ² of three each
    sums = np.stack([row.sum(0) - row.shape[0] * law.mean for row in rows])
    sizes = np.array([row.shape[0] for row in rows])
    squares = np.einsum("ui,ij,uj->u", sums, np.linalg.inv(law.covariances), sums)
    freedom = 3 * len(rows)
    assert abs((squares / sizes).sum() - freedom) < 4 * np.sqrt(2 * freedom)


def test_means_of_order_one_are_the_published_ones():
    for law in (GOE, GUE, POISSON):
        assert law.means[0] == pytest.approx(mean_ratio(law.beta), abs=6e-5)
    for law in BLOCKS:
        published = superposed_ratio_surmise_mean(law.blocks)
        assert law.means[0] == pytest.approx(published, abs=4e-4)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_covariances_are_symmetric_and_positive(law):
    assert (law.covariances == law.covariances.T).all()
    assert np.linalg.eigvalsh(law.covariances).min() > 0.01


def test_counts_are_those_of_the_theory():
    np.testing.assert_array_equal(
        GUE.number_variance(LENGTHS), number_variance(LENGTHS, 2)
    )
    np.testing.assert_array_equal(POISSON.rigidity(LENGTHS), LENGTHS / 15)
    two = BLOCKS[0]
    np.testing.assert_allclose(
        two.number_variance(LENGTHS), 2 * number_variance(LENGTHS / 2, 1)
    )
    np.testing.assert_allclose(
        two.rigidity(LENGTHS), 2 * spectral_rigidity(LENGTHS / 2, 1)
    )
