"""Predict the outliers of batches of every size from one measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from eigenscape.spectra import BatchDraws
from eigenscape.spectra.sampling_noise.competition import (
    MEASURED,
    WEIGHTED,
    compare_noise_models,
)
from eigenscape.spectra.sampling_noise.population import PopulationCurvature
from eigenscape.spectra.sampling_noise.prediction import predict_batch_outliers
from eigenscape.spectra.survey_result import OutlierPrediction
from eigenscape.survey.parts import Population

SIZES = 25
"""Batch sizes of the curve: two a doubling for four thousand examples."""

BATCHES = 100
"""Batches drawn at each size: the mean errs by a tenth of the spread."""

HELD = 0.9
"""Share of λ_max in the Gauss-Newton matrix below which the note says so."""


def predict_outliers(
    measured: Population,
    batches: Sequence[BatchDraws],
    *,
    parameters: int,
    followed: int,
    rng: np.random.Generator,
) -> tuple[OutlierPrediction | None, str]:
    """Predict outliers from b = 1 to n, and hold them against the measured batches.

    Args:
        measured: The measurement on all the data.
        batches: The measured batches.
        parameters: Number P of parameters.
        followed: Outliers to predict, at most.
        rng: Random numbers.

    Returns:
        The prediction, and the verdict in a sentence; or no prediction, and why.
    """
    population = measured.curvature
    if population is None:
        return None, measured.note
    sizes = [batch.batch_size for batch in batches]
    count = min(followed, population.spikes.size)
    competition = None
    law, note = WEIGHTED, "predicted from one measurement; no batch to compare it with"
    if batches:
        seen = min(count, *(batch.values.shape[1] for batch in batches))
        competition = compare_noise_models(
            population,
            sizes,
            [batch.values[:, :seen] for batch in batches],
            parameters=parameters,
            samples=BATCHES,
            rng=rng,
        )
        law = MEASURED if competition.best == MEASURED else WEIGHTED
        note = competition.verdict
    curve = predict_batch_outliers(
        population,
        curve_sizes(population.examples, sizes).tolist(),
        count=count,
        draws=BATCHES,
        rng=rng,
        directions="measured" if law == MEASURED else "elliptical",
    )
    shares = _shares(population, count)
    held = float(shares[0]) if shares.size else 1.0
    if held < HELD:
        note += (
            f"; the Gauss-Newton matrix holds {100 * held:.0f} % of λ_max, and the "
            "noise of the rest is predicted where it is small"
        )
    plain = replace(population, projections=None)
    return OutlierPrediction(plain, law, curve, shares, competition), note


def curve_sizes(examples: int, measured: Sequence[int]) -> Int[np.ndarray, " m"]:
    """Choose the batch sizes of a curve.

    Args:
        examples: Number n of examples.
        measured: Sizes that must be among them.

    Returns:
        Ascending whole numbers from 1 to n, evenly spread on a logarithmic scale.
    """
    even = np.rint(np.geomspace(1, examples, SIZES)).astype(np.int64)
    return np.union1d(even, np.asarray(measured, dtype=np.int64))


def _shares(population: PopulationCurvature, count: int) -> Float[np.ndarray, " k"]:
    if population.projections is None:
        return np.zeros(0)
    held = (population.projections[:, :, :count] ** 2).sum(1).mean(0)
    return held / population.spikes[:count]
