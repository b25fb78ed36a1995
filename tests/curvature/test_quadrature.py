"""Stochastic Lanczos quadrature against exact spectra."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense, spectral_measure

EIGENVALUES = np.concatenate([np.linspace(-1, 1, 295), [2, 3, 4, 5, 6.0]])


def operator() -> Dense:
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((300, 300)))
    return Dense(torch.from_numpy(basis * EIGENVALUES @ basis.T))


@pytest.mark.parametrize("reorthogonalise", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_moments_within_the_standard_error(degree: int, reorthogonalise: bool) -> None:
    probes, powers = 100, EIGENVALUES**degree
    measure = spectral_measure(
        operator(),
        probes=probes,
        steps=12,
        generator=torch.Generator().manual_seed(2),
        reorthogonalise=reorthogonalise,
    )
    rows = (measure.weights * measure.nodes**degree).sum(1)
    formula = np.sqrt(2 * powers.var() / (300 + 2) / probes)
    assert abs(rows.mean() - powers.mean()) < 4 * formula
    # the spread of 100 rows knows the error to 1/√(2·99) if normal; outliers add tails
    assert rows.std(ddof=1) / np.sqrt(probes) == pytest.approx(formula, rel=0.4)


def test_short_rows_are_padded_with_weight_zero() -> None:
    measure = spectral_measure(
        Dense(torch.eye(6)), probes=3, steps=4, generator=torch.Generator()
    )
    assert measure.nodes.shape == (3, 1)
    assert measure.dimension == 6
    matrix = torch.diag(torch.tensor([1.0, 2.0, 2.0, 2.0]))
    measure = spectral_measure(
        Dense(matrix), probes=5, steps=4, generator=torch.Generator()
    )
    assert measure.weights.sum(1) == pytest.approx(np.ones(5))
    assert len(np.unique(measure.weights[:, 0])) == 5


def test_probes_have_no_preferred_direction() -> None:
    size, probes = 50, 400
    measure = spectral_measure(
        Dense(torch.full((size, size), 1 / size, dtype=torch.float64)),
        probes=probes,
        steps=2,
        generator=torch.Generator().manual_seed(0),
    )
    # the weight of the one eigenvalue 1 is (v·u)², of mean 1/P and variance below 2/P²
    masses = (measure.weights * (measure.nodes > 0.5)).sum(1)
    assert abs(masses.mean() - 1 / size) < 4 * 2**0.5 / size / probes**0.5


def test_same_seed_gives_the_same_bits() -> None:
    first, second = (
        spectral_measure(
            operator(), probes=3, steps=9, generator=torch.Generator().manual_seed(7)
        )
        for _ in range(2)
    )
    assert np.array_equal(first.nodes, second.nodes)
    assert np.array_equal(first.weights, second.weights)
