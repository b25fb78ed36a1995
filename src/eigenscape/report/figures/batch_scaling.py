"""Outliers against batch size, with the noise laws fitted to them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.report.figures.panel import Band, Line, Panel, Points, Series, Symbol
from eigenscape.report.style import INK, MUTED, ramp
from eigenscape.spectra import BatchDraws, BatchScaling, CheckpointSurvey, NoiseFit

_MOST_OUTLIERS = 12
_ALL_DATA_BEYOND = 1.35


def batch_scaling(checkpoint: CheckpointSurvey) -> Panel:
    """Describe how the outliers of batch Hessians move with the batch size.

    Colour is the rank of an outlier, stroke the noise model. A mean over fewer than
    all draws, because some hide the outlier in their bulk, is a ring. Without a fit the
    outliers are as many as the median draw of the largest batch size shows; where that
    is none, the largest eigenvalue is drawn instead.

    Args:
        checkpoint: The survey of one checkpoint, with at least one batch size.

    Returns:
        Single draws, their means, the fitted laws with 95 % bands, the edge of the
        bulk, and the outliers on all the data at the right.
    """
    values = _observed(checkpoint)
    count = max((v.shape[1] for v in values), default=0)
    colours = ramp(count)
    sizes = np.array([b.batch_size for b in checkpoint.batches], dtype=float)
    scaling = checkpoint.scaling
    end = float(sizes[-1])
    if scaling is not None:
        end = max(end, *(float(f.curve_batch_sizes[-1]) for f in scaling.fits))
    whole = _ALL_DATA_BEYOND * end
    series: list[Series] = [_edge(sizes, checkpoint.batches)]
    if scaling is not None:
        series += _fits(scaling, colours)
    series += _draws(sizes, values, colours)
    series += _means(sizes, checkpoint, values, colours)
    series += _all_data(checkpoint, whole, colours)
    return Panel(
        title=f"Outliers against batch size ({checkpoint.name})",
        x_label="batch size b",
        y_label="eigenvalue λ",
        series=tuple(series),
        x_log=True,
        y_log=_all_positive(series),
        x_ticks=(*((float(b), f"{b:.0f}") for b in sizes), (whole, "all")),
    )


def _observed(checkpoint: CheckpointSurvey) -> list[Float[np.ndarray, "d k"]]:
    """Gather the upper outliers of every draw, NaN for those it does not show."""
    splits = [[s.upper for s in b.splits] for b in checkpoint.batches]
    if checkpoint.scaling is not None:
        count = checkpoint.scaling.means.shape[1]
    else:
        count = int(np.median([u.size for u in splits[-1]]))
    count = min(count, _MOST_OUTLIERS)
    if count == 0:
        return [b.values[:, :1] for b in checkpoint.batches]
    table = [np.full((len(row), count), np.nan) for row in splits]
    for values, row in zip(table, splits, strict=True):
        for draw, upper in zip(values, row, strict=True):
            draw[: min(upper.size, count)] = upper[:count]
    return table


def _edge(sizes: Float[np.ndarray, " b"], batches: tuple[BatchDraws, ...]) -> Line:
    edges = [float(np.median([s.bulk_edges[1] for s in b.splits])) for b in batches]
    return Line(
        sizes,
        np.array(edges),
        "upper edge of the bulk, median over draws",
        MUTED,
        "bulk edge",
        dash="dot",
    )


def _fits(scaling: BatchScaling, colours: tuple[str, ...]) -> list[Series]:
    ranked = sorted(scaling.fits, key=lambda f: f.model == scaling.best)
    return [s for fit in ranked for s in _fit(fit, colours, fit.model == scaling.best)]


def _fit(fit: NoiseFit, colours: tuple[str, ...], best: bool) -> list[Series]:
    key = f"{fit.model} noise" + (" (best)" if best else "")
    series: list[Series] = []
    for i, colour in enumerate(colours[: fit.curve.shape[1]]):
        name = f"{fit.model} noise, outlier {i + 1}"
        x, y = fit.curve_batch_sizes, fit.curve[:, i]
        stroke, width = ("solid", 1.6) if best else ("dash", 1.1)
        series.append(Line(x, y, name, colour, key, dash=stroke, width=width))
        if best:
            lower, upper = fit.curve_lower[:, i], fit.curve_upper[:, i]
            series.append(Band(x, lower, upper, f"{name}, 95 % band", colour, key))
    return series


def _draws(
    sizes: Float[np.ndarray, " b"],
    values: list[Float[np.ndarray, "d k"]],
    colours: tuple[str, ...],
) -> list[Series]:
    x = np.concatenate([np.full(len(v), b) for b, v in zip(sizes, values, strict=True)])
    y = np.concatenate(values)
    return [
        Points(
            x,
            y[:, i],
            f"outlier {i + 1}, one draw",
            c,
            "one draw",
            size=4.0,
            opacity=0.45,
        )
        for i, c in enumerate(colours)
    ]


def _means(
    sizes: Float[np.ndarray, " b"],
    checkpoint: CheckpointSurvey,
    values: list[Float[np.ndarray, "d k"]],
    colours: tuple[str, ...],
) -> list[Series]:
    seen = np.stack([np.isfinite(v).sum(0) for v in values])
    draws = np.array([len(v) for v in values])[:, None]
    total = np.stack([np.nansum(v, axis=0) for v in values])
    means = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
    scaling = checkpoint.scaling
    errors = None
    if scaling is not None:
        errors = scaling.deviations / np.sqrt(np.maximum(scaling.seen, 1))
    key = "mean over draws" if errors is None else "mean ± standard error"
    kinds: tuple[tuple[np.ndarray, str, Symbol], ...] = (
        (seen == draws, key, "circle"),
        ((seen < draws) & (seen > 0), "mean of the draws that show it", "open"),
    )
    return [
        Points(
            sizes[cells[:, i]],
            means[cells[:, i], i],
            f"outlier {i + 1}, mean over draws",
            colour,
            key,
            None if errors is None else errors[cells[:, i], i],
            symbol,
        )
        for i, colour in enumerate(colours)
        for cells, key, symbol in kinds
        if cells[:, i].any()
    ]


def _all_data(
    checkpoint: CheckpointSurvey, place: float, colours: tuple[str, ...]
) -> list[Series]:
    outliers = checkpoint.split.upper
    shown = outliers if outliers.size else checkpoint.largest[:1]
    padded = (*colours, *[INK] * shown.size)
    return [
        Points(
            np.array([place]),
            shown[i : i + 1],
            f"eigenvalue {i + 1} on all the data",
            padded[i],
            "on all the data",
            symbol="tick",
            size=14.0,
        )
        for i in range(min(shown.size, max(len(colours), 1)))
    ]


def _all_positive(series: list[Series]) -> bool:
    heights = [s.y for s in series if isinstance(s, Points | Line)]
    return all(bool((y[np.isfinite(y)] > 0).all()) for y in heights)
