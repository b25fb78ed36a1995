"""The density of a spectrum on a grid that resolves bulk and outliers."""

from __future__ import annotations

import contextlib

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.distance import mean_absolute_deviation
from eigenscape.spectra.fit import FAMILIES, LawFit, fit_law
from eigenscape.spectra.measure import SpectralMeasure
from eigenscape.spectra.smoothing import smooth, smooth_standard_error
from eigenscape.spectra.split import SpectrumSplit
from eigenscape.spectra.survey_result import Density
from eigenscape.theory import quantile

_BULK_POINTS = 500
_OUTLIER_POINTS = 17
_BANDWIDTHS_PER_BULK = 40
_LAW_POINTS = 2000


def fit_bulk(bulk: SpectralMeasure) -> tuple[LawFit, ...]:
    """Fit every family of laws to a bulk.

    Args:
        bulk: The bulk.

    Returns:
        The fits, best first; a family of which no law comes near is left out, and
        there are none where the bulk is a single atom.
    """
    if not mean_absolute_deviation(bulk) > 0:
        return ()
    fits: list[LawFit] = []
    for family in FAMILIES:
        with contextlib.suppress(ValueError):
            fits.append(fit_law(bulk, family))
    return tuple(sorted(fits, key=lambda fit: fit.distance))


def estimate_density(
    measure: SpectralMeasure, split: SpectrumSplit, law_fits: tuple[LawFit, ...]
) -> Density:
    """Smooth a measure and the laws fitted to its bulk, on one grid.

    Args:
        measure: The measure.
        split: Its outliers and bulk.
        law_fits: Laws fitted to the bulk.

    Returns:
        The density. The bandwidth is a fortieth of the bulk's width, about the
        spacing of quadrature nodes there.
    """
    lower, upper = split.bulk_edges
    scale = max(abs(lower), abs(upper), *np.abs(split.outliers), 1e-12)
    width = max(upper - lower, 1e-6 * scale)
    bandwidth = width / _BANDWIDTHS_PER_BULK
    margin = 5 * bandwidth
    near = np.linspace(-4, 4, _OUTLIER_POINTS) * bandwidth
    grid = np.unique(
        np.concatenate([
            np.linspace(lower - margin, upper + margin, _BULK_POINTS),
            (split.outliers[:, None] + near).ravel(),
        ])
    )
    mass = 1 - split.outliers.size / measure.dimension
    fitted = [mass * _smoothed(fit, grid, bandwidth) for fit in law_fits]
    return Density(
        grid=grid,
        values=smooth(measure, grid, bandwidth),
        standard_errors=smooth_standard_error(measure, grid, bandwidth),
        bandwidth=bandwidth,
        fitted=np.stack(fitted) if fitted else np.zeros((0, grid.size)),
    )


def _smoothed(
    fit: LawFit, grid: Float[np.ndarray, " g"], bandwidth: float
) -> Float[np.ndarray, " g"]:
    levels = (np.arange(_LAW_POINTS) + 0.5) / _LAW_POINTS
    nodes = quantile(fit.law, levels)[None, :]
    weights = np.full_like(nodes, 1 / _LAW_POINTS)
    return smooth(SpectralMeasure(nodes, weights, _LAW_POINTS), grid, bandwidth)
