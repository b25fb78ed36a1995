"""Predictions of a survey, from planted examples."""

from __future__ import annotations

import numpy as np

from eigenscape.spectra import BatchDraws
from eigenscape.spectra.sampling_noise.competition import MEASURED, WEIGHTED
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.survey.parts import Population
from eigenscape.survey.prediction import curve_sizes, predict_outliers
from surveys import planted_survey


def planted(*, residual: float = 0.0) -> tuple[PopulationCurvature, np.ndarray]:
    """A matrix of examples' outer products, and a part that no example holds."""
    rng = np.random.default_rng(0)
    weights = rng.exponential(size=(300, 1)) ** 2
    scales = np.sqrt([9.0, 5.0, 3.0, *np.full(37, 0.2)])
    rows = np.sqrt(weights) * rng.standard_normal((300, 40)) * scales
    values, vectors = np.linalg.eigh(rows.T @ rows / 300 * (1 + residual))
    top = vectors[:, ::-1][:, :8]
    population = PopulationCurvature(
        spikes=values[::-1][:8].copy(),
        trace=float(values.sum()),
        example_eigenvalues=(rows**2).sum(1, keepdims=True),
        projections=(rows @ top)[:, None, :],
    )
    return population, rows


def batches(rows: np.ndarray, sizes: tuple[int, ...]) -> tuple[BatchDraws, ...]:
    rng = np.random.default_rng(1)
    splits = planted_survey().checkpoints[-1].batches[0].splits
    found = []
    for size in sizes:
        chosen = [rows[rng.choice(300, size, replace=False)] for _ in range(10)]
        tops = [np.linalg.eigvalsh(r.T @ r / size)[::-1][:5] for r in chosen]
        found.append(
            BatchDraws(size, np.stack(tops), np.zeros((10, 5)), splits[:1] * 10)
        )
    return tuple(found)


def predict(population: PopulationCurvature | None, drawn: tuple[BatchDraws, ...]):
    return predict_outliers(
        Population(population, "" if population else "no prediction: why"),
        drawn,
        parameters=40,
        followed=5,
        rng=np.random.default_rng(2),
    )


def test_planted_batches_are_predicted():
    population, rows = planted()
    found, note = predict(population, batches(rows, (16, 64, 150)))
    assert found.population.projections is None
    assert found.law == WEIGHTED
    assert found.curve.samples.shape[2] == 5
    weighted = found.competition.competitor("weighted sampling").comparison
    assert weighted.p_value >= 0.01
    assert note == found.competition.verdict
    np.testing.assert_allclose(found.gauss_newton_shares, 1, rtol=1e-12)
    np.testing.assert_allclose(found.curve.mean[-1], population.spikes[:5])
    measured = found.competition.competitors[-1]
    assert measured.name == "weighted sampling, measured directions"


def test_directions_that_hang_on_the_weights_ask_for_measured_ones():
    """Half of the examples curve along one line only, and ten times as much."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((300, 40)) * np.sqrt([*[2.0] * 8, *[0.1] * 32])
    rows[:150] = 0
    rows[:150, 0] = 6 * rng.choice([-1, 1], 150)
    values, vectors = np.linalg.eigh(rows.T @ rows / 300)
    population = PopulationCurvature(
        spikes=values[::-1][:12].copy(),
        trace=float(values.sum()),
        example_eigenvalues=(rows**2).sum(1, keepdims=True),
        projections=(rows @ vectors[:, ::-1][:, :12])[:, None, :],
    )
    found, note = predict(population, batches(rows, (16, 64, 150)))
    assert found.law == found.competition.best == MEASURED
    assert "weighted sampling" in note.split("refused:")[1]


def test_what_no_example_holds_is_said():
    population, rows = planted(residual=0.5)
    found, note = predict(population, batches(rows, (16, 64)))
    np.testing.assert_allclose(found.gauss_newton_shares, 1 / 1.5, rtol=1e-12)
    assert "the Gauss-Newton matrix holds 67 % of λ_max" in note


def test_without_batches_there_is_a_curve_only():
    found, note = predict(planted()[0], ())
    assert found.competition is None
    assert "no batch to compare it with" in note


def test_without_a_measurement_there_is_the_reason():
    assert predict(None, ()) == (None, "no prediction: why")


def test_sizes_are_even_whole_and_hold_the_measured():
    sizes = curve_sizes(4000, [100, 3000])
    assert sizes[0] == 1
    assert sizes[-1] == 4000
    assert {100, 3000} <= set(sizes.tolist())
    assert (np.diff(sizes) > 0).all()
    assert curve_sizes(1, []).tolist() == [1]
