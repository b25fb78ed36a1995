"""Stochastic Lanczos quadrature against exact spectra."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from eigenscape.core import ConvergenceError
from eigenscape.curvature import Dense, process, spectral_measure
from eigenscape.curvature.krylov.lanczos import Reorthogonalise
from eigenscape.spectra.cumulative_band import cumulative_band, probes_within
from interrupted import Interrupted, OutOfProductsError

EIGENVALUES = np.concatenate([np.linspace(-1, 1, 295), [2, 3, 4, 5, 6.0]])


@dataclass(frozen=True)
class Pairs:
    values: np.ndarray
    vectors: np.ndarray


def planted(eigenvalues: np.ndarray) -> tuple[Dense, Pairs]:
    size = len(eigenvalues)
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((size, size)))
    matrix = torch.from_numpy(basis * eigenvalues @ basis.T)
    return Dense(matrix), Pairs(eigenvalues, basis.T.copy())


def operator() -> Dense:
    return planted(EIGENVALUES)[0]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("reorthogonalise", ["none", "partial", "full"])
def test_moments_within_the_standard_error(reorthogonalise: Reorthogonalise) -> None:
    probes = 100
    measure = spectral_measure(
        operator(),
        probes=probes,
        steps=12,
        generator=seeded(2),
        reorthogonalise=reorthogonalise,
    )
    for degree in (1, 2, 3, 5):
        powers = EIGENVALUES**degree
        rows = (measure.weights * measure.nodes**degree).sum(1)
        formula = np.sqrt(2 * powers.var() / (300 + 2) / probes)
        assert abs(rows.mean() - powers.mean()) < 4 * formula
        # the spread of 100 rows knows the error to 1/√(2·99) if normal; outliers add
        # tails
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
        generator=seeded(),
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_deflation_takes_the_outliers_out_of_the_error(dtype: torch.dtype) -> None:
    probes = 60
    eigenvalues = np.concatenate([np.linspace(-1, 1, 295), [5, 10, 15, 20, 25.0]])
    matrix, pairs = planted(eigenvalues)
    known = Pairs(pairs.values[295:], pairs.vectors[295:])
    measures = [
        spectral_measure(
            Dense(matrix.matrix.to(dtype)),
            probes=probes,
            steps=20,
            generator=seeded(1),
            deflate=deflate,
        )
        for deflate in (None, known)
    ]
    # the standard error of the first moment, outliers among the eigenvalues or not
    bulk = eigenvalues[:295]
    formulas = [
        np.sqrt(2 * eigenvalues.var() / 302),
        295 / 300 * np.sqrt(2 * bulk.var() / 297),
    ]
    assert formulas[1] < 0.3 * formulas[0]
    for measure, formula in zip(measures, formulas, strict=True):
        rows = (measure.weights * measure.nodes).sum(1)
        assert abs(rows.mean() - eigenvalues.mean()) < 4 * formula / np.sqrt(probes)
        assert rows.std(ddof=1) == pytest.approx(formula, rel=0.4)
    deflated = measures[1]
    np.testing.assert_array_equal(deflated.nodes[:, :5], np.tile(known.values, (60, 1)))
    np.testing.assert_array_equal(deflated.weights[:, :5], 1 / 300)
    assert deflated.nodes[:, 5:].max() <= 1 + 100 * torch.finfo(dtype).eps
    assert deflated.dimension == 300


def test_deflation_holds_against_far_outliers() -> None:
    # unheld, rounding along the last would grow by a factor of 10⁵ a step
    eigenvalues = np.concatenate([np.linspace(-1, 1, 196), [10, 1e2, 1e3, 1e5]])
    matrix, pairs = planted(eigenvalues)
    measure = spectral_measure(
        matrix,
        probes=2,
        steps=60,
        generator=seeded(),
        deflate=Pairs(pairs.values[196:], pairs.vectors[196:]),
    )
    rounding = 1e5 * np.finfo(float).eps
    assert np.abs(measure.nodes[:, 4:]).max() <= 1 + 100 * rounding
    band = cumulative_band(measure, np.array([-0.5, 0.1, 0.7, 5.0, 2e5]))
    exact = np.array([(eigenvalues <= x).mean() for x in band.points])
    assert ((band.lower <= exact) & (exact <= band.upper)).all()


def test_stops_when_the_band_is_as_narrow_as_asked() -> None:
    eigenvalues = np.linspace(-1, 1, 400)
    matrix, _ = planted(eigenvalues)
    spent = []
    for width in (0.3, 0.15, 0.1):
        counted = Interrupted(matrix, 10**6)
        measure = spectral_measure(
            counted, probes=50, steps=200, generator=seeded(), band=width
        )
        band = cumulative_band(measure)
        assert band.width <= width
        # a quarter fewer steps would not have done, nor many fewer probes
        assert band.width > 0.6 * width
        assert measure.nodes.shape[1] < 100
        assert measure.probes == probes_within(width, dimension=400, steps=200) < 50
        spent.append(counted.given)
        exact = np.searchsorted(eigenvalues, band.points, "right") / 400
        inside = (band.lower <= exact) & (exact <= band.upper)
        assert inside.mean() >= 0.95
    assert spent[0] < spent[1] < spent[2]


def test_band_is_of_what_is_not_deflated() -> None:
    eigenvalues = np.concatenate([np.linspace(-1, 1, 395), [50, 60, 70, 80, 90.0]])
    matrix, pairs = planted(eigenvalues)
    measure = spectral_measure(
        matrix,
        probes=20,
        steps=80,
        generator=seeded(),
        band=0.15,
        deflate=Pairs(pairs.values[395:], pairs.vectors[395:]),
    )
    band = cumulative_band(measure, np.linspace(-1, 1, 101))
    assert band.width <= 0.152  # its own points differ a little


def test_band_that_is_not_reached_is_said() -> None:
    matrix, _ = planted(np.linspace(-1, 1, 400))
    with pytest.raises(ConvergenceError, match="allow more steps") as raised:
        spectral_measure(matrix, probes=50, steps=8, generator=seeded(), band=0.1)
    assert 0.1 < raised.value.residual < 1
    assert raised.value.iterations == 50 * 8
    with pytest.raises(
        ValueError, match=r"band: expected a width between 0 and 1, got 1"
    ):
        spectral_measure(matrix, probes=1, steps=4, generator=seeded(), band=1.0)


@pytest.mark.parametrize("band", [None, 0.2])
def test_interrupted_run_goes_on_to_the_same_bits(
    band: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    matrix, pairs = planted(EIGENVALUES)

    def run(last: int, file: Path | None) -> tuple[np.ndarray, int]:
        counted = Interrupted(matrix, last)
        measure = spectral_measure(
            counted,
            probes=12,
            steps=24,
            generator=seeded(5),
            band=band,
            deflate=Pairs(pairs.values[295:], pairs.vectors[295:]),
            checkpoint=file,
        )
        return np.stack([measure.nodes, measure.weights]), counted.given

    whole, products = run(10**6, None)
    file = tmp_path / "run"
    with pytest.raises(OutOfProductsError):
        run(products // 2, file)
    again, rest = run(10**6, file)
    assert np.array_equal(whole, again)
    assert rest <= products - products // 2 + 12


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((1, 5)), "deflate: expected fewer than 4 vectors of that length"),
        (np.ones((2, 4)), "deflate: expected fewer than 4 vectors of that length"),
        (np.full((1, 4), 0.6), "deflate: expected orthonormal vectors, got .* 0.44"),
    ],
)
def test_vectors_that_cannot_be_deflated(vectors: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spectral_measure(
            Dense(torch.eye(4)),
            probes=1,
            steps=2,
            generator=seeded(),
            deflate=Pairs(np.ones(1), vectors),
        )
