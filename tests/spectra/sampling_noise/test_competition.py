import numpy as np
import pytest

from eigenscape.spectra.sampling_noise.competition import (
    ADDITIVE,
    BOTH,
    MEASURED,
    UNWEIGHTED,
    WEIGHTED,
    compare_noise_models,
    sampling_variance,
)
from sampled_examples import DIRECTIONS, draw_batches, plant

SIZES = [8, 32, 64, 256]
TRIALS = 2


@pytest.mark.parametrize(
    ("kind", "additive", "truth"),
    [
        ("weighted", 0.0, WEIGHTED),
        ("unweighted", 0.0, UNWEIGHTED),
        ("weighted", 8.0, ADDITIVE),
    ],
)
def test_the_planted_noise_is_named(kind, additive, truth, rng):
    """Right in at least 95 of 100 trials by hand; two here."""
    named = []
    for _ in range(TRIALS):
        rows, mean, population = plant(kind, rng)
        source = None if additive else rows
        tops, noise = draw_batches(source, mean, SIZES, 10, rng, additive=additive)
        found = compare_noise_models(
            population,
            SIZES,
            tops,
            parameters=DIRECTIONS,
            noise_variance=noise,
            samples=120,
            rng=rng,
        )
        named.append(found.best)
        assert found.best in found.verdict
        assert found.competitor(truth).comparison.p_value >= 0.001
    assert named.count(truth) >= TRIALS - 1
    assert MEASURED in [c.name for c in found.competitors]
    with pytest.raises(ValueError, match="^name: expected one of additive"):
        found.competitor("none")


def test_noise_beyond_sampling_is_added_to_it(rng):
    rows, mean, population = plant("weighted", rng)
    tops, noise = draw_batches(rows, mean, SIZES[1:], 10, rng, additive=15.0)
    found = compare_noise_models(
        population,
        SIZES[1:],
        tops,
        parameters=DIRECTIONS,
        noise_variance=noise,
        samples=120,
        rng=rng,
    )
    assert found.best == BOTH
    # additive noise does not end with the examples: a third less of it is refused
    assert found.competitor(BOTH).comparison.p_value >= 0.01


def test_no_law_stands_where_none_does(rng):
    rows, mean, population = plant("weighted", rng)
    tops, _ = draw_batches(rows, mean, [64, 256], 10, rng)
    found = compare_noise_models(
        population, [64, 256], [2 * t for t in tops], parameters=DIRECTIONS, rng=rng
    )
    assert found.verdict.startswith("no noise law predicts these batches")


def test_the_noise_of_sampling_is_its_variance(rng):
    rows, mean, population = plant("weighted", rng, known=DIRECTIONS)
    _, noise = draw_batches(rows, mean, [10, 300], 400, rng)
    for size, squares in zip([10, 300], noise, strict=True):
        expected = sampling_variance(population, size, DIRECTIONS)
        error = squares.std() / np.sqrt(400)
        assert abs(squares.mean() - expected) < 4 * error
