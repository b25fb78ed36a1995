import math

import numpy as np
import pytest

from eigenscape.landscape.gan.counts import gan_critical_point_count
from eigenscape.landscape.gan.model import GanGlass


def test_one_network_decouples_from_weak_noise():
    """Counts factorise as σ → 0: those of a pure glass on w_D, of ℓ_G on w_G."""
    rng = np.random.default_rng(0)
    both = gan_critical_point_count(
        GanGlass(3, 1, 1e-6, 0.5), dimensions=(2, 2), samples=40_000, rng=rng
    )
    # On w_G the covariance is (1 + t)⁴: Rice's 2√((ν′ + 3ν″)/ν′), ν′ = 32, ν″ = 48.
    expected = 2 * math.sqrt(3 * 3 - 2) * 2 * math.sqrt((32 + 3 * 48) / 32)
    assert abs(both.value - expected) < 4 * both.standard_error


@pytest.mark.parametrize(
    ("given", "exact", "deviation"),
    [
        ({}, 17.90, 0.16),
        ({"losses": (0.5, 0.0)}, 1.97, 0.08),
        ({"index": (0, 0)}, 3.88, 0.06),
        ({"losses": (0.5, 0.0), "index": (0, 0)}, 0.91, 0.04),
    ],
)
def test_counts_of_roots_of_another_program(given, exact, deviation):
    rng = np.random.default_rng(1)
    found = gan_critical_point_count(
        GanGlass(2, 1, 1.0, 0.5), dimensions=(2, 2), samples=40_000, rng=rng, **given
    )
    assert abs(found.value - exact) < 4 * math.hypot(found.standard_error, deviation)


def test_indices_exhaust_all_points():
    model = GanGlass(2, 2, 0.5, 0.5)

    def count(**given):
        rng = np.random.default_rng(2)
        return gan_critical_point_count(
            model, dimensions=(3, 2), samples=5000, rng=rng, **given
        ).value

    parts = [count(index=(i, j)) for i in range(3) for j in range(2)]
    assert sum(parts) == pytest.approx(count(), rel=1e-10)
    assert count(index=(1, None)) == pytest.approx(parts[2] + parts[3], rel=1e-10)


def test_bad_input_is_refused():
    rng, model = np.random.default_rng(0), GanGlass(2, 1, 1.0, 0.5)
    with pytest.raises(ValueError, match="^dimension: expected"):
        gan_critical_point_count(model, dimensions=(1, 2), samples=5, rng=rng)
    with pytest.raises(ValueError, match="^samples: expected"):
        gan_critical_point_count(model, dimensions=(2, 2), samples=1, rng=rng)
