"""Which figures a run of the experiment on batch outliers has."""

from __future__ import annotations

from eigenscape.report.figures.outlier_fit import exponent_profile, outlier_curves
from eigenscape.report.notation import sentence
from eigenscape.report.view import Figure
from eigenscape.spectra.batch_outliers import BatchOutliers, FittedSweep


def arrange_batch_outliers(found: BatchOutliers) -> tuple[Figure, ...]:
    """Choose the figures, the end of training first.

    Args:
        found: The sweeps.

    Returns:
        Every sweep's outliers against batch size; at the last checkpoint the profiles
        over υ too.
    """
    last = found.sweeps[-1].sweep.checkpoint
    ended = [s for s in found.sweeps if s.sweep.checkpoint == last]
    before = [s for s in found.sweeps if s.sweep.checkpoint != last]
    figures: list[Figure] = []
    for fitted in ended:
        figures.append(_curves(found, fitted))
        if fitted.fit is not None:
            name = f"profile-{_label(fitted)}"
            caption = sentence(fitted.note)
            figures.append(Figure(name, exponent_profile(fitted.fit), caption))
    return (*figures, *(_curves(found, fitted) for fitted in before))


def _curves(found: BatchOutliers, fitted: FittedSweep) -> Figure:
    sweep = fitted.sweep
    notes = " ".join(sentence(note) for note in (fitted.note, *sweep.notes))
    caption = f"{found.model} on {found.data}, epoch {sweep.epoch:g}. {notes}"
    return Figure(f"outliers-{_label(fitted)}", outlier_curves(fitted), caption)


def _label(fitted: FittedSweep) -> str:
    sweep = fitted.sweep
    return f"{sweep.checkpoint}-{sweep.data}-{sweep.matrix}"
