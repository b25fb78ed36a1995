"""Tables of predicted outliers and of the noise laws that predict them."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Table
from eigenscape.report.notation import probability
from eigenscape.spectra import CheckpointSurvey

Cell = str | float | int | None


def law_comparison_table(checkpoint: CheckpointSurvey) -> Table:
    """Compare the noise laws that were held against the measured batches.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        One row a law, the most likely first; none where nothing was compared.
    """
    columns = (
        "noise law, not fitted",
        "p-value",
        "log-likelihood below the best",
        "error of λ_max, median",
        "largest",
        "draws of λ_max in the 95 % interval",
    )
    found = checkpoint.prediction
    if found is None or found.competition is None:
        return Table(columns, ())
    laws = sorted(
        found.competition.competitors, key=lambda c: -c.comparison.log_likelihood
    )
    best = laws[0].comparison.log_likelihood
    rows: list[tuple[Cell, ...]] = []
    for law in laws:
        comparison = law.comparison
        errors = np.abs(comparison.relative_errors[:, 0])
        rows.append((
            law.name,
            probability(comparison.p_value),
            best - comparison.log_likelihood,
            _percent(float(np.nanmedian(errors))),
            _percent(float(np.nanmax(errors))),
            _percent(float(comparison.coverage[:, 0].mean())),
        ))
    return Table(columns, tuple(rows))


def prediction_table(checkpoint: CheckpointSurvey) -> Table:
    """Set the predicted λ_max beside the measured one.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        One row a measured batch size; none where nothing was compared.
    """
    columns = (
        "batch size",
        "predicted λ_max",
        "spread",
        "measured mean",
        "spread",
        "measured/predicted − 1",
        "standard errors",
    )
    found = checkpoint.prediction
    if found is None or found.competition is None:
        return Table(columns, ())
    law = found.competition.competitor(found.law)
    comparison = law.comparison
    rows: list[tuple[Cell, ...]] = []
    for i, batch in enumerate(checkpoint.batches):
        tops = batch.values[:, 0]
        deviation = float(comparison.deviations[i, 0])
        rows.append((
            batch.batch_size,
            float(comparison.predicted[i, 0]),
            float(law.prediction.standard_deviation[i, 0]),
            float(tops.mean()),
            float(tops.std(ddof=1)) if tops.size > 1 else None,
            _percent(float(comparison.relative_errors[i, 0])),
            deviation if np.isfinite(deviation) else None,
        ))
    return Table(columns, tuple(rows))


def _percent(value: float) -> str | None:
    return f"{100 * value:.0f} %" if np.isfinite(value) else None
