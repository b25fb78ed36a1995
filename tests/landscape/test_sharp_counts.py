import math

import pytest

from eigenscape.landscape.exact_counts import log_exact_count
from eigenscape.landscape.sharp_counts import log_sharp_count
from eigenscape.landscape.spin_glass import SpinGlass


@pytest.mark.parametrize("p", [3, 5])
@pytest.mark.parametrize("energy", [-1.95, -1.2, 0.0, 0.8])
def test_exact_counts_approach_the_leading_term(p, energy):
    """Relative errors of order 1/N: four times the size, a quarter of the error."""
    errors = [
        abs(
            log_exact_count(SpinGlass.pure(p), n, energy)
            - log_sharp_count(p, n, energy)
        )
        for n in (100, 400)
    ]
    assert errors[1] < 0.06
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.25)


def test_at_the_threshold_errors_fall_slowly():
    """Relative errors of order N^(−⅓)."""
    energy = -2 * math.sqrt(2 / 3)
    ratios = [
        math.exp(
            log_exact_count(SpinGlass.pure(3), n, energy)
            - log_sharp_count(3, n, energy)
        )
        for n in (60, 480)
    ]
    # Eight times the size halves the error; higher orders spoil it by a fifth.
    assert 1 - ratios[1] == pytest.approx((1 - ratios[0]) / 2, rel=0.25)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="^degree: expected at least 3, got 2"):
        log_sharp_count(2, 10, 0.0)
