import numpy as np
import pytest

from eigenscape.landscape.memorisation import Memorisation


def test_both_ratios():
    found = Memorisation(16, 64)
    assert (found.parameters, found.parameter_ratio, found.rank_ratio) == (
        512,
        0.5,
        0.25,
    )
    assert Memorisation(16, 39).parameter_ratio == pytest.approx(0.8205, abs=5e-5)


@pytest.mark.parametrize("examples", [24, 64, 256])
def test_linear_networks_reach_the_corrected_benchmark(examples, rng):
    draws = 60
    energies = np.empty(draws)
    for i in range(draws):
        inputs, targets = rng.standard_normal((2, examples, 16))
        fit = np.linalg.lstsq(inputs, targets)[0]
        energies[i] = ((inputs @ fit - targets) ** 2).mean() / 2
    error = energies.std(ddof=1) / np.sqrt(draws)
    found = Memorisation(16, examples)
    assert energies.mean() == pytest.approx(found.linear_minimum, abs=4 * error)
    # The published ½(1 − φ), with φ = 2n/m, is far off.
    published = (1 - found.parameter_ratio) / 2
    assert abs(energies.mean() - published) > 10 * error


def test_the_observed_minimum():
    assert Memorisation(16, 64).observed_minimum == 0.125
    assert Memorisation(16, 16).observed_minimum == 0
    assert Memorisation(16, 8).linear_minimum == 0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="examples: expected at least 1, got 0"):
        Memorisation(16, 0)
