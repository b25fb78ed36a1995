"""Render the run of an experiment: its acceptance, its figures and its settings."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from eigenscape.core import StorageError, Table, load, write_atomically
from eigenscape.landscape.averaging_study import AveragingStudy
from eigenscape.landscape.critical_point_study import CriticalPointStudy
from eigenscape.landscape.field_landscape import FieldLandscape
from eigenscape.landscape.gan.survey import GanComplexity
from eigenscape.landscape.gan.trained_losses import TrainedGans
from eigenscape.landscape.glass_survey import SpinGlassComplexity
from eigenscape.landscape.loss_bands import LossBands
from eigenscape.landscape.prevalence import PrevalenceOfMinima
from eigenscape.report.adaptive_damping_view import arrange_damping_study
from eigenscape.report.batch_outlier_view import arrange_batch_outliers
from eigenscape.report.complexity_view import arrange_gan, arrange_spin_glass
from eigenscape.report.critical_point_view import arrange_critical_points
from eigenscape.report.figures.free_addition import free_sum, quantiles
from eigenscape.report.figures.preconditioning import learning_rates, step_parts
from eigenscape.report.figures.prevalence_of_minima import (
    confined_field,
    determinants,
    minima_switch_panel,
    negative_directions,
    rough_regions,
)
from eigenscape.report.gan_training_view import arrange_gan_training
from eigenscape.report.hessian_statistics_view import (
    arrange_field_landscape,
    arrange_hessian_statistics,
)
from eigenscape.report.iterate_averaging_view import arrange_iterate_averaging
from eigenscape.report.learning_rate_view import arrange_learning_rates
from eigenscape.report.loss_band_view import arrange_loss_bands
from eigenscape.report.template import page_template
from eigenscape.report.view import Figure
from eigenscape.spectra.batch_outliers import BatchOutliers
from eigenscape.spectra.damping_study import DampingStudy
from eigenscape.spectra.free_addition import FreeAddition
from eigenscape.spectra.network_spectra import HessianStatistics
from eigenscape.spectra.preconditioning import Preconditioning, StepComparison
from eigenscape.spectra.rate_search import StableRates

_PAGE: Final = "report.html"
_RESULT: Final = "result"


def render_experiment(directory: Path | str) -> Path:
    """Write ``report.html`` and ``figures/*.svg`` of a finished run of an experiment.

    A result that no figures are known for has a page without.

    Args:
        directory: The run directory.

    Returns:
        The path of the page.

    Raises:
        StorageError: There is no finished run.
    """
    place = Path(directory)
    manifest = place / _RESULT / "manifest.json"
    if not manifest.exists():
        message = f"{place}: no finished run of an experiment there"
        raise StorageError(message)
    name = json.loads(manifest.read_text(encoding="utf-8"))["type"]
    figures: tuple[Figure, ...] = ()
    if name in _DRAWN:
        kind, arrange = _DRAWN[name]
        figures = arrange(load(kind, place / _RESULT))
    _write(place, figures)
    return place / _PAGE


def _write(place: Path, figures: tuple[Figure, ...]) -> None:
    from eigenscape.report.pens import write_svg

    folder = place / "figures"
    folder.mkdir(exist_ok=True)
    drawn: list[dict[str, Any]] = []
    for figure in figures:
        path = folder / f"{figure.name}.svg"
        write_svg(figure.panel, path)
        code = base64.b64encode(path.read_bytes()).decode()
        drawn.append({"figure": figure, "code": code})
    provenance = (place / "provenance.json").read_text(encoding="utf-8")
    page = page_template("experiment.html").render(
        origin=json.loads(provenance),
        acceptance=load(Table, place / "acceptance"),
        drawn=drawn,
        config=(place / "config.yaml").read_text(encoding="utf-8"),
        provenance=provenance,
    )
    write_atomically(place / _PAGE, page.encode())


def _free_addition(found: FreeAddition) -> tuple[Figure, ...]:
    caption = (
        f"{found.samples} matrices of size {found.size}. Where the eigenvectors of one "
        "matrix are ergodic in those of the other, the sum has the density of the free "
        "sum, as it has with a random rotation between the two."
    )
    return tuple(
        Figure(f"sum-{i}", free_sum(c), caption) for i, c in enumerate(found.sums)
    ) + tuple(
        Figure(f"quantiles-{i}", quantiles(p), "Pooled eigenvalues of both sums.")
        for i, p in enumerate(found.pairs)
    )


def _prevalence(found: PrevalenceOfMinima) -> tuple[Figure, ...]:
    return (
        Figure(
            "switch",
            minima_switch_panel(found.switch),
            "Below the switch minima are suppressed as exp(−cN²).",
        ),
        Figure("determinants", determinants(found.switch), "The rate of Kac and Rice."),
        Figure(
            "field",
            confined_field(found.field),
            "The fluctuation of the mean curvature is part of these counts.",
        ),
        Figure(
            "rough-radius",
            rough_regions(found.regions, found.weight_norms),
            "A ball of this radius around the weights holds one critical point of the "
            "batch loss in the mean, by the determinants of batch Hessians and with "
            "isotropic gradient noise.",
        ),
        Figure(
            "negative-directions",
            negative_directions(found.regions),
            "What free noise would make of the Hessian, beside its batches.",
        ),
    )


def _preconditioning(found: Preconditioning) -> tuple[Figure, ...]:
    def key(comparison: StepComparison) -> tuple[str, int]:
        return comparison.name, comparison.batch_size or 0

    def grouped(
        comparisons: Iterable[StepComparison],
    ) -> list[tuple[StepComparison, ...]]:
        return [tuple(group) for _, group in groupby(comparisons, key)]

    ensembles, network = grouped(found.ensembles), grouped(found.network)
    caption = (
        "Lines are predicted by free noise of the assumed law, rings have the noise "
        "turned at random, discs are measured. What is neither along the gradient nor "
        "random is preconditioned."
    )
    every = [*ensembles, *network]
    return (
        *(Figure(f"parts-{i}", step_parts(g), caption) for i, g in enumerate(every)),
        Figure(
            "learning-rate",
            learning_rates(ensembles[0]),
            "Noise acts as a reduction of the damping: the rate is above 1/δ where the "
            "matrix is flat.",
        ),
    )


_DRAWN: Final[dict[str, tuple[type[Any], Callable[[Any], tuple[Figure, ...]]]]] = {
    "BatchOutliers": (BatchOutliers, arrange_batch_outliers),
    "FreeAddition": (FreeAddition, _free_addition),
    "PrevalenceOfMinima": (PrevalenceOfMinima, _prevalence),
    "Preconditioning": (Preconditioning, _preconditioning),
    "HessianStatistics": (HessianStatistics, arrange_hessian_statistics),
    "FieldLandscape": (FieldLandscape, arrange_field_landscape),
    "CriticalPointStudy": (CriticalPointStudy, arrange_critical_points),
    "SpinGlassComplexity": (SpinGlassComplexity, arrange_spin_glass),
    "GanComplexity": (GanComplexity, arrange_gan),
    "TrainedGans": (TrainedGans, arrange_gan_training),
    "LossBands": (LossBands, arrange_loss_bands),
    "AveragingStudy": (AveragingStudy, arrange_iterate_averaging),
    "DampingStudy": (DampingStudy, arrange_damping_study),
    "StableRates": (StableRates, arrange_learning_rates),
}
"""A line an experiment: its result, by type name, and its figures."""
