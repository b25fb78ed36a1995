"""The largest stable learning rate against the batch size."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, GREEN, INK, VERMILLION
from eigenscape.spectra import CheckpointSurvey, Survey
from eigenscape.spectra.predicted_advice import SAFE


def stability(survey: Survey) -> Panel | None:
    """Describe the bound 2/λ_max(b) of the last checkpoint, over draws.

    Args:
        survey: The survey.

    Returns:
        The bound of each draw, of the mean λ_max, of all the data, the predicted one
        at every batch size, and the learning rate in use; None without batches or
        without positive curvature.
    """
    last = survey.checkpoints[-1]
    tops = [b.values[:, 0] for b in last.batches]
    whole = float(last.largest[0])
    if not tops or whole <= 0 or min(float(t.min()) for t in tops) <= 0:
        return None
    sizes = np.array([b.batch_size for b in last.batches], dtype=float)
    spread = np.concatenate([
        np.full(t.size, b) for b, t in zip(sizes, tops, strict=True)
    ])
    series: list[Series] = [
        Rule(2 / whole, "all the data", INK, "2/λ_max on all the data"),
        Points(
            spread, 2 / np.concatenate(tops), "one draw", BLUE, "one draw", opacity=0.35
        ),
        Line(
            sizes,
            2 / np.array([float(t.mean()) for t in tops]),
            "2/mean λ_max(b)",
            BLUE,
            "2/mean λ_max(b)",
            marked=True,
        ),
    ]
    series += _predicted(last)
    rate = survey.learning_rate
    if rate:
        key = f"learning rate in use, η = {rate:g}"
        series.append(Rule(rate, key, VERMILLION, key, dash="dash"))
    return Panel(
        title=f"Largest stable learning rate of a single step ({last.name})",
        x_label="batch size b",
        y_label="learning rate η",
        series=tuple(series),
        x_log=True,
        y_log=True,
        x_ticks=_ticks(sizes, last),
    )


def _ticks(
    sizes: Float[np.ndarray, " b"], checkpoint: CheckpointSurvey
) -> tuple[tuple[float, str], ...]:
    """Mark the sizes measured, and powers of four where only the prediction goes."""
    marked = {int(b) for b in sizes}
    if checkpoint.prediction is not None:
        reach = int(checkpoint.prediction.curve.batch_sizes.max())
        outside = (4**k for k in range(16) if 4**k <= reach)
        marked |= {b for b in outside if not sizes[0] / 2 < b < 2 * sizes[-1]}
    return tuple((float(b), str(b)) for b in sorted(marked))


def _predicted(checkpoint: CheckpointSurvey) -> list[Series]:
    if checkpoint.prediction is None:
        return []
    curve = checkpoint.prediction.curve
    sizes = curve.batch_sizes.astype(float)
    means = np.maximum(curve.mean[:, 0], curve.spikes[0])
    safe = curve.stable_learning_rate(probability=SAFE)
    share = f"predicted stable on {100 * SAFE:.0f} % of batches"
    return [
        Line(sizes, 2 / means, "predicted 2/mean λ_max(b)", GREEN, "predicted 2/λ_max"),
        Line(sizes, safe, share, GREEN, share, dash="dash", width=1.1),
    ]
