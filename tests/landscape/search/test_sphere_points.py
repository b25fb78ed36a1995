import numpy as np
import pytest

from eigenscape.landscape.exact_counts import exact_count
from eigenscape.landscape.search.sampled_glass import SampledGlass, sample_glass
from eigenscape.landscape.search.sphere_points import all_critical_points
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass


def test_an_orthogonal_cubic_by_hand():
    """x³ + 2y³ + 3z³ has seven eigenvectors, all of them real."""
    tensor = np.zeros((3, 3, 3))
    tensor[[0, 1, 2], [0, 1, 2], [0, 1, 2]] = [1.0, 2.0, 3.0]
    law = SignalledGlass(SpinGlass.pure(3), (0.0,))
    found = all_critical_points(SampledGlass(law, (tensor,), np.eye(3)[0]))
    assert len(found.points) == 14
    values = 1 / np.sqrt([1, 1 / 4, 1 / 9, 1 + 1 / 4, 1 + 1 / 9, 13 / 36, 49 / 36])
    expected = np.sort(np.concatenate([values, -values])) / np.sqrt(3)
    assert np.sort(found.energies) == pytest.approx(expected, abs=1e-10)
    assert np.bincount(found.indices).tolist() == [4, 6, 4]


@pytest.mark.parametrize(("dimension", "p", "instances"), [(2, 4, 60), (3, 3, 60)])
def test_counts_against_the_exact_mean(dimension, p, instances):
    rng = np.random.default_rng(dimension)
    glass, counts, low = SpinGlass.pure(p), [], []
    for _ in range(instances):
        field = sample_glass(glass, dimension, rng=rng)
        found = all_critical_points(field)
        for w in found.points[:2]:
            assert field.riemannian(w)[0] == pytest.approx(0, abs=1e-8)
        signs = (-1.0) ** found.indices
        assert signs.sum() == (2 if dimension == 3 else 0)  # Poincaré and Hopf
        counts.append(len(found.points))
        low.append((found.energies <= -0.5).sum())
    for sample, energy in ((counts, np.inf), (low, -0.5)):
        error = np.std(sample) / np.sqrt(instances)
        assert abs(np.mean(sample) - exact_count(glass, dimension, energy)) < 4 * error


def test_other_dimensions_are_refused():
    rng = np.random.default_rng(0)
    for field in (
        sample_glass(SpinGlass.pure(3), 4, rng=rng),
        sample_glass(SpinGlass((2, 3), (1.0, 1.0)), 3, rng=rng),
    ):
        with pytest.raises(ValueError, match="^field: expected an instance at N = 2"):
            all_critical_points(field)
