"""The learning rate and the batch size, read off a prediction for every batch."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Table
from eigenscape.spectra.sampling_noise.competition import WEIGHTED
from eigenscape.spectra.survey_result import (
    Advice,
    CheckpointSurvey,
    OutlierPrediction,
)
from eigenscape.theory.mean_square_stability import mean_square_rate

RATE_QUESTION = "How large may the learning rate be?"

STABILITY = (
    "Full batch: gradient descent on a quadratic is stable below 2/λ_max, heavy-ball "
    "momentum β below 2(1 + β)/λ_max (Polyak 1964); with batches that change from step "
    "to step the factor 1 + β can become 1 − β. A single step on a batch contracts "
    "along that batch's own top direction below 2/λ_max(b). No batch size is given a "
    "larger rate than all the data. Weight decay adds its "
    "coefficient to every eigenvalue and is not included."
)

MEAN_SQUARE = (
    "In mean square: training draws a batch at each step, and is stable where the "
    "squared distance stays bounded on average. Where noise dominates, momentum lowers "
    "that rate by 1 − β, as it lengthens the step; 1 + β is gained on large batches "
    "alone."
)

SAFE = 0.95
"""Share of batches on which a step is stable at the rate advised."""

OFF = 0.2
"""Relative error of a predicted λ_max that advice does not rest on: the rate would be
as wrong."""

SURE = 3.0
"""Standard errors from which such an error is not put down to few draws."""


def is_trusted(prediction: OutlierPrediction) -> bool:
    """Tell whether advice may rest on a prediction.

    Args:
        prediction: The prediction.

    Returns:
        Whether no measured mean of λ_max lies both 20 % and three standard errors from
        it.
    """
    if prediction.competition is None:
        return True
    against = prediction.competition.competitor(prediction.law).comparison
    wrong = np.abs(against.relative_errors[:, 0]) > OFF
    return not bool((wrong & (np.abs(against.deviations[:, 0]) > SURE)).any())


def predicted_rate(
    checkpoint: CheckpointSurvey, prediction: OutlierPrediction, momentum: float
) -> Advice:
    """Advise on the learning rate at every batch size.

    Args:
        checkpoint: The checkpoint, of positive λ_max.
        prediction: Its prediction.
        momentum: Heavy-ball momentum.

    Returns:
        The advice, with a row for each power of two.
    """
    curve, top = prediction.curve, float(checkpoint.largest[0])
    sizes, n = curve.batch_sizes, int(curve.batch_sizes[-1])
    means = np.maximum(curve.mean[:, 0], top)
    safe = curve.stable_learning_rate(probability=SAFE)
    measured = {b.batch_size: float(b.values[:, 0].mean()) for b in checkpoint.batches}
    rows: list[tuple[str | float | int | None, ...]] = []
    for size in sorted({2**k for k in range(n.bit_length())} | set(measured)):
        mean, rate = (float(np.interp(size, sizes, of)) for of in (means, safe))
        drawn = (_mean_square(prediction, size, beta) for beta in (0.0, momentum))
        rows.append((size, mean, measured.get(size), 2 / mean, rate, *drawn))
    whole = 2 / top
    rows.append(("all", top, None, whole, whole, whole, (1 + momentum) * whole))
    columns = (
        "batch size",
        "predicted mean λ_max",
        "measured",
        "2/λ_max",
        f"stable on {100 * SAFE:.0f} % of batches",
        "SGD in mean square",
        f"with momentum {momentum:g}",
    )
    answer = (
        f"largest stable learning rate 2/λ_max = {whole:.3g} on all the data "
        f"({(1 + momentum) * whole:.3g} with momentum {momentum:g})"
    )
    half = quiet_batch_size(prediction, 1.0)
    if half > 1:
        answer += f", half of it at b ≈ {half:.0f} and {2 / means[0]:.3g} at b = 1"
    return Advice(
        RATE_QUESTION,
        answer,
        f"{_origin(prediction)} {STABILITY} {MEAN_SQUARE}",
        Table(columns, tuple(rows)),
    )


def _mean_square(
    prediction: OutlierPrediction, batch_size: int, momentum: float
) -> float:
    population = prediction.population
    return mean_square_rate(
        population.spikes[population.spikes > 0],
        population.weights,
        batch_size,
        remainder=population.remainder,
        population=population.examples,
        momentum=momentum,
    )


def quiet_batch_size(prediction: OutlierPrediction, shift: float) -> float:
    """Find the batch size from which λ_max is moved by less than a given part.

    Args:
        prediction: The prediction.
        shift: λ_max(b)/λ_max − 1, such as 0.1.

    Returns:
        The batch size, between those of the curve; 1 where every batch is so quiet.
    """
    curve = prediction.curve
    moved = curve.mean[:, 0] / curve.spikes[0] - 1
    loud = np.flatnonzero(moved >= shift)
    if loud.size == 0:
        return float(curve.batch_sizes[0])
    last = int(loud[-1])
    pair = slice(last, last + 2)
    sizes = np.log(curve.batch_sizes[pair].astype(float))
    return float(np.exp(np.interp(shift, moved[pair][::-1], sizes[::-1])))


def _origin(prediction: OutlierPrediction) -> str:
    """Say what was measured, what is assumed, and how well it stood."""
    population = prediction.population
    assumed = (
        "where an example curves does not depend on how much"
        if prediction.law == WEIGHTED
        else "examples share no direction but the leading ones"
    )
    text = (
        "Predicted for every batch size, with nothing fitted, from the largest "
        f"eigenvalues on all the data and the curvature of {len(population.weights):,} "
        "single examples; assumed is that batches are random samples and that "
        f"{assumed}."
    )
    if prediction.competition is None:
        return f"{text} No batch was measured to compare with."
    against = prediction.competition.competitor(prediction.law).comparison
    error = 100 * float(np.nanmax(np.abs(against.relative_errors[:, 0])))
    return (
        f"{text} Measured means of λ_max lie within {error:.0f} % of it "
        f"(p = {against.p_value:.2g})."
    )
