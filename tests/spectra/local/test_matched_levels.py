"""Gaussian levels at a given density."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.spectra.local.matched_levels import matched_levels
from eigenscape.spectra.local.ratios import spacing_ratios


def test_levels_have_the_density_and_repel(rng) -> None:
    # Poisson levels of a density that falls over four decades
    given = [np.exp(rng.uniform(-9, 0, 300)) for _ in range(20)]
    drawn = matched_levels(given, rng=rng)
    assert [len(row) for row in drawn] == [300] * 20
    for share in (0.1, 0.5, 0.9):
        place = np.quantile(np.concatenate(given), share)
        # the staircase of 6,000 Poisson levels, linear over eight of 300
        error = np.sqrt(share * (1 - share) / 6000) + 8 / 300
        assert abs(np.mean(np.concatenate(drawn) < place) - share) <= 4 * error
    before, after = (spacing_ratios(rows).mean() for rows in (given, drawn))
    assert abs(before.value - 0.386) < 0.01
    # edges, and a density that changes by 3 % a level, take 0.01
    assert abs(after.value - 0.5307) <= 4 * after.standard_error + 0.01


def test_too_few_levels_are_refused(rng) -> None:
    with pytest.raises(ValueError, match="two levels each or more, got 1"):
        matched_levels([np.ones(1)], rng=rng)
    with pytest.raises(ValueError, match="got 0 in the mean"):
        matched_levels([], rng=rng)
