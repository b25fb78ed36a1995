import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.trust import trusted_length
from eigenscape.spectra.local.units import longest_reach

SPAN = np.array([[0.0, 600.0]])


@pytest.mark.parametrize("beta", samples.BETAS)
def test_right_levels_are_trusted_as_far_as_they_reach(beta):
    rows = samples.bulk_levels(beta)[:40]
    lengths = np.array([trusted_length([row], SPAN, 0.0) for row in rows])
    assert np.mean(lengths == longest_reach(SPAN)) > 0.97


@pytest.mark.parametrize("beta", [0, 1])
def test_many_right_spectra_are_trusted(beta):
    rows = samples.bulk_levels(beta)[:30]
    spans = np.tile(SPAN, (30, 1))
    assert trusted_length(rows, spans, 0.0) == longest_reach(spans)


def bent(row, slope):
    """A mean density off by a wave of slope h′, which adds L² h′²/2 to Σ²."""
    return row + slope * 600 / (4 * np.pi) * (1 - np.cos(4 * np.pi * row / 600))


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_a_bent_density_is_seen_and_measured(beta):
    slope = 0.15
    lengths = [
        trusted_length([bent(row, slope)], SPAN, 0.0)
        for row in samples.bulk_levels(beta)[:16]
    ]
    # 5 % of Σ²(3) = 0.67, 0.44, 0.27 is L² slope²/2 at L = 1.7, 1.4, 1.1
    assert 0 < np.median(lengths) < 2.2


def test_a_density_that_is_not_one_is_seen():
    row = 1.1 * samples.bulk_levels(1)[0]
    assert trusted_length([row], 1.1 * SPAN, 0.0) < 3


def test_a_blurred_end_is_seen():
    rows = samples.bulk_levels(1)[:20]
    lengths = [
        trusted_length([np.where(row < 30, 30 - 0.6 * (30 - row), row)],
                       np.array([[12.0, 600.0]]), 0.0)
        for row in rows
    ]  # fmt: skip
    assert np.median(lengths) < longest_reach(SPAN) / 2


def test_uncorrelated_levels_lose_most_to_a_fit():
    # Poisson: 2L²τ₀ ≤ L/20 gives L = 1/40τ₀; rigid levels: 2L²τ₀² ≤ Σ²/20, far longer
    lost = 0.005
    poisson, rigid = (
        np.median([
            trusted_length([row], SPAN, lost) for row in samples.bulk_levels(beta)[:16]
        ])
        for beta in (0, 1)
    )
    assert poisson == pytest.approx(1 / (40 * lost), rel=0.3)
    assert rigid > 3 * poisson


def test_a_staircase_through_every_level_is_not_trusted():
    assert trusted_length([samples.bulk_levels(0)[0]], SPAN, 0.5) == 0
