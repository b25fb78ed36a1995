import numpy as np
import pytest

from eigenscape.landscape.loss_bands import (
    TrainedIndices,
    WidthLosses,
    deviation_exponent,
    log_deviation,
)


@pytest.mark.parametrize("law", ["standard_normal", "random", "standard_exponential"])
def test_the_error_of_a_log_deviation(rng, law):
    """The spread of the estimates is the error, for short and long tails."""
    exact = {"random": -np.log(12) / 2}.get(law, 0.0)
    found = [log_deviation(getattr(rng, law)(400)) for _ in range(400)]
    values = np.array([e.value for e in found])
    scores = (values - exact) / [e.standard_error for e in found]
    # Long tails leave the kurtosis of a sample low: a tenth of the error.
    assert abs(scores.std() - 1) < 0.2
    assert abs(values.mean() - exact) < 0.02


def test_intervals_of_the_exponent_cover(rng):
    sizes = np.array([10, 30, 90, 270])
    inside = []
    for _ in range(300):
        samples = tuple(2 * n**-0.7 * rng.standard_normal(60) for n in sizes.tolist())
        found = deviation_exponent(sizes, samples)
        inside.append(abs(found.value + 0.7) <= 1.96 * found.standard_error)
    assert abs(np.mean(inside) - 0.95) < 3.5 * (0.95 * 0.05 / 300) ** 0.5


def test_exact_powers_of_equal_samples(rng):
    base = rng.standard_normal(50)
    sizes = np.array([1, 4, 16])
    found = deviation_exponent(sizes, tuple(base / n for n in sizes.tolist()))
    assert found.value == pytest.approx(-1)


def test_properties(rng):
    train = rng.standard_normal(30)
    assert WidthLosses(5, train, 3 - 2 * train).correlation == pytest.approx(-1)
    counts = np.array([1, 3])
    found = TrainedIndices(2, 10, counts, counts, np.zeros(2), np.zeros(2))
    assert found.index.tolist() == [0.1, 0.3]


def test_bad_samples():
    with pytest.raises(ValueError, match="sample: expected four numbers that vary"):
        log_deviation(np.ones(9))
    with pytest.raises(ValueError, match="sample: expected four numbers"):
        log_deviation(np.arange(3.0))
    with pytest.raises(ValueError, match="sizes: expected at least two"):
        deviation_exponent(np.array([3, 3]), (np.arange(5.0),) * 2)
