import math

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.landscape.search.circle_points import circle_critical_points


def test_a_cosine_by_hand():
    angles, second = circle_critical_points(lambda a: math.cos(3 * a - 0.3), 3)
    expected = 0.1 + math.pi / 3 * np.arange(6)
    assert angles == pytest.approx(expected, abs=1e-12)
    assert second == pytest.approx(-9 * (-1.0) ** np.arange(6), abs=1e-10)


def test_every_sign_change_is_found():
    rng = np.random.default_rng(0)
    for _ in range(8):
        waves = rng.standard_normal((2, 5))

        def value(angle, waves=waves):
            orders = np.arange(1, 6) * angle
            return float(waves[0] @ np.cos(orders) + waves[1] @ np.sin(orders))

        angles, second = circle_critical_points(value, 5)
        dense = np.linspace(0, 2 * math.pi, 1001)
        steps = np.sign(np.diff([value(a) for a in dense]))
        changes = int((steps != np.roll(steps, 1)).sum())
        assert angles.size == changes
        assert (second > 0).sum() == changes // 2


def test_a_double_point_is_not_counted():
    # The derivative (1 − cos a)(cos a + ½) has a double root at 0.
    with pytest.raises(ConvergenceError, match="circle"):
        circle_critical_points(lambda a: math.sin(a) / 2 - math.sin(2 * a) / 4, 2)
