"""The parts of noisy second-order steps, against the damping."""

from __future__ import annotations

import numpy as np

from eigenscape.report.figures.panel import Line, Panel, Points, Series
from eigenscape.report.style import BLUE, GREEN, VERMILLION
from eigenscape.spectra.preconditioning import StepComparison
from eigenscape.theory.noisy_resolvent import NoisyStep

_PARTS = (
    ("gradient_share", "along the gradient", BLUE),
    ("random_share", "random", VERMILLION),
    ("exact_share", "cosine² with the step without noise", GREEN),
)


def step_parts(comparisons: tuple[StepComparison, ...]) -> Panel:
    """Describe the parts of steps of one matrix, against the damping.

    Args:
        comparisons: One a damping, all of one name and batch size.

    Returns:
        Shares of the energy: measured, predicted by free noise of the assumed law, and
        with the noise turned at random.
    """
    first = comparisons[0]
    dampings = np.array([c.damping for c in comparisons])
    series: list[Series] = []
    for name, label, colour in _PARTS:
        predicted, rotated, measured = (
            np.array([_part(getattr(c, kind), name) for c in comparisons])
            for kind in ("predicted", "rotated", "measured")
        )
        series += [
            Line(dampings, predicted, f"{label}, free noise", colour, "free noise"),
            Points(
                dampings,
                rotated,
                f"{label}, noise turned at random",
                colour,
                "noise turned at random",
                symbol="open",
                size=7.0,
            ),
            Points(dampings, measured, f"{label}, measured", colour, label),
        ]
    batch = "" if first.batch_size is None else f", b = {first.batch_size}"
    return Panel(
        title=f"Parts of a damped step: {first.name}{batch}",
        x_label="damping δ",
        y_label="share of the energy of the step",
        series=tuple(series),
        x_log=True,
        y_limits=(-0.05, 1.05),
    )


def _part(step: object, name: str) -> float:
    return float("nan") if step is None else float(getattr(step, name))


def learning_rates(comparisons: tuple[StepComparison, ...]) -> Panel:
    """Describe the learning rate of the gradient descent inside noisy steps.

    Args:
        comparisons: One a damping, all of one name and batch size.

    Returns:
        The measured rate beside the predicted one and that without noise in flat
        directions, 1/δ.
    """
    dampings = np.array([c.damping for c in comparisons])
    predicted = np.array([_part(c.predicted, "learning_rate") for c in comparisons])
    measured = np.array([_part(c.measured, "learning_rate") for c in comparisons])
    effective = np.array([
        1 / c.predicted.damping.value if isinstance(c.predicted, NoisyStep) else np.nan
        for c in comparisons
    ])
    return Panel(
        title=f"Learning rate of a damped step: {comparisons[0].name}",
        x_label="damping δ",
        y_label="gᵀ(H + δ)⁻¹g/‖g‖²",
        series=(
            Line(dampings, 1 / dampings, "1/δ", VERMILLION, "1/δ", dash="dot"),
            Line(dampings, effective, "1/δ_eff", GREEN, "1/δ_eff", dash="dash"),
            Line(dampings, predicted, "free noise", BLUE, "free noise"),
            Points(dampings, measured, "measured", BLUE, "measured"),
        ),
        x_log=True,
        y_log=True,
    )
