import numpy as np
import pytest
from scipy.stats import t

from eigenscape.core import load, save
from eigenscape.spectra.local.statistic import LevelStatistic


def statistic(*, positive):
    return LevelStatistic(
        name="some",
        lengths=np.array([1.0, 2.0, 3.0]),
        value=np.array([2.0, 4.0, 0.0]),
        standard_error=np.array([0.1, 1.0, 0.0]),
        units=np.array([6, 40, 5]),
        trusted=np.array([True, True, False]),
        positive=positive,
    )


def test_interval_is_that_of_student():
    low, high = statistic(positive=False).interval(0.9)
    reach = t.ppf(0.95, [5, 39, 4]) * [0.1, 1.0, 0.0]
    np.testing.assert_allclose(high - [2, 4, 0], reach)
    np.testing.assert_allclose([2, 4, 0] - low, reach)


def test_interval_of_a_positive_statistic_is_symmetric_in_the_logarithm():
    one = statistic(positive=True)
    low, high = one.interval()
    np.testing.assert_allclose(low * high, one.value**2)
    np.testing.assert_allclose(
        np.log(high[:2] / low[:2]) / 2, t.ppf(0.975, [5, 39]) * [0.05, 0.25]
    )
    assert (low >= 0).all()


@pytest.mark.parametrize("level", [0.0, 1.0, np.nan])
def test_bad_level(level):
    with pytest.raises(ValueError, match="level: expected between 0 and 1"):
        statistic(positive=True).interval(level)


def test_a_statistic_is_stored(tmp_path):
    one = statistic(positive=True)
    save(one, tmp_path)
    again = load(LevelStatistic, tmp_path)
    np.testing.assert_array_equal(again.trusted, one.trusted)
    np.testing.assert_array_equal(again.units, one.units)
