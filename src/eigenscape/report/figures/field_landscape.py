"""A Gaussian loss: its spectra, its gradients, and published trainings beside laws."""

from __future__ import annotations

import numpy as np

from eigenscape.landscape.field_landscape import (
    FieldLandscape,
    FieldSpectra,
    GradientIndependence,
)
from eigenscape.landscape.training_hardness import HardnessFit
from eigenscape.report.figures.panel import Line, Panel, Points, Rule, Series
from eigenscape.report.style import BLUE, INK, MUTED, VERMILLION
from eigenscape.theory.local_laws import mean_ratio

_BINS = 100
_EDGE = 1e-9


def field_density(found: FieldSpectra) -> Panel:
    """Describe the eigenvalues of a model of the Hessian beside their density.

    Args:
        found: Its spectra.

    Returns:
        A histogram of what is not zero, and the density of the bulk.
    """
    values = found.eigenvalues
    values = values[np.abs(values) > _EDGE * np.abs(values).max()]
    edges = np.linspace(values.min(), values.max(), _BINS + 1)
    heights, _ = np.histogram(values, edges, density=True)
    outlying = found.model.outliers > 0
    # outliers are too few to be seen beside the bulk but on a logarithmic axis
    floor = heights[heights > 0].min() / 2 if outlying else 0.0
    shown = np.repeat(np.maximum(heights, floor), 2)
    bulk = 1 - found.model.outliers / found.model.size
    return Panel(
        title=found.name,
        x_label="eigenvalue λ",
        y_label="density",
        y_log=outlying,
        y_limits=(floor, 2 * float(heights.max())) if outlying else None,
        series=(
            Line(
                np.repeat(edges, 2),
                np.concatenate([[floor], shown, [floor]]),
                "sampled",
                BLUE,
                "sampled",
                width=1.2,
            ),
            Line(
                found.grid,
                bulk * found.density,
                "smeared semicircle",
                VERMILLION,
                "smeared semicircle",
            ),
        ),
    )


def field_ratios(found: FieldLandscape) -> Panel:
    """Describe the mean ratio of every model.

    Args:
        found: The result.

    Returns:
        The means with errors, numbered as the models are, and the Gaussian ensemble.
    """
    places = np.arange(1.0, len(found.spectra) + 1)
    values = np.array([s.ratio.value for s in found.spectra])
    errors = np.array([s.ratio.standard_error for s in found.spectra])
    published = np.array([s.published_mean for s in found.spectra])
    return Panel(
        title="Shifts, zero rows and outliers leave spacings alone",
        x_label="model, in the order of the density figures",
        y_label="mean of min(r, 1/r)",
        series=(
            Rule(mean_ratio(1), "GOE", INK, "GOE, long spectra"),
            Points(
                places,
                published,
                "published estimator",
                MUTED,
                "published estimator, middles of bins",
                symbol="open",
            ),
            Points(places, values, "resolved", BLUE, "resolved, no outliers", errors),
        ),
    )


def gradient_independence(found: GradientIndependence) -> Panel:
    """Describe correlations of gradients against distance.

    Args:
        found: The correlations.

    Returns:
        Closed forms and estimates, along the displacement and across.
    """
    series: list[Series] = [Rule(0.0, "none", INK)]
    for name, exact, sampled, errors, colour in (
        ("along", found.along, found.sampled_along, found.along_errors, BLUE),
        ("across", found.across, found.sampled_across, found.across_errors, VERMILLION),
    ):
        key = f"components {name} the displacement"
        series += [
            Line(found.distances, exact, key, colour, key),
            Points(found.distances, sampled, f"{name}, sampled", colour, "", errors),
        ]
    return Panel(
        title=f"Gradients become independent with distance (n = {found.dimension})",
        x_label="distance, in lengths of the covariance",
        y_label="correlation of gradient components",
        series=tuple(series),
    )


def hardness(fits: tuple[HardnessFit, ...]) -> Panel:
    """Describe best values against epochs beside the laws fitted to them.

    Args:
        fits: Fits of one quantity, of several forms.

    Returns:
        The values and the laws.
    """
    first = fits[0]
    grid = np.geomspace(first.epochs.min(), first.epochs.max(), 200)
    styles = {"exponential": VERMILLION, "power": BLUE}
    series: list[Series] = [
        Line(
            grid,
            fit(grid),
            fit.form,
            styles[fit.form],
            f"{fit.form}, floor {fit.floor:.3g} ± {fit.standard_errors[0]:.1g}",
        )
        for fit in fits
    ]
    values = Points(first.epochs, first.values, "published", INK, "published")
    return Panel(
        title=f"Best validation {first.name} of ResNet-50 on ImageNet",
        x_label="best epoch",
        y_label=f"best {first.name}",
        series=(*series, values),
        x_log=True,
    )
