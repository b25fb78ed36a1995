"""Curvature and loss along training."""

from __future__ import annotations

import numpy as np

from eigenscape.core import Curve
from eigenscape.report.figures.panel import Line, Panel, Rule, Series
from eigenscape.report.style import BLUE, INK, ORANGE, category
from eigenscape.spectra import Survey

CURVATURE_TITLE = "Largest and most negative curvature along training"


def training(survey: Survey) -> tuple[Panel, ...]:
    """Describe what happened along training.

    Args:
        survey: The survey.

    Returns:
        The extreme eigenvalues, where there are at least two checkpoints and an
        eigenvalue is positive; then one panel for each kind of curve.
    """
    curvature = _curvature(survey)
    kinds = dict.fromkeys((c.x_label, c.y_label) for c in survey.curves)
    return (
        *((curvature,) if curvature is not None else ()),
        *(
            _curves([c for c in survey.curves if (c.x_label, c.y_label) == kind])
            for kind in kinds
        ),
    )


def _curvature(survey: Survey) -> Panel | None:
    checkpoints = survey.checkpoints
    top = _positive([float(c.largest[0]) for c in checkpoints])
    bottom = _positive([-float(c.smallest[0]) for c in checkpoints])
    if len(checkpoints) < 2 or not np.isfinite(top).any():
        return None
    epochs = [c.epoch for c in checkpoints if c.epoch is not None]
    known = len(epochs) == len(checkpoints)
    x = np.array(epochs if known else range(len(checkpoints)), dtype=float)
    series: list[Series] = [Line(x, top, "λ_max", BLUE, "λ_max", marked=True)]
    if np.isfinite(bottom).any():
        key = "−λ_min"
        series.append(Line(x, bottom, key, ORANGE, key, dash="dash", marked=True))
    rate = survey.learning_rate
    if rate:
        series.append(Rule(2 / rate, "2/η", INK, f"2/η at η = {rate:g}"))
    return Panel(
        title=CURVATURE_TITLE,
        x_label="epoch" if known else "checkpoint",
        y_label="eigenvalue λ",
        series=tuple(series),
        y_log=True,
        x_ticks=None
        if known
        else tuple((float(i), c.name) for i, c in enumerate(checkpoints)),
    )


def _positive(values: list[float]) -> np.ndarray:
    array = np.array(values)
    return np.where(array > 0, array, np.nan)


def _curves(curves: list[Curve]) -> Panel:
    finite = np.concatenate([c.y[np.isfinite(c.y)] for c in curves])
    label = curves[0].y_label
    return Panel(
        title=f"{label[:1].upper()}{label[1:]} along training",
        x_label=curves[0].x_label,
        y_label=label,
        series=tuple(
            Line(c.x, c.y, c.name, category(i), c.name) for i, c in enumerate(curves)
        ),
        y_log=bool(finite.size and (finite > 0).all()),
    )
