import math

import numpy as np
import pytest

from eigenscape.landscape.annealed import cumulative_complexity
from eigenscape.landscape.exact_counts import exact_count
from eigenscape.landscape.kac_rice import critical_point_count
from eigenscape.landscape.search.circle_points import circle_critical_points
from eigenscape.landscape.signal import SignalledGlass
from eigenscape.landscape.spin_glass import SpinGlass

MIXED = SpinGlass((1, 3, 5), (0.3, 0.5, 1.0))


@pytest.mark.parametrize("glass", [SpinGlass.pure(3), MIXED])
@pytest.mark.parametrize("energy", [np.inf, -0.6])
def test_all_points_of_a_level_against_the_exact_count(glass, energy):
    rng = np.random.default_rng(0)
    found = critical_point_count(
        glass, dimension=8, samples=1500, rng=rng, energy=energy
    )
    assert abs(found.value - exact_count(glass, 8, energy)) < 4 * found.standard_error
    assert found.standard_error < 0.05 * found.value


def test_error_bars_cover():
    glass, exact = SpinGlass.pure(3), exact_count(SpinGlass.pure(3), 5)
    scores = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = critical_point_count(glass, dimension=5, samples=60, rng=rng)
        scores.append((found.value - exact) / found.standard_error)
    # Sixty scores of variance near 1: mean within 4/√60, spread within 40 %.
    assert abs(np.mean(scores)) < 4 / np.sqrt(60)
    assert 0.6 < np.std(scores) < 1.4


def test_indices_add_up_and_obey_euler():
    """The alternating sum of the counts by index is 2 on an even sphere."""
    rng = np.random.default_rng(1)
    counts = [
        critical_point_count(MIXED, dimension=3, samples=1500, rng=rng, index=k)
        for k in range(3)
    ]
    error = np.sqrt(sum(c.standard_error**2 for c in counts))
    euler = sum((-1) ** k * c.value for k, c in enumerate(counts))
    assert abs(euler - 2) < 3 * error
    total = sum(c.value for c in counts)
    assert abs(total - exact_count(MIXED, 3)) < 4 * error


@pytest.mark.parametrize(
    ("index", "expected", "deviation"), [(0, 6.08, 0.03), (2, 29.49, 0.06)]
)
def test_fixed_indices_of_another_computation(index, expected, deviation):
    rng = np.random.default_rng(2)
    found = critical_point_count(
        SpinGlass.pure(3), dimension=10, samples=4000, rng=rng, index=index
    )
    assert abs(found.value - expected) < 4 * (found.standard_error + deviation)


@pytest.mark.parametrize("signal", [(0.0, 0.7, 1.4), (0.0, 0.0, 0.0, 3.0)])
def test_a_signal_on_the_circle_by_counting_roots(signal):
    model = SignalledGlass(SpinGlass.pure(3), signal)
    rng, curve = np.random.default_rng(3), np.polynomial.Polynomial(signal)
    counted = []
    for _ in range(150):
        tensor = rng.standard_normal((2, 2, 2))

        def value(angle, tensor=tensor):
            w = np.array([np.cos(angle), np.sin(angle)])
            return w @ (w @ (w @ tensor)) + np.sqrt(2) * curve(w[0])

        counted.append(circle_critical_points(value, 3)[0].size)
    found = critical_point_count(model, dimension=2, samples=1500, rng=rng)
    error = np.hypot(found.standard_error, np.std(counted) / np.sqrt(150))
    assert abs(found.value - np.mean(counted)) < 4 * error


def test_a_signal_leaves_the_characteristic_of_the_sphere():
    """Spike, shift and gradient must fit together for the alternating sum to be 2."""
    model = SignalledGlass(SpinGlass.pure(3), (0.0, 0.5, -1.5, 2.0))
    counts = [
        critical_point_count(
            model, dimension=3, samples=2000, rng=np.random.default_rng(4), index=k
        )
        for k in range(3)
    ]
    euler = counts[0].value - counts[1].value + counts[2].value
    error = math.hypot(*(c.standard_error for c in counts))
    assert error < 0.13  # an unscaled spike is off by 0.39
    assert abs(euler - 2) < 3 * error


def test_slopes_in_dimension_are_the_complexity():
    """Counts are exp(ΘN) times N^½, at low levels N^(−½), and 1 + O(16/N)."""
    glass, sizes = SpinGlass.pure(3), np.array([60, 140])
    for energy, power in ((np.inf, 0.5), (-1.7, -0.5)):
        found = [
            critical_point_count(
                glass,
                dimension=n,
                samples=250,
                rng=np.random.default_rng(n),
                energy=energy,
            )
            for n in sizes.tolist()
        ]
        logs = np.log([c.value for c in found]) - power * np.log(sizes)
        error = math.hypot(*(c.standard_error / c.value for c in found)) / 80
        limit = cumulative_complexity(glass, np.array([energy]))[0]
        assert error < 3e-3
        assert abs(np.diff(logs)[0] / 80 - limit) < 4 * error + 16 / (60 * 140)


def test_rare_points_are_not_cut_off():
    """Minima are exp(−60) of all points here; those of low levels are fewer still."""
    minima, low = (
        critical_point_count(
            SpinGlass.pure(3),
            dimension=160,
            samples=100,
            rng=np.random.default_rng(5),
            energy=energy,
            index=0,
        )
        for energy in (np.inf, -1.75)
    )
    error = 4 * math.hypot(minima.standard_error, low.standard_error)
    assert minima.value + error > low.value > 0
    exact = exact_count(SpinGlass.pure(3), 160, -1.75)
    assert abs(low.value - exact) < 4 * low.standard_error + 0.05 * exact


def test_bad_input_is_refused():
    rng = np.random.default_rng(0)
    for message, given in (
        ("samples", {"dimension": 3, "samples": 1}),
        ("dimension", {"dimension": 1, "samples": 5}),
        ("index", {"dimension": 3, "samples": 5, "index": -1}),
        ("energy", {"dimension": 3, "samples": 5, "energy": np.nan}),
    ):
        with pytest.raises(ValueError, match=f"^{message}: expected"):
            critical_point_count(SpinGlass.pure(3), rng=rng, **given)


def test_no_points_where_none_can_be():
    rng = np.random.default_rng(0)
    found = critical_point_count(
        SpinGlass.pure(3), dimension=4, samples=9, rng=rng, energy=-50.0
    )
    assert found.value == pytest.approx(0, abs=1e-30)
