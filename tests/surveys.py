"""A real, small Survey from sampled matrices, for tests that need one; no torch.

The Hessian on all the data is A = ∑ᵢ θᵢ eᵢeᵢᵀ + bulk · GOE + shift, a batch Hessian
A + noise · b^(−½) GOE. Spectra, splits, laws, scaling and advice are computed from
the matrices by the same functions that the survey of a network uses.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace

import numpy as np

from eigenscape.core import Curve, Estimate, record_provenance, stream
from eigenscape.spectra import (
    BatchDraws,
    BatchScaling,
    CheckpointSurvey,
    SpectralMeasure,
    SpectrumSplit,
    Survey,
    advise,
    estimate_density,
    fit_batch_scaling,
    fit_bulk,
    split_spectrum,
)
from eigenscape.spectra.sampling_noise.competition import WEIGHTED, compare_noise_models
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import predict_batch_outliers
from eigenscape.spectra.survey_result import OutlierPrediction

PROBES = 4
EXTREMES = 20


def goe(dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Sample a GOE matrix of semicircle radius 2."""
    z = rng.standard_normal((dimension, dimension))
    return (z + z.T) / np.sqrt(2 * dimension)


@functools.cache
def planted_survey(
    seed: int = 0,
    *,
    dimension: int = 240,
    spikes: tuple[float, ...] = (12.0, 8.0, 5.5),
    bulk: float = 0.5,
    shift: float = 0.0,
    noise: float = 12.0,
    batch_sizes: tuple[int, ...] = (8, 16, 32, 64, 128),
    draws: int = 6,
    checkpoints: tuple[str, ...] = ("start", "end"),
    learning_rate: float | None = 0.1,
    momentum: float | None = 0.9,
    target: str = "planted spikes",
) -> Survey:
    """Survey matrices with planted spikes, as if they were a network's Hessians.

    The spikes grow along the checkpoints, to `spikes` at the last.
    """
    growth = np.linspace(0.5, 1, len(checkpoints)) if len(checkpoints) > 1 else [1.0]
    surveys = []
    for i, (name, grown) in enumerate(zip(checkpoints, growth, strict=True)):
        rng = stream(seed, "planted", i)
        hessian = bulk * goe(dimension, rng) + shift * np.eye(dimension)
        hessian[range(len(spikes)), range(len(spikes))] += grown * np.array(spikes)
        batches = tuple(
            _batch(hessian, b, noise / np.sqrt(b), draws, rng) for b in batch_sizes
        )
        surveys.append(_checkpoint(name, 10.0 * i, hessian, batches, rng))
    return Survey(
        target=target,
        parameters=dimension,
        examples=10_000,
        learning_rate=learning_rate,
        momentum=momentum,
        checkpoints=tuple(surveys),
        curves=_curves(),
        advice=advise(surveys[-1], momentum=momentum),
        notes=(
            f"Spectra from {PROBES} probes and {dimension} Lanczos steps.",
            "Batches were drawn independently.",
        ),
        provenance=record_provenance(1.5, started="2026-01-01T00:00:00+00:00"),
    )


@functools.cache
def predicted_survey(*, wrong: float = 1.0, measured: bool = True) -> Survey:
    """Survey batches drawn from the prediction, at its last checkpoint.

    `wrong` multiplies what was measured, `measured` tells whether anything was.
    """
    survey = planted_survey()
    last = survey.checkpoints[-1]
    rng = stream(7, "predicted")
    population = PopulationCurvature(
        spikes=last.largest[:6].copy(),
        trace=60.0,
        example_eigenvalues=60.0 * rng.exponential(size=(400, 1)),
    )
    sizes = [b.batch_size for b in last.batches]
    truth = predict_batch_outliers(population, sizes, draws=6, count=5, rng=rng)
    batches = tuple(
        replace(b, values=wrong * values, residuals=np.zeros_like(values))
        for b, values in zip(last.batches, truth.samples, strict=True)
    )
    competition = compare_noise_models(
        population, sizes, [b.values for b in batches], parameters=240, rng=rng
    )
    every = [1, 2, 4, *sizes, 256, 400]
    prediction = OutlierPrediction(
        population=population,
        law=WEIGHTED,
        curve=predict_batch_outliers(population, every, draws=200, rng=rng),
        gauss_newton_shares=np.ones(5),
        competition=competition if measured else None,
    )
    changed = replace(
        last,
        batches=batches if measured else (),
        scaling=None,
        prediction=prediction,
        prediction_note=competition.verdict if measured else "predicted only",
    )
    return replace(
        survey,
        checkpoints=(survey.checkpoints[0], changed),
        examples=400,
        advice=advise(changed, momentum=survey.momentum),
    )


def _measure(hessian: np.ndarray, rng: np.random.Generator) -> SpectralMeasure:
    """Give the quadrature that Lanczos reaches after as many steps as dimensions."""
    values = np.linalg.eigvalsh(hessian)
    weights = rng.standard_normal((PROBES, values.size)) ** 2
    weights /= weights.sum(1, keepdims=True)
    return SpectralMeasure(np.tile(values, (PROBES, 1)), weights, values.size)


def _extremes(measure: SpectralMeasure) -> np.ndarray:
    return measure.nodes[0, ::-1][: min(EXTREMES, measure.dimension)]


def _batch(
    hessian: np.ndarray, size: int, noise: float, draws: int, rng: np.random.Generator
) -> BatchDraws:
    values: list[np.ndarray] = []
    splits: list[SpectrumSplit] = []
    for _ in range(draws):
        measure = _measure(hessian + noise * goe(hessian.shape[0], rng), rng)
        values.append(_extremes(measure))
        splits.append(split_spectrum(measure, values[-1]))
    table = np.stack(values)
    return BatchDraws(size, table, 1e-9 * np.abs(table), tuple(splits))


def _checkpoint(
    name: str,
    epoch: float,
    hessian: np.ndarray,
    batches: tuple[BatchDraws, ...],
    rng: np.random.Generator,
) -> CheckpointSurvey:
    measure = _measure(hessian, rng)
    largest = _extremes(measure)
    smallest = measure.nodes[0, : min(5, measure.dimension)].copy()
    ends = np.union1d(largest, smallest)
    split = split_spectrum(measure, ends)
    laws = fit_bulk(split.bulk)
    scaling, note = _scaling(batches)
    rows = (measure.nodes * measure.weights).sum(1) * measure.dimension
    return CheckpointSurvey(
        name=name,
        epoch=epoch,
        loss=2.0 / (1 + epoch),
        gradient_norm=0.3 / (1 + epoch),
        trace=Estimate(float(rows.mean()), float(rows.std(ddof=1) / 2), PROBES),
        measure=measure,
        largest=largest,
        largest_residuals=1e-9 * np.abs(largest),
        smallest=smallest,
        smallest_residuals=1e-9 * np.abs(smallest),
        split=split,
        law_fits=laws,
        density=estimate_density(measure, split, laws),
        batches=batches,
        scaling=scaling,
        scaling_note=note,
    )


def _scaling(batches: tuple[BatchDraws, ...]) -> tuple[BatchScaling | None, str]:
    try:
        scaling = fit_batch_scaling(
            [b.batch_size for b in batches], [b.splits for b in batches]
        )
    except ValueError as error:
        return None, str(error)
    return scaling, scaling.verdict


def _curves() -> tuple[Curve, ...]:
    epochs = np.arange(11.0)
    pairs = itertools.product([("training", 2.0), ("test", 2.2)], [epochs])
    return tuple(
        Curve(f"{name} loss", x, start / (1 + x), "epoch", "loss")
        for (name, start), x in pairs
    )
