"""Which figures the study of averages has, and what to see in them."""

from __future__ import annotations

from eigenscape.landscape.averaging_study import AveragingStudy
from eigenscape.report.figures.iterate_averaging import (
    frequency_panel,
    method_panel,
    quadratic_panel,
    tuning_panel,
)
from eigenscape.report.view import Figure


def arrange_iterate_averaging(found: AveragingStudy) -> tuple[Figure, ...]:
    """Choose the figures.

    Args:
        found: The result.

    Returns:
        The quadratic; then, network by network, the methods, what they were tuned on
        and how often they average.
    """
    figures = [
        Figure(
            "quadratic",
            quadratic_panel(found.simulated),
            "Nothing is fitted. The noise of the last iterate grows with the learning "
            "rate; that of an average does not, and its bias falls: average at large "
            "rates. Rings: noise that nearby steps share, ticks their expectation.",
        )
    ]
    networks = dict.fromkeys(method.network for method in found.methods)
    for index, network in enumerate(networks):
        own = tuple(m for m in found.methods if m.network == network)
        figures.append(
            Figure(
                f"methods-{index}",
                method_panel(own),
                f"{found.data}. Bars are standard deviations over seeds. The last "
                "iterate of a method that averages has not seen its rate fall.",
            )
        )
        if own[0].tuning:
            figures.append(
                Figure(
                    f"tuning-{index}",
                    tuning_panel(own),
                    "One seed a setting, as many settings for each method. Solid: "
                    "averages; dashed: the last iterates of the same runs; dotted: "
                    "methods whose rate falls to a hundredth.",
                )
            )
        averaged = tuple(m for m in own if m.averaged)
        if averaged:
            figures.append(
                Figure(
                    f"frequencies-{index}",
                    frequency_panel(averaged, found.frequencies),
                    "All averages of a run are of the same iterates.",
                )
            )
    return tuple(figures)
