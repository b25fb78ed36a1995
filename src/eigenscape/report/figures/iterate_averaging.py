"""Averages against last iterates: on a noisy quadratic, and on networks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.averaging_study import SimulatedAverage, TunedMethod
from eigenscape.report.figures.panel import Dash, Line, Panel, Points, Series
from eigenscape.report.style import MUTED, category
from eigenscape.theory.iterate_averaging import AveragedIterates

_SHIFT = 0.12


def quadratic_panel(simulated: tuple[SimulatedAverage, ...]) -> Panel:
    """Describe losses on the quadratic by the learning rate.

    Args:
        simulated: What was simulated.

    Returns:
        Each average, expected and sampled; correlated noise as rings.
    """
    series: list[Series] = []
    for index, kind in enumerate(dict.fromkeys(one.averaged for one in simulated)):
        name, colour = _told(kind), category(index)
        own = [one for one in simulated if one.averaged == kind]
        alone = [one for one in own if one.memory == 1]
        rates = np.array([one.learning_rate for one in alone])
        expected = np.array([one.predicted for one in alone])
        series.append(Line(rates, expected, f"{name}, expected", colour, name))
        for memory in sorted({one.memory for one in own}):
            some = [one for one in own if one.memory == memory]
            told = "" if memory == 1 else f", noise alike over {memory} steps"
            series.append(
                Points(
                    np.array([one.learning_rate for one in some]),
                    np.array([one.sampled for one in some]),
                    f"{name}{told}",
                    colour,
                    errors=np.array([one.standard_error for one in some]),
                    symbol="circle" if memory == 1 else "open",
                )
            )
            if memory > 1:
                places = np.array([one.learning_rate for one in some])
                values = np.array([one.predicted for one in some])
                series.append(
                    Points(places, values, "expected", MUTED, symbol="tick", size=9.0)
                )
    return Panel(
        title="A noisy quadratic: losses expected (lines) and of one run (discs)",
        x_label="learning rate η",
        y_label="loss per parameter",
        series=tuple(series),
        x_log=True,
        y_log=True,
    )


def tuning_panel(methods: tuple[TunedMethod, ...]) -> Panel:
    """Describe validation errors by the learning rate, at the better weight decay.

    Args:
        methods: Methods on one network.

    Returns:
        Averages as solid lines, the last iterates of the same runs dashed, methods
        without averages dotted.
    """
    series: list[Series] = []
    for index, method in enumerate(methods):
        rates = np.unique(method.learning_rates)
        kinds: list[tuple[str, int, Dash]] = [("last iterate", 0, "dot")]
        if method.averaged:
            kinds = [("average", 1, "solid"), ("last iterate", 0, "dash")]
        for told, which, dash in kinds:
            errors = np.array([run.validation_errors[which] for run in method.tuning])
            best = np.array([errors[method.learning_rates == r].min() for r in rates])
            name = f"{method.name}, {told}"
            series.append(
                Line(
                    rates,
                    100 * best,
                    name,
                    category(index),
                    name,
                    dash=dash,
                    marked=True,
                )
            )
    return Panel(
        title=f"Settings tried: {methods[0].network}",
        x_label="initial learning rate",
        y_label="validation error (%)",
        series=tuple(series),
        x_log=True,
        y_log=True,
    )


def method_panel(methods: tuple[TunedMethod, ...]) -> Panel:
    """Describe test errors of the chosen settings.

    Args:
        methods: Methods on one network.

    Returns:
        Mean and standard deviation over seeds, and each seed, of last iterates and of
        averages.
    """
    places = np.arange(float(len(methods)))
    series: list[Series] = []
    for which, told in ((0, "last iterate"), (1, "average")):
        shift = _SHIFT * (2 * which - 1)
        shown = np.array([m.averaged or not which for m in methods])
        errors = [100 * m.errors[:, which] for m in methods]
        means = np.array([e.mean() for e in errors])
        deviations = np.array([_deviation(e) for e in errors])
        for place, own, fine in zip(places, errors, shown, strict=True):
            if fine:
                at = np.full(own.size, place + 2 * shift)
                series.append(
                    Points(at, own, f"{told}, each seed", MUTED, size=3.0, opacity=0.6)
                )
        series.append(
            Points(
                (places + shift)[shown],
                means[shown],
                told,
                category(which),
                told,
                deviations[shown],
            )
        )
    return Panel(
        title=f"Each at its best setting: {methods[0].network}",
        x_label="",
        y_label="test error (%)",
        series=tuple(series),
        x_limits=(-0.5, len(methods) - 0.5),
        y_limits=_limits(series),
        x_ticks=tuple((float(i), m.name) for i, m in enumerate(methods)),
    )


def frequency_panel(
    methods: tuple[TunedMethod, ...], frequencies: Float[np.ndarray, " f"]
) -> Panel:
    """Describe test errors by how often iterates are averaged.

    Args:
        methods: Methods on one network, whose iterates are averaged.
        frequencies: Epochs from one iterate averaged to the next; 0 for every step.

    Returns:
        Mean and standard deviation over seeds.
    """
    series: list[Series] = []
    order = np.append(0, 1 + np.argsort(frequencies))
    for index, method in enumerate(methods):
        errors = 100 * method.errors[:, order]
        shift = _SHIFT * (index - (len(methods) - 1) / 2)
        series.append(
            Points(
                np.arange(float(order.size)) + shift,
                errors.mean(0),
                method.name,
                category(index),
                method.name,
                np.array([_deviation(column) for column in errors.T]),
            )
        )
    labels = ("last iterate", *map(_frequency, np.sort(frequencies).tolist()))
    return Panel(
        title=f"How often iterates are averaged: {methods[0].network}",
        x_label="",
        y_label="test error (%)",
        series=tuple(series),
        x_limits=(-0.5, len(labels) - 0.5),
        y_limits=_limits(series),
        x_ticks=tuple((float(i), label) for i, label in enumerate(labels)),
    )


def _frequency(epochs: float) -> str:
    if epochs == 0:
        return "every step"
    return "every epoch" if epochs == 1 else f"every {epochs:g} epochs"


def _limits(series: list[Series]) -> tuple[float, float]:
    """Ends of the ordinate with all error bars, and a little more."""
    points = [item for item in series if isinstance(item, Points)]
    bars = [0.0 if item.errors is None else item.errors for item in points]
    low = min(float((p.y - bar).min()) for p, bar in zip(points, bars, strict=True))
    high = max(float((p.y + bar).max()) for p, bar in zip(points, bars, strict=True))
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else 0.0


def _told(averaged: AveragedIterates) -> str:
    if averaged.count == 1:
        return "last iterate"
    late = averaged.start >= averaged.every
    start = f"those from step {averaged.start}" if late else "all"
    rarer = f", every {averaged.every}" if averaged.every > 1 else ""
    return f"average of {start}{rarer}"
