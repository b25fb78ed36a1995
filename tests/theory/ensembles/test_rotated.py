from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.ensembles.gaussian import GOE
from eigenscape.theory.ensembles.rotated import RotatedProduct, RotatedSum
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur

SIGNS = Deterministic(Discrete.empirical(np.array([-1.0, 1.0])))
POSITIVE = Deterministic(MarchenkoPastur(0.3))


@pytest.mark.parametrize("beta", [1, 2])
def test_a_sum_less_its_diagonal_summand_has_the_other_spectrum(beta, rng):
    matrix = RotatedSum(POSITIVE, SIGNS, beta).sample(10, rng=rng)
    assert np.iscomplexobj(matrix) == (beta == 2)
    rotated = matrix - POSITIVE.sample(10, rng=rng)
    signs = np.repeat([-1.0, 1.0], 5)
    assert np.allclose(np.linalg.eigvalsh(rotated), signs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("beta", [1, 2])
def test_a_product_less_its_diagonal_factor_has_the_other_spectrum(beta, rng):
    matrix = RotatedProduct(POSITIVE, SIGNS, beta).sample(10, rng=rng)
    inverse_root = np.diag(np.diagonal(POSITIVE.sample(10, rng=rng)) ** -0.5)
    rotated = inverse_root @ matrix @ inverse_root
    signs = np.repeat([-1.0, 1.0], 5)
    assert np.allclose(np.linalg.eigvalsh(rotated), signs, rtol=0, atol=1e-13)


def test_determinants_multiply(rng):
    matrix = RotatedProduct(POSITIVE, POSITIVE).sample(6, rng=rng)
    factor = POSITIVE.sample_eigenvalues(6, rng=rng)
    assert np.linalg.det(matrix) == pytest.approx(np.prod(factor) ** 2, rel=1e-11)


def test_refuses_a_first_factor_that_is_not_positive(rng):
    with pytest.raises(ValueError, match="first: expected no negative eigenvalue"):
        RotatedProduct(GOE(), POSITIVE).sample(5, rng=rng)


@pytest.mark.parametrize("pair", [RotatedSum, RotatedProduct])
def test_refuses_other_symmetries(pair):
    with pytest.raises(ValueError, match="beta: expected 1"):
        pair(POSITIVE, SIGNS, 4)
