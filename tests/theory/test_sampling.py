from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.sampling import sample
from eigenscape.theory.transforms import cdf

LAWS = [
    Semicircle(2.0),
    MarchenkoPastur(2.5),
    FussCatalan(2.0),
    Discrete(np.array([3.0, -1.0]), np.array([0.3, 0.7])),
    Cauchy(1.0, 3.0),
    Mixture(np.array([0.4, 0.6]), (Affine(MarchenkoPastur(3.0), -1.0), Cauchy())),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_draws_have_the_distribution_of_the_law(law, rng):
    size = 2000
    draws = np.sort(sample(law, size, rng=rng))
    steps = np.arange(1, size + 1) / size
    # Kolmogorov and Smirnov: exceeded once in a million (2 exp(−2 · 2.7²)); equal
    # draws are compared where the step ends.
    last = np.append(np.diff(draws) > 0, True)
    assert np.abs(cdf(law, draws) - steps)[last].max() < 2.7 / np.sqrt(size)


def test_atoms_are_drawn_exactly(rng):
    draws = sample(MarchenkoPastur(4.0), 1000, rng=rng)
    zeros = np.count_nonzero(draws == 0)
    # Binomial, five standard deviations of √(1000 · 3/16).
    assert abs(zeros - 750) < 70
    assert draws[draws != 0].min() > 0.9


def test_the_generator_decides_and_none_may_be_drawn():
    first = sample(Semicircle(), 5, rng=np.random.default_rng(1))
    assert np.array_equal(first, sample(Semicircle(), 5, rng=np.random.default_rng(1)))
    assert sample(Semicircle(), 0, rng=np.random.default_rng(1)).shape == (0,)


def test_refuses_a_negative_size(rng):
    with pytest.raises(ValueError, match=r"^size: expected"):
        sample(Semicircle(), -1, rng=rng)
