"""Which figures a survey has, what they are called and what to see in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eigenscape.report.figures import (
    Panel,
    batch_scaling,
    bulk,
    prediction,
    spectrum,
    stability,
    training,
)
from eigenscape.report.figures.training import CURVATURE_TITLE
from eigenscape.report.notation import number
from eigenscape.spectra import CheckpointSurvey, Survey

_SPECTRUM = (
    "Density of the eigenvalues of the Hessian of the mean loss on all the data, by "
    "stochastic Lanczos quadrature, smoothed with a Gaussian of standard deviation "
    "{bandwidth}. Each dot at the foot is an eigenvalue apart from the bulk."
)
_BULK = (
    "The same density between the bulk edges, on a linear scale. The laws are smoothed "
    "alike and carry the mass of the bulk; “explained” is 1 for a perfect fit and 0 "
    "for one no better than a single atom."
)
_SCALING = (
    "Each faint point is an outlier of one batch Hessian, colour by rank. Curves are "
    "the fitted noise laws, the best with its 95 % band; ticks at the right are the "
    "eigenvalues on all the data."
)
_SCALING_UNFITTED = (
    "Each faint point is an outlier of one batch Hessian, or its largest eigenvalue "
    "where none stands apart; colour by rank. No noise law was fitted."
)
_PREDICTION = (
    "Nothing here is fitted: the curves follow from the largest eigenvalues on all the "
    "data and the curvature of every single example. The band holds λ₁ of 95 % of "
    "batches; points are measured. Thin dashed lines are what other noise laws, as "
    "little fitted, say of λ₁."
)
_STABILITY = (
    "A step on a batch contracts along that batch's own steepest direction below "
    "2/λ_max(b), without momentum. The spread over draws shows how much the bound "
    "changes from batch to batch."
)
_CURVATURE = (
    "Extreme eigenvalues on all the data. Plain gradient descent is stable where λ_max "
    "lies below 2/η."
)


@dataclass(frozen=True)
class Figure:
    """A panel and the name it goes by in the page and among the files.

    Attributes:
        name: Letters, digits and hyphens; unique in the page.
        panel: What is drawn.
        caption: What to see in it.
    """

    name: str
    panel: Panel
    caption: str


@dataclass(frozen=True)
class CheckpointView:
    """One checkpoint as the page shows it.

    Attributes:
        survey: The checkpoint.
        spectrum: Figures of its spectrum.
        prediction: Figures of its outliers as predicted.
        scaling: Figures of its outliers against batch size.
    """

    survey: CheckpointSurvey
    spectrum: tuple[Figure, ...]
    prediction: tuple[Figure, ...]
    scaling: tuple[Figure, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All its figures.

        Returns:
            In the order of the page.
        """
        return (*self.spectrum, *self.prediction, *self.scaling)


@dataclass(frozen=True)
class View:
    """The figures of a survey, in the order of the page.

    Attributes:
        checkpoints: The checkpoints, the last one first.
        stability: Learning rate against batch size; empty where there is none.
        training: Figures along training.
    """

    checkpoints: tuple[CheckpointView, ...]
    stability: tuple[Figure, ...]
    training: tuple[Figure, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures.

        Returns:
            In the order of the page.
        """
        each = [f for c in self.checkpoints for f in c.figures]
        return (*self.stability, *each, *self.training)


def arrange(survey: Survey) -> View:
    """Choose the figures of a survey.

    Args:
        survey: The survey.

    Returns:
        The figures, named and captioned; those without data are left out.
    """
    views = [_checkpoint(c, i + 1) for i, c in enumerate(survey.checkpoints)]
    bound = stability(survey)
    return View(
        checkpoints=tuple(views[::-1]),
        stability=(Figure("stability", bound, _STABILITY),) if bound else (),
        training=tuple(
            Figure(
                f"training-{i}",
                panel,
                _CURVATURE if panel.title == CURVATURE_TITLE else "",
            )
            for i, panel in enumerate(training(survey), start=1)
        ),
    )


def _checkpoint(checkpoint: CheckpointSurvey, rank: int) -> CheckpointView:
    name = re.sub(r"[^a-z0-9]+", "-", checkpoint.name.lower()).strip("-")
    suffix = f"{rank}-{name}" if name else str(rank)
    smoothing = _SPECTRUM.format(bandwidth=number(checkpoint.density.bandwidth))
    figures = [Figure(f"spectrum-{suffix}", spectrum(checkpoint), smoothing)]
    if checkpoint.law_fits:
        figures.append(Figure(f"bulk-{suffix}", bulk(checkpoint), _BULK))
    scaling: tuple[Figure, ...] = ()
    if checkpoint.batches:
        caption = _SCALING if checkpoint.scaling else _SCALING_UNFITTED
        panel = batch_scaling(checkpoint)
        scaling = (Figure(f"batch-scaling-{suffix}", panel, caption),)
    panel = prediction(checkpoint)
    predicted = (Figure(f"prediction-{suffix}", panel, _PREDICTION),) if panel else ()
    return CheckpointView(checkpoint, tuple(figures), predicted, scaling)
