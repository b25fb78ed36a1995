from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.entries import sign_entries, uniform_entries
from eigenscape.theory.ensembles.wigner import Band, Wigner
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.transforms import cdf


def test_sign_matrices_have_entries_of_one_size(rng):
    matrix = Wigner(sign_entries, 3.0).sample(12, rng=rng)
    assert np.allclose(np.abs(matrix), math.sqrt(3.0 / 12), rtol=1e-15)


def test_complex_matrices_are_complex(rng):
    matrix = Wigner(uniform_entries, beta=2).sample(5, rng=rng)
    assert np.abs(matrix.imag).max() > 0
    assert not np.diagonal(matrix).imag.any()


def test_band_goes_around_the_circle(rng):
    matrix = Band(2, 3.0, sign_entries).sample(9, rng=rng)
    assert np.array_equal(np.count_nonzero(matrix, axis=0), np.full(9, 5))
    assert matrix[0, 7]
    assert matrix[0, 8]
    assert not matrix[0, 3:7].any()
    assert np.allclose(matrix[matrix != 0] ** 2, 3.0 / 5, rtol=1e-14)


def test_a_full_band_is_a_wigner_matrix():
    band = Band(4, 2.0, uniform_entries).sample(9, rng=np.random.default_rng(3))
    full = Wigner(uniform_entries, 2.0).sample(9, rng=np.random.default_rng(3))
    assert np.array_equal(band, full)


def test_a_band_follows_the_semicircle_to_the_inverse_of_its_width(rng):
    size, width = 600, 41
    law = Semicircle()
    spectra = [Band(width // 2).sample_eigenvalues(size, rng=rng) for _ in range(3)]
    mean = np.sort(np.concatenate(spectra))
    below = np.arange(mean.size) / mean.size
    difference = np.abs(below - cdf(law, mean)).max()
    # The first correction of a fourth moment is 1/width; of a distribution function
    # it is at most that, beside a sampling part of order log N / N.
    assert difference < 1 / width + math.log(size) / size
    assert difference > 1e-4


def test_refuses_what_has_no_semicircle():
    with pytest.raises(ValueError, match="entries: expected mean 0"):
        Wigner(stats.norm(1.0))
    with pytest.raises(ValueError, match="variance: expected"):
        Wigner(sign_entries, -1.0)
    with pytest.raises(ValueError, match="beta: expected 1"):
        Wigner(sign_entries, beta=4)
    with pytest.raises(ValueError, match="bandwidth: expected at least 0, got -1"):
        Band(-1)


def test_refuses_a_band_wider_than_the_matrix(rng):
    with pytest.raises(ValueError, match="size: expected at least 9, got 8"):
        Band(4).sample(8, rng=rng)
