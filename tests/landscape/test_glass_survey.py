import numpy as np
import pytest

from eigenscape.landscape.glass_survey import (
    complexity_curves,
    count_points,
    descend_instance,
    pooled,
)
from eigenscape.landscape.spin_glass import SpinGlass


def test_curves_of_pure_and_mixed_glasses():
    levels = np.linspace(-1.5, 0.0, 4)
    pure = complexity_curves(SpinGlass.pure(3), levels, (5, 40))
    assert pure.marginal == pytest.approx(1.63299316, abs=1e-8)
    assert pure.exact.shape == (2, 4)
    assert (np.diff(pure.exact, axis=1) > 0).all()
    # Index k has no points below its level in the limit, and some above.
    for row, level in zip(pure.by_index, pure.lowest, strict=True):
        assert (row[pure.layer_levels < -level] < 1e-12).all()
    mixed = complexity_curves(SpinGlass((1, 3), (9.0, 1.0)), levels, ())
    assert np.isnan(mixed.lowest).tolist() == [False, True, True, True]


def test_small_instances():
    found = count_points(3, 2, 40, rng=np.random.default_rng(0))
    assert found.energies.size == found.indices.size == round(found.count.value * 40)
    assert abs(found.count.value - found.exact) < 4 * found.count.standard_error
    inside = found.expected.sum()
    assert 0.9 * found.exact < inside <= found.exact


def test_descents():
    rng = np.random.default_rng(1)
    found = pooled([descend_instance(3, 15, 3, rng=rng) for _ in range(2)])
    assert found.energies.shape == found.indices.shape == (6,)
    assert (found.energies < 0).all()
    # Every end is a critical point of its own instance; two instances share none.
    assert not set(found.energies[:3]) & set(found.energies[3:])
