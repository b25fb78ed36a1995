"""Published statistics beside resolved ones, on planted spectra."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.exact_spectrum import ExactSpectrum
from eigenscape.spectra.network_spectra import (
    BatchSpectra,
    HessianStatistics,
    RatioComparison,
    compare_ratios,
    mean_ratio,
)

LEVELS, ZEROS = 60, 60


def planted(rng, spectra=12):
    """GOE levels beside a null space: exact zeros in float64, rounding in float32."""
    exact, single = [], []
    for _ in range(spectra):
        matrix = rng.standard_normal((LEVELS, LEVELS))
        levels = np.linalg.eigvalsh(matrix + matrix.T)
        norm = float(np.abs(levels).max())
        unit = 1e-15 * norm
        exact.append(ExactSpectrum(levels, LEVELS + ZEROS, 0, unit, "planted"))
        # Poisson, to be told from the levels: the least of rounding's disguises
        noise = 2e-8 * norm * rng.uniform(-1, 1, ZEROS)
        single.append(np.sort(np.concatenate([levels, noise])))
    return BatchSpectra("end", "test", 64, tuple(exact), tuple(single))


def compared(spectra):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few levels to unfold
        return compare_ratios(spectra, rng=np.random.default_rng(1))


def test_rounding_is_told_from_levels(rng) -> None:
    found = compared(planted(rng))
    assert found.resolved_counts.tolist() == [LEVELS] * 12
    assert found.rounding_share == pytest.approx(ZEROS / (LEVELS + ZEROS), abs=0.01)
    expected = (
        (found.resolved, 0.5307),
        (found.control, 0.5307),
        (found.rounding, 0.3863),
    )
    for estimate, value in expected:
        # the edges of 60 levels take 0.01
        assert abs(estimate.value - value) <= 4 * estimate.standard_error + 0.01
        assert estimate.samples == 12
    assert found.rounding.value < found.single.value < found.resolved.value
    assert found.published is not None
    assert found.published.ratio_mean < 0.51


def test_without_float32_nothing_is_published(rng) -> None:
    spectra = planted(rng)
    bare = BatchSpectra("end", "test", 64, spectra.exact, ())
    found = compared(bare)
    assert found.published is None
    assert found.single is None
    assert found.rounding_share == 0
    assert bare.single_resolutions.size == 0


def test_each_spectrum_is_cut_at_its_own_resolution(rng) -> None:
    levels = np.sort(rng.uniform(1, 2, 400))
    rows = [levels, 1e6 * levels]
    cut = mean_ratio(rows, [1.5, 1.5e6])
    alone = mean_ratio([levels[levels > 1.5]] * 2, [1e-9, 1e-9])
    assert cut is not None
    assert cut.value == pytest.approx(alone.value, rel=1e-6)
    assert mean_ratio([levels], [10.0]) is None
    assert mean_ratio([], []) is None


def test_the_result_is_saved_whole(rng, tmp_path) -> None:
    comparison = compared(planted(rng))
    whole = HessianStatistics("m", "d", "hessian", 120, (1.0, 0.5), (comparison,))
    save(whole, tmp_path)
    found = load(HessianStatistics, tmp_path)
    assert isinstance(found.sets[0], RatioComparison)
    assert found.sets[0].resolved == comparison.resolved
    assert found.sets[0].statistics.verdict == comparison.statistics.verdict
    assert found.sets[0].spectra.name == "end, test"
