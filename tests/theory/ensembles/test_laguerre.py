from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.laguerre import LaguerreBeta
from eigenscape.theory.ensembles.wishart import Wishart

LEVEL = 1e-3  # of each test of a distribution


@pytest.mark.parametrize(("ratio", "beta"), [(0.8, 1), (0.8, 2), (2.0, 1), (2.0, 2)])
def test_small_spectra_are_those_of_data_matrices(ratio, beta, rng):
    size, count = 4, 300
    ensembles = Wishart(ratio, 2.0, beta), LaguerreBeta(float(beta), ratio, 2.0)
    full = np.array([
        np.linalg.eigvalsh(ensembles[0].sample(size, rng=rng)) for _ in range(count)
    ])
    fast = np.array([
        ensembles[1].sample_eigenvalues(size, rng=rng) for _ in range(count)
    ])
    rank = round(size / max(ratio, 1))
    assert np.abs(full[:, : size - rank]).max(initial=0) < 1e-14
    assert not fast[:, : size - rank].any()
    for i in range(size - rank, size):
        assert stats.ks_2samp(full[:, i], fast[:, i]).pvalue > LEVEL


@pytest.mark.parametrize("beta", [0.5, 3.0])
def test_determinant_is_a_product_of_chi_squares(beta, rng):
    size, samples = 3, 6
    model = LaguerreBeta(beta, size / samples)
    spectra = [model.sample_eigenvalues(size, rng=rng) for _ in range(800)]
    logs = np.log(beta * samples * np.array(spectra)).sum(axis=1)
    # Selberg's integral: E ∏ λᵢ^t = 2^(tP) ∏ Γ(β(n − i)/2 + t) / Γ(β(n − i)/2).
    halves = beta / 2 * (samples - np.arange(size))
    exact = np.log(2) * size + np.sum([stats.loggamma(h).mean() for h in halves])
    spread = np.sqrt(np.sum([stats.loggamma(h).var() for h in halves]))
    assert abs(logs.mean() - exact) < 3.5 * spread / np.sqrt(logs.size)
    assert logs.std() == pytest.approx(spread, rel=0.1)


def test_hard_edge_stays_positive(rng):
    spectrum = LaguerreBeta(1.0, 1.0).sample_eigenvalues(500, rng=rng)
    assert spectrum[0] >= 0
    # N² times the smallest eigenvalue has a limit; 1e4 is beyond it.
    assert spectrum[0] < 1e4 / 500**2


@pytest.mark.parametrize("field", ["beta", "ratio", "scale"])
def test_refuses_parameters_that_are_not_positive(field):
    with pytest.raises(ValueError, match=f"{field}: expected a positive"):
        LaguerreBeta(**({"beta": 1.0, "ratio": 0.5, "scale": 1.0} | {field: 0.0}))
