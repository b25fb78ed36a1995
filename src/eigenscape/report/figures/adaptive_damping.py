"""Damped optimisers, tuned against tuned, and how much the initial damping matters."""

from __future__ import annotations

import numpy as np

from eigenscape.report.figures.panel import Line, Panel, Points, Series
from eigenscape.report.style import category
from eigenscape.spectra.damping_study import DampingStudy, TunedOptimiser

_APART = 0.12
_PERCENT = 100.0
_ROOM = 0.2


def tuned_errors(study: DampingStudy, *, gap: bool = False) -> Panel:
    """Describe the errors of every optimiser with its best settings.

    Args:
        study: The runs.
        gap: Whether to show test error less training error.

    Returns:
        A column an optimiser, means with standard errors, and every run faintly.
    """

    def shown(found: TunedOptimiser) -> tuple[float, float, list[float]]:
        mean = found.gap if gap else found.test_error
        each = [run.gap if gap else run.test_error for run in found.runs]
        return mean.value, mean.standard_error, each

    series: list[Series] = []
    names = study.optimisers
    for k, task in enumerate(study.tasks):
        place = np.arange(len(names)) + _APART * (k - (len(study.tasks) - 1) / 2)
        found = [shown(study.tuned(task, name)) for name in names]
        values, errors = (np.array([f[i] for f in found]) for i in (0, 1))
        runs = [f[2] for f in found]
        series += [
            Points(
                np.repeat(place, [len(each) for each in runs]),
                _PERCENT * np.concatenate(runs),
                f"{task}, each run",
                category(k),
                symbol="open",
                opacity=0.4,
            ),
            Points(
                place,
                _PERCENT * values,
                task,
                category(k),
                task,
                _PERCENT * errors,
            ),
        ]
    what = "test error less training error" if gap else "test error"
    return Panel(
        title=f"{what[:1].upper()}{what[1:]}, each optimiser tuned alike",
        x_label="optimiser",
        y_label=f"{what}, %",
        series=tuple(series),
        x_limits=(-0.5, len(names) - 0.5),
        x_ticks=tuple((float(i), name) for i, name in enumerate(names)),
    )


def damping_sensitivity(
    study: DampingStudy, task: str, optimisers: tuple[str, ...]
) -> Panel:
    """Describe the test error against the initial damping, the rate tuned at each.

    Args:
        study: The runs.
        task: Which task.
        optimisers: Damped optimisers.

    Returns:
        A curve an optimiser, with standard errors over the runs.
    """
    series: list[Series] = []
    ends: list[np.ndarray] = []
    for k, optimiser in enumerate(optimisers):
        found = study.sensitivity(task, optimiser)
        errors = _PERCENT * found.errors
        spread = _PERCENT * found.standard_errors
        ends += [errors - spread, errors + spread]
        colour = category(study.optimisers.index(optimiser))
        dash = "dash" if k else "solid"
        series += [
            Line(found.dampings, errors, optimiser, colour, optimiser, dash=dash),
            Points(
                found.dampings,
                errors,
                optimiser,
                colour,
                errors=spread,
            ),
        ]
    return Panel(
        title=f"Sensitivity to the initial damping: {task}",
        x_label="initial damping δ",
        y_label="test error, %",
        series=tuple(series),
        x_log=True,
        y_limits=(float(np.min(ends)) - _ROOM, float(np.max(ends)) + _ROOM),
    )
