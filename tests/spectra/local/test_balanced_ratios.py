import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.balanced_ratios import (
    ORDERS,
    WIDE,
    balanced_ratios,
    balanced_rows,
)


def test_the_formula(rng):
    run = np.sort(rng.uniform(0, 10, 40))
    found = balanced_ratios(run)
    assert found.shape == (40 - 2 * 6, len(ORDERS))
    for row, j in zip(found, range(6, 40 - 6), strict=True):
        i = min(max(j, WIDE), 39 - WIDE)
        wide = (run[i + WIDE] - run[i]) / (run[i] - run[i - WIDE])
        for value, k in zip(row, ORDERS, strict=True):
            r = (run[j + k] - run[j]) / (run[j] - run[j - k])
            r *= wide ** (-k / WIDE) if k > 1 else 1
            assert value == pytest.approx(min(r, 1 / r), rel=1e-12)


def test_an_exponential_density_leaves_no_trace():
    # a geometric ladder has equal spacings once balanced
    run = 1.05 ** np.arange(60.0)
    np.testing.assert_allclose(balanced_ratios(run)[:, 1:], 1, rtol=1e-9)


def test_steep_densities_shift_means_by_little():
    levels = [row / 600 for row in samples.bulk_levels(1, 40)]
    flat = np.concatenate([balanced_ratios(row) for row in levels])
    for bend in (np.tan, lambda x: np.sign(x) * -np.log1p(-np.abs(x) / 1.6)):
        bent = [balanced_ratios(bend(3.1 * (row - 0.5))) for row in levels]
        shift = (np.concatenate(bent) - flat).mean(0)
        # a Cauchy and an exponential density, unfolded by nothing
        assert np.abs(shift).max() < 0.003


def test_short_runs_have_none():
    assert balanced_ratios(np.arange(24.0)).shape == (0, 3)
    rows = balanced_rows([np.arange(24.0), np.arange(26.0)])
    assert rows.shape == (26 - 2 * 6, 3)
    assert balanced_rows([]).shape == (0, 3)
