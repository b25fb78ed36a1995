"""The spectral density on all the data, with its outliers and the laws of its bulk."""

from __future__ import annotations

import dataclasses

import numpy as np

from eigenscape.report.figures.panel import Band, Line, Panel, Points, Rule, Series
from eigenscape.report.notation import share
from eigenscape.report.style import INK, MUTED, VERMILLION, category
from eigenscape.spectra import CheckpointSurvey

_BELOW_ONE_EIGENVALUE = 0.1
_BULK_MARGIN = 0.2


def spectrum(checkpoint: CheckpointSurvey) -> Panel:
    """Describe the whole spectrum on a logarithmic scale.

    The scale ends at a tenth of what one eigenvalue contributes,
    1 / (P σ √(2π)) for a smoothing Gaussian of deviation σ.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        The density with a band of two standard errors, the fitted laws, the outliers
        at the foot and the bulk edges.
    """
    density = checkpoint.density
    peak = max(float(density.values.max(initial=0.0)), np.finfo(float).tiny)
    one = 1 / (checkpoint.measure.dimension * density.bandwidth * np.sqrt(2 * np.pi))
    foot = min(_BELOW_ONE_EIGENVALUE * one, 0.1 * peak)
    outliers = checkpoint.split.outliers
    rug = Points(
        outliers,
        np.full(outliers.size, 1.6 * foot),
        "outlier",
        VERMILLION,
        f"outliers ({outliers.size})",
        size=6.0,
    )
    return Panel(
        title=f"Hessian spectrum on all the data ({checkpoint.name})",
        x_label="eigenvalue λ",
        y_label="density",
        series=(
            *_density(checkpoint, foot),
            *_laws(checkpoint, foot),
            *((rug,) if outliers.size else ()),
            *_edges(checkpoint),
        ),
        y_log=True,
        y_limits=(foot, 2.5 * peak),
    )


def bulk(checkpoint: CheckpointSurvey) -> Panel:
    """Describe the bulk alone, on a linear scale, with the laws fitted to it.

    Args:
        checkpoint: The survey of one checkpoint.

    Returns:
        The same density, from a fifth of the bulk's width below it to as much above,
        and as high as it and the best law reach.
    """
    lower, upper = checkpoint.split.bulk_edges
    margin = _BULK_MARGIN * (upper - lower) or checkpoint.density.bandwidth
    density = checkpoint.density
    near = (density.grid >= lower - margin) & (density.grid <= upper + margin)
    curves = [density.values + 2 * density.standard_errors, *density.fitted[:1]]
    peak = max((float(c[near].max(initial=0.0)) for c in curves), default=0.0)
    return dataclasses.replace(
        spectrum(checkpoint),
        title=f"Bulk of the spectrum and its nearest laws ({checkpoint.name})",
        series=(
            *_density(checkpoint, 0.0),
            *_laws(checkpoint, 0.0),
            *_edges(checkpoint),
        ),
        y_log=False,
        x_limits=(lower - margin, upper + margin),
        y_limits=(0.0, 1.1 * peak or 1.0),
    )


def _edges(checkpoint: CheckpointSurvey) -> tuple[Rule, ...]:
    return tuple(
        Rule(edge, "bulk edge", MUTED, "bulk edges", vertical=True)
        for edge in checkpoint.split.bulk_edges
    )


def _density(checkpoint: CheckpointSurvey, foot: float) -> tuple[Series, ...]:
    density = checkpoint.density
    values, half = density.values, 2 * density.standard_errors
    return (
        Line(
            density.grid,
            np.where(values > foot, values, np.nan),
            "measured",
            INK,
            "measured",
        ),
        Band(
            density.grid,
            np.maximum(values - half, foot),
            np.maximum(values + half, foot),
            "two standard errors",
            INK,
            "± 2 standard errors over probes",
        ),
    )


def _laws(checkpoint: CheckpointSurvey, foot: float) -> tuple[Line, ...]:
    pairs = zip(checkpoint.law_fits, checkpoint.density.fitted, strict=False)
    return tuple(
        Line(
            checkpoint.density.grid,
            np.where(row > foot, row, np.nan),
            fit.family,
            category(i),
            f"{fit.family} ({share(fit.explained)} explained)",
            dash="solid" if i == 0 else "dash",
        )
        for i, (fit, row) in enumerate(pairs)
    )
