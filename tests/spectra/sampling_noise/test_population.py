from dataclasses import replace

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.sampling_noise.population import PopulationCurvature


def small():
    return PopulationCurvature(
        spikes=np.array([2.0, 1.0]),
        trace=4.0,
        example_eigenvalues=np.array([[5.0, 1.0], [2.0, 0.0]]),
        projections=np.ones((2, 2, 2)) * [[[1.0], [0.5]], [[0.5], [0.0]]],
    )


def test_weights_have_mean_one_and_the_remainder_is_what_is_left():
    population = small()
    assert population.mean_curvature == 4
    assert population.weights.sum(1).mean() == 1
    assert population.remainder == 1
    assert population.examples == 2
    assert replace(population, population=7).examples == 7
    assert replace(population, spikes=np.array([9.0, 1.0])).remainder == 0


def test_it_survives_storage(tmp_path):
    population = replace(small(), trace_standard_error=0.1, matrix="hessian")
    save(population, tmp_path / "stored")
    again = load(PopulationCurvature, tmp_path / "stored")
    np.testing.assert_array_equal(again.projections, population.projections)
    assert again.trace_standard_error == 0.1
    assert again.matrix == "hessian"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"matrix": "fisher"}, "matrix"),
        ({"spikes": np.array([1.0, 2.0])}, "spikes"),
        ({"spikes": np.array([np.nan, 2.0])}, "spikes"),
        ({"spikes": np.array([-1.0, -2.0])}, "spikes"),
        ({"example_eigenvalues": np.zeros((2, 2))}, "example_eigenvalues"),
        ({"example_eigenvalues": np.array([[1.0, -1], [1, 1]])}, "example_eigenvalues"),
        ({"example_eigenvalues": np.full((2, 2), np.inf)}, "example_eigenvalues"),
        ({"population": 1}, "population"),
        ({"projections": np.full((2, 2, 2), 3.0)}, "projections"),
    ],
)
def test_bad_arguments(change, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        replace(small(), **change)
