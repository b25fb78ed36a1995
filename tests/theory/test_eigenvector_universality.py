import math

import numpy as np
import pytest
import scipy

from eigenscape.theory import Uniform
from eigenscape.theory.eigenvector_universality import (
    STATISTICS,
    ergodicity_test,
    haar_overlaps,
    representative_indices,
)
from eigenscape.theory.ensembles import (
    GOE,
    Band,
    RandomRegular,
    Wigner,
    Wishart,
    haar_frame,
    haar_orthogonal,
    uniform_entries,
)

SIZE = 144
CHOSEN = representative_indices(SIZE)


@pytest.fixture(scope="module")
def null():
    rng = np.random.default_rng(1)
    return haar_overlaps(SIZE, CHOSEN.size, CHOSEN.size, draws=399, rng=rng)


def p_values(samples, null, draw):
    return np.array([
        ergodicity_test(draw()[np.ix_(CHOSEN, CHOSEN)], null).p_value
        for _ in range(samples)
    ])


def most(samples, level, chance=1e-4):
    """The count of rejections that luck exceeds with a probability of `chance`."""
    return scipy.stats.binom.isf(chance, samples, level)


def test_the_size_is_the_stated_one(null):
    rng = np.random.default_rng(2)
    found = p_values(400, null, lambda: haar_orthogonal(SIZE, rng=rng))
    for level in (0.01, 0.05, 0.2):
        assert (found <= level).sum() <= most(400, level)
    assert (found <= 0.2).sum() >= 400 - most(400, 0.8)


@pytest.mark.parametrize(
    "ensemble",
    [GOE(), Wigner(uniform_entries), Wishart(0.5), RandomRegular(3)],
    ids=["goe", "uniform", "wishart", "regular"],
)
def test_ensembles_that_are_ergodic_pass(ensemble, null):
    rng = np.random.default_rng(3)
    found = p_values(
        60, null, lambda: np.linalg.eigh(ensemble.sample(SIZE, rng=rng))[1]
    )
    # Differences of order (log N)/N are allowed to double the level.
    assert (found <= 0.05).sum() <= most(60, 0.1)


def block_diagonal(rng):
    blocks = [GOE(v).sample(SIZE // 2, rng=rng) for v in (1.0, 4.0)]
    return np.linalg.eigh(scipy.linalg.block_diag(*blocks))[1]


def localised(rng):
    disorder = np.diag(rng.uniform(-3, 3, SIZE))
    return np.linalg.eigh(disorder + np.eye(SIZE, k=1) + np.eye(SIZE, k=-1))[1]


def aligned(rng):
    """Eigenvectors that lean towards the axes near their own energy."""
    order = Uniform(-2.0, 2.0)
    places = order.support[0].lower + 4 * (np.arange(SIZE) + 0.5) / SIZE
    return np.linalg.eigh(np.diag(places) + GOE(1.0).sample(SIZE, rng=rng))[1]


def banded(rng):
    return np.linalg.eigh(Band(3).sample(SIZE, rng=rng))[1]


@pytest.mark.parametrize("draw", [block_diagonal, localised, aligned, banded])
def test_eigenvectors_that_are_not_ergodic_are_found(draw, null):
    rng = np.random.default_rng(4)
    found = p_values(20, null, lambda: draw(rng))
    assert (found <= 0.05).all()


def test_the_profile_sees_a_smooth_lean_towards_the_other_basis(null):
    rng = np.random.default_rng(5)
    tests = [
        ergodicity_test(aligned(rng)[np.ix_(CHOSEN, CHOSEN)], null) for _ in range(20)
    ]
    by_kind = np.array([t.p_values for t in tests])
    assert (by_kind[:, STATISTICS.index("profile")] <= 0.05).all()


def test_two_equal_blocks_have_a_fourth_moment_of_six():
    rng = np.random.default_rng(6)
    null = haar_overlaps(400, 400, 400, draws=1, rng=rng)
    blocks = [GOE().sample(200, rng=rng) for _ in range(2)]
    vectors = np.linalg.eigh(scipy.linalg.block_diag(*blocks))[1]
    found = ergodicity_test(vectors, null)
    # Half of the overlaps are 0, the others √2 times those of matrices of size 200.
    assert found.fourth_moment == pytest.approx(2 * 3 * 200 / 202, abs=0.1)
    assert found.distribution == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("size", "rows", "columns"), [(12, 5, 9), (12, 12, 4), (60, 6, 6)]
)
def test_the_null_is_that_of_blocks_of_haar_matrices(size, rows, columns):
    rng = np.random.default_rng(7)
    fast = haar_overlaps(size, rows, columns, draws=600, rng=rng).statistics
    frames = [haar_frame(size, columns, beta=1, rng=rng)[:rows] for _ in range(600)]
    any_null = haar_overlaps(size, rows, columns, draws=1, rng=rng)
    tests = [ergodicity_test(frame, any_null) for frame in frames]
    slow = np.array([
        [t.fourth_moment, t.distribution, t.neighbours, t.profile] for t in tests
    ])
    for ours, theirs in zip(fast.T, slow.T, strict=True):
        # Four comparisons in three cases: 1e-4 is a false alarm in 800 runs.
        assert scipy.stats.ks_2samp(ours, theirs).pvalue > 1e-4


def test_moments_of_the_null_are_the_exact_ones():
    rng = np.random.default_rng(8)
    size, draws = 20, 4000
    null = haar_overlaps(size, 4, 6, draws=draws, rng=rng).statistics
    for column, exact in ((0, 3 * size / (size + 2)), (2, -2 / (size + 2))):
        error = null[:, column].std() / math.sqrt(draws)
        assert null[:, column].mean() == pytest.approx(exact, abs=4 * error)


def test_what_cannot_be_tested_is_refused(null):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"directions: expected from 2 to 10, got 11"):
        haar_overlaps(10, 11, 5, rng=rng)
    with pytest.raises(ValueError, match="draws"):
        haar_overlaps(10, 5, 5, draws=0, rng=rng)
    with pytest.raises(ValueError, match="as in the null"):
        ergodicity_test(np.eye(3), null)


def test_representative_indices_leave_the_ends_out():
    chosen = representative_indices(500)
    assert chosen.size == 22
    assert 0 < chosen[0] < chosen[-1] < 499
    assert np.ptp(np.diff(chosen)) <= 1
