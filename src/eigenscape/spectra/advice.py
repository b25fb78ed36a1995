"""What to do about a spectrum: learning rate, batch size, directions of signal."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Table
from eigenscape.spectra.batch_scaling import REJECTED
from eigenscape.spectra.predicted_advice import (
    RATE_QUESTION,
    STABILITY,
    is_trusted,
    predicted_rate,
    quiet_batch_size,
)
from eigenscape.spectra.survey_result import Advice, CheckpointSurvey

MOMENTUM = 0.9
SHIFT_TOLERANCE = 0.1


def advise(
    checkpoint: CheckpointSurvey, *, momentum: float | None = None
) -> tuple[Advice, ...]:
    """Draw advice from the survey of one checkpoint.

    Args:
        checkpoint: The checkpoint to advise on, usually the last.
        momentum: The heavy-ball momentum in use; 0.9 when None, the usual choice.

    Returns:
        Learning rate, batch size and number of signal directions.
    """
    beta = MOMENTUM if momentum is None else momentum
    return (
        _learning_rate(checkpoint, beta),
        *((_batch_size(checkpoint),) if checkpoint.batches else ()),
        _signal(checkpoint),
    )


def _learning_rate(checkpoint: CheckpointSurvey, momentum: float) -> Advice:
    question = RATE_QUESTION
    top = float(checkpoint.largest[0])
    if top <= 0:
        return Advice(
            question,
            "no direction curves upwards, so curvature bounds no learning rate",
            f"The largest eigenvalue on all the data is {top:.3g}.",
        )
    if checkpoint.prediction is not None and is_trusted(checkpoint.prediction):
        return predicted_rate(checkpoint, checkpoint.prediction, momentum)
    rows: list[tuple[str | float | int | None, ...]] = []
    for batch in checkpoint.batches:
        tops = batch.values[:, 0]
        mean, worst = float(tops.mean()), float(tops.max())
        spread = float(tops.std(ddof=1)) if tops.size > 1 else None
        rates = 2 / max(mean, top), 2 / max(worst, top)
        rows.append((batch.batch_size, mean, spread, *rates))
    rows.append(("all", top, None, 2 / top, 2 / top))
    columns = (
        "batch size",
        "mean λ_max",
        "spread",
        "2/λ_max",
        "2/(worst λ_max)",
    )
    answer = (
        f"largest stable learning rate 2/λ_max = {2 / top:.3g} on all the data "
        f"({2 * (1 + momentum) / top:.3g} with momentum {momentum:g})"
    )
    if checkpoint.batches:
        first = checkpoint.batches[0]
        mean = float(first.values[:, 0].mean())
        answer += f", {2 / max(mean, top):.3g} at b = {first.batch_size}"
    return Advice(question, answer, STABILITY, Table(columns, tuple(rows)))


def _batch_size(checkpoint: CheckpointSurvey) -> Advice:
    question = "From which batch size on does noise no longer move the top eigenvalue?"
    top = float(checkpoint.largest[0])
    if top <= 0:
        return Advice(
            question,
            "undefined here: no eigenvalue is positive",
            f"The largest eigenvalue on all the data is {top:.3g}.",
        )
    shifts = [float(b.values[:, 0].mean()) / top - 1 for b in checkpoint.batches]
    sizes = [b.batch_size for b in checkpoint.batches]
    percent = f"{100 * SHIFT_TOLERANCE:.0f} %"
    table = Table(
        ("batch size", "λ_max(b)/λ_max − 1"), tuple(zip(sizes, shifts, strict=True))
    )
    predicted = checkpoint.prediction
    if predicted is not None and is_trusted(predicted):
        size = quiet_batch_size(predicted, SHIFT_TOLERANCE)
        answer = f"noise moves λ_max by less than {percent} from b ≈ {size:.0f} on"
        basis = "Read off the predicted curve."
        return Advice(question, answer, basis, table)
    fitted = _fitted_threshold(checkpoint, top)
    if fitted is not None:
        size, model = fitted
        answer = f"noise moves λ_max by less than {percent} from b ≈ {size:.0f} on"
        basis = f"Read off the fitted {model} noise law, which the data do not reject."
        return Advice(question, answer, basis, table)
    basis = (
        "Read off the measured means, because no fitted law stands; a shift counts "
        f"when it exceeds {percent} of λ_max on all the data."
    )
    moved = [abs(s) >= SHIFT_TOLERANCE for s in shifts]
    if moved[-1]:
        answer = (
            f"noise still moves λ_max by {100 * shifts[-1]:.0f} % at b = {sizes[-1]}, "
            "the largest size tried"
        )
    else:
        first = len(moved) - moved[::-1].index(True) if any(moved) else 0
        answer = f"noise moves λ_max by less than {percent} from b = {sizes[first]} on"
    return Advice(question, answer, basis, table)


def _fitted_threshold(
    checkpoint: CheckpointSurvey, top: float
) -> tuple[float, str] | None:
    """Where the best standing law comes within the tolerance, if it does."""
    scaling = checkpoint.scaling
    if scaling is None:
        return None
    fit = scaling.fit(scaling.best)
    if fit.p_value is None or fit.p_value < REJECTED:
        return None
    near = np.abs(fit.curve[:, 0] / top - 1) < SHIFT_TOLERANCE
    if not near[-1] or near.all():
        return None
    first = int(np.nonzero(~near)[0][-1]) + 1
    return float(fit.curve_batch_sizes[first]), fit.model


def _signal(checkpoint: CheckpointSurvey) -> Advice:
    count = checkpoint.split.upper.size
    noun = "direction carries" if count == 1 else "directions carry"
    answer = (
        f"{count} {noun} signal on all the data"
        if count
        else "no direction stands apart from the bulk on all the data"
    )
    rows: list[tuple[str | float | int | None, ...]] = [
        (b.batch_size, float(np.median([s.upper.size for s in b.splits])))
        for b in checkpoint.batches
    ]
    rows.append(("all", float(count)))
    basis = (
        "Eigenvalues of the Hessian that stand apart above its bulk, by the stated "
        "rule of split_spectrum; per batch size the median over draws. What counts as "
        "apart is a convention: where the spectrum decays smoothly, so does the count, "
        "and a spectrum of a few eigenvalues has no bulk to stand apart from."
    )
    question = "How many directions carry signal?"
    table = Table(("batch size", "outliers above the bulk"), tuple(rows))
    return Advice(question, answer, basis, table)
