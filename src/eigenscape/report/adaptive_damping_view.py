"""The figures of a study of damped optimisers."""

from __future__ import annotations

from eigenscape.report.figures.adaptive_damping import damping_sensitivity, tuned_errors
from eigenscape.report.view import Figure
from eigenscape.spectra.damping_study import DampingStudy


def arrange_damping_study(study: DampingStudy) -> tuple[Figure, ...]:
    """Arrange the figures.

    Args:
        study: The runs.

    Returns:
        Tuned errors and gaps, then the sensitivity to the damping on each task.
    """
    tuned = study.tuned(study.tasks[0], study.optimisers[0])
    count = len(tuned.runs)
    spread = (
        f"Means and standard errors of {count} runs of the settings with the least "
        f"validation error among {tuned.budget}; rings are the runs. {study.data}."
    )
    damped = tuple(
        name
        for name in study.optimisers
        if len(study.sensitivity(study.tasks[0], name).dampings) > 1
    )
    return (
        Figure("tuned-errors", tuned_errors(study), spread),
        Figure("generalisation-gap", tuned_errors(study, gap=True), spread),
        *(
            Figure(
                f"sensitivity-{k}",
                damping_sensitivity(study, task, damped),
                "The learning rate is tuned at each initial damping. Both scale it by "
                "1 + δ; the published rule adds the measured variance to δ.",
            )
            for k, task in enumerate(study.tasks)
            if damped
        ),
    )
