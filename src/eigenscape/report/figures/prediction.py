"""Outliers predicted at every batch size, and the measured ones on them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.report.figures.panel import Band, Line, Panel, Points, Series
from eigenscape.report.style import BLUE, GREEN, MUTED, ORANGE, VERMILLION, ramp
from eigenscape.spectra import BatchDraws, CheckpointSurvey
from eigenscape.spectra.survey_result import OutlierPrediction

_RIVALS = (MUTED, BLUE, GREEN, VERMILLION, ORANGE)
_FLOOR = 1e-2


def prediction(checkpoint: CheckpointSurvey) -> Panel | None:
    """Describe the predicted outliers from b = 1 to n.

    Colour is the rank of an outlier. Eigenvalues below a hundredth of the largest on
    all the data are left out: a batch of few examples has them, as it has few
    directions.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        The predicted means, with the 95 % band of a single batch for the largest; what
        the other noise laws say of the largest, as thin lines; single draws and their
        means. None where nothing was predicted.
    """
    found = checkpoint.prediction
    if found is None:
        return None
    colours = ramp(found.curve.spikes.size)
    floor = _FLOOR * float(found.curve.spikes[0])
    series: list[Series] = [
        *_curves(found, colours, floor),
        *_rivals(found),
        *_measured(checkpoint.batches, colours, floor),
    ]
    n = int(found.curve.batch_sizes[-1])
    ticks = {1: "1", n: f"n = {n}"}
    ticks |= {4**k: str(4**k) for k in range(1, 16) if 2 * 4**k < n}
    return Panel(
        title=f"Outliers predicted from one measurement ({checkpoint.name})",
        x_label="batch size b",
        y_label="eigenvalue λ",
        series=tuple(series),
        x_log=True,
        y_log=True,
        x_ticks=tuple((float(b), label) for b, label in sorted(ticks.items())),
    )


def _curves(
    found: OutlierPrediction, colours: tuple[str, ...], floor: float
) -> list[Series]:
    sizes = found.curve.batch_sizes.astype(float)
    lower, upper = (np.maximum(end[:, 0], floor) for end in found.curve.interval())
    band = "95 % of batches, λ₁"
    series: list[Series] = [Band(sizes, lower, upper, band, colours[0], band)]
    for i, (mean, colour) in enumerate(
        zip(_shown(found.curve.mean, floor).T, colours, strict=True)
    ):
        series.append(
            Line(sizes, mean, f"predicted mean, outlier {i + 1}", colour, "predicted")
        )
    return series


def _rivals(found: OutlierPrediction) -> list[Series]:
    every = () if found.competition is None else found.competition.competitors
    others = [law for law in every if law.name != found.law]
    return [
        Line(
            rival.prediction.batch_sizes.astype(float),
            rival.prediction.mean[:, 0],
            f"{rival.name}, λ₁",
            colour,
            f"{rival.name}, λ₁",
            dash="dash",
            width=0.9,
        )
        for rival, colour in zip(others, _RIVALS, strict=False)
    ]


def _measured(
    batches: tuple[BatchDraws, ...], colours: tuple[str, ...], floor: float
) -> list[Series]:
    series: list[Series] = []
    for i, colour in enumerate(colours):
        tops = [b.values[:, i] for b in batches if b.values.shape[1] > i]
        sizes = [float(b.batch_size) for b in batches if b.values.shape[1] > i]
        if not tops:
            continue
        draws = _shown(np.concatenate(tops), floor)
        places = np.repeat(sizes, [t.size for t in tops])
        means = _shown(np.array([float(t.mean()) for t in tops]), floor)
        errors = np.array([_standard_error(t) for t in tops])
        name = f"outlier {i + 1}"
        series += [
            Points(
                places,
                draws,
                f"{name}, one draw",
                colour,
                "measured, one draw",
                size=3.0,
                opacity=0.3,
            ),
            Points(
                np.array(sizes),
                means,
                f"{name}, mean over draws",
                colour,
                "measured mean ± standard error",
                errors,
            ),
        ]
    return series


def _standard_error(values: Float[np.ndarray, " d"]) -> float:
    if values.size < 2:
        return 0.0
    return float(values.std(ddof=1) / np.sqrt(values.size))


def _shown(
    values: Float[np.ndarray, "*shape"], floor: float
) -> Float[np.ndarray, "*shape"]:
    return np.where(values > floor, values, np.nan)
