"""Levels of known law, crowded as eigenvalues of networks are."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.spectra.local.analysis import local_statistics
from eigenscape.spectra.local.balanced_ratios import balanced_rows
from eigenscape.spectra.local.density_bias import density_bias
from eigenscape.spectra.local.hypotheses import GOE, LAWS
from eigenscape.theory import Semicircle, cdf, ensembles

LEVELS, SPECTRA = 400, 8


def crowded(shares: np.ndarray) -> np.ndarray:
    """Eleven decades, with three dense stretches: monotone in the share below."""
    turns = 0.09 * np.sin(6 * np.pi * shares) + 0.006 * np.sin(40 * np.pi * shares)
    return 10 ** (11 * (shares + turns / np.pi) - 9)


def spectra(kind: str, rng: np.random.Generator) -> list[np.ndarray]:
    rows = []
    for _ in range(SPECTRA):
        if kind == "Poisson":
            shares = np.sort(rng.random(LEVELS))
        else:
            ensemble = getattr(ensembles, kind)()
            levels = ensemble.sample_eigenvalues(LEVELS, rng=rng)
            shares = cdf(Semicircle(1.0), levels)
        rows.append(crowded(shares))
    return rows


def test_the_map_is_monotone() -> None:
    assert (np.diff(crowded(np.linspace(0, 1, 10_001))) > 0).all()


@pytest.mark.parametrize("kind", ["GOE", "GUE", "Poisson"])
def test_crowded_levels_are_recognised(kind: str, rng: np.random.Generator) -> None:
    found = local_statistics(spectra(kind, rng), precision="float64", factor=1e-30)
    assert found.verdict.decision == kind, found.verdict.sentence


def test_the_bias_is_that_of_the_levels(rng: np.random.Generator) -> None:
    rows = spectra("GOE", rng)
    bias, error = density_bias([[row] for row in rows], [GOE])["GOE"]
    mean = np.concatenate([balanced_rows([row]) for row in rows]).mean(0)
    spread = np.sqrt(np.diag(GOE.covariances) / (SPECTRA * LEVELS))
    # without it ratios over four levels would be ten standard errors off
    assert abs(mean - GOE.mean)[2] > 6 * spread[2]
    # the smoothing over eight levels leaves a tolerance's worth
    assert (np.abs(mean - bias - GOE.mean) <= 4 * np.hypot(spread, error) + 0.004).all()


def test_few_spectra_and_unequal_stretches_have_none(rng: np.random.Generator) -> None:
    row = np.sort(rng.random(100))
    for runs in (
        [[row]] * 3,
        [[row]] * 5 + [[row, row + 2]],
        [[row[:9]]] * 6,
        [[]] * 5,
    ):
        assert density_bias(runs, LAWS) == {}
