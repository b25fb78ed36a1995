import numpy as np
import pytest

from eigenscape.spectra import SpectrumSplit, measure_of_eigenvalues
from eigenscape.spectra.outlier_observations import observe_outliers, outlier_spread

BULK = measure_of_eigenvalues(np.linspace(-1, 1, 21))


def split(*outliers):
    return SpectrumSplit(BULK, np.array(outliers, float), (-1.0, 1.0), 0.05)


def row(*splits):
    return tuple(splits)


def test_unseen_outliers_are_bounded_not_missing():
    splits = [
        row(split(5), split(6, 3)),
        row(split(), split(4, 2)),
        row(split(4, 2)) * 2,
    ]
    obs = observe_outliers([1, 2, 4], splits, population=None)
    assert obs.values.shape == (3, 2, 2)
    np.testing.assert_array_equal(obs.seen, [[2, 1], [1, 1], [2, 2]])
    np.testing.assert_allclose(obs.bounds, 1 / 0.95)
    np.testing.assert_array_equal(
        obs.complete, [[True, False], [False, False], [True] * 2]
    )
    np.testing.assert_allclose(obs.means[0], [5.5, 3.0])


def test_lower_outliers_are_not_counted():
    splits = [row(split(5, -7), split(5))] * 3
    assert observe_outliers([1, 2, 4], splits, population=None).values.shape[2] == 1


def test_draws_may_differ_in_number():
    splits = [
        row(split(5), split(6)),
        row(split(5), split(6), split(7)),
        row(split(5)) * 2,
    ]
    obs = observe_outliers([1, 2, 4], splits, population=None)
    np.testing.assert_array_equal(obs.draws, [2, 3, 2])


def test_a_finite_population_takes_noise_away():
    splits = [row(split(5), split(6))] * 3
    obs = observe_outliers([1, 50, 100], splits, population=100)
    np.testing.assert_allclose(obs.noise_scale_squared, [1, 50 / 99, 0])


def test_the_spread_is_that_of_the_draws(rng):
    """Pooled deviations are right within their sampling error, as is correlation."""
    sizes, draws = [4, 8, 16, 32, 64, 128], 40
    truth = np.array([1.0, 0.5]) * np.array(sizes)[:, None] ** -0.5
    mix = np.linalg.cholesky([[1, 0.6], [0.6, 1]])
    splits = []
    for deviation in truth:
        noise = rng.standard_normal((draws, 2)) @ mix.T * deviation
        splits.append([split(20 + x, 10 + y) for x, y in noise])
    spread = outlier_spread(observe_outliers(sizes, splits, population=None))
    # a log standard deviation of 40 draws errs by 1/√78; pooled by less
    assert np.abs(np.log(spread.deviations / truth)).max() < 4 / np.sqrt(78)
    # a correlation of 240 draws errs by (1 − ρ²)/√240 = 0.04
    assert abs(spread.correlation[0, 1] - 0.6) < 0.16
    assert spread.degrees_of_freedom == 6 * 39


def test_an_outlier_without_scatter_keeps_a_positive_spread():
    splits = [row(split(5), split(5))] * 3
    spread = outlier_spread(observe_outliers([1, 2, 4], splits, population=4))
    assert (spread.deviations > 0).all()
    assert np.isfinite(spread.correlation).all()


@pytest.mark.parametrize(
    ("sizes", "splits", "options", "expected"),
    [
        ([1, 2], 2, {}, "batch_sizes: expected at least 3 strictly ascending"),
        ([1, 4, 2], 3, {}, "batch_sizes: expected at least 3 strictly ascending"),
        ([0, 1, 2], 3, {}, "batch_sizes: expected at least 3 strictly ascending"),
        ([1, 2, 4], 2, {}, "splits: expected one row a batch size, 3, got 2"),
        ([1, 2, 4], 3, {"population": 3}, "population: expected at least the largest"),
    ],
)
def test_bad_arguments_are_refused(sizes, splits, options, expected):
    rows = [row(split(5), split(6))] * splits
    with pytest.raises(ValueError, match=expected):
        observe_outliers(sizes, rows, **{"population": None, **options})


def test_one_draw_has_no_spread():
    with pytest.raises(ValueError, match="at least 2 draws at every batch size"):
        observe_outliers([1, 2, 4], [row(split(5))] * 3, population=None)


def test_nothing_to_follow_is_said():
    with pytest.raises(ValueError, match="expected an outlier above the bulk at b = 4"):
        observe_outliers([1, 2, 4], [row(split(), split())] * 3, population=None)
