"""Least losses of trained GANs along one parameter."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.gan.trained_losses import LossSweep, mean_least
from eigenscape.report.figures.panel import Line, Panel, Points, Series
from eigenscape.report.style import BLUE, VERMILLION

_TITLES = {
    "σ": "Least losses of trained GANs, along the latent noise σ",
    "κ": "Least losses of trained GANs, along the discriminator's share κ of widths",
}


def least_losses_panel(sweep: LossSweep) -> Panel:
    """Describe the least losses of both networks, mean and standard error.

    Args:
        sweep: The runs.

    Returns:
        A line through the means, and the runs behind it.
    """
    series: list[Series] = []
    for losses, name, colour in (
        (sweep.discriminator, "discriminator", BLUE),
        (sweep.generator, "generator", VERMILLION),
    ):
        series += _curve(sweep.theory.values, losses, name, colour)
    return Panel(
        title=_TITLES[sweep.theory.name],
        x_label=sweep.theory.name,
        y_label="least loss on a batch",
        series=tuple(series),
        x_log=sweep.theory.name == "σ",
        y_log=True,
    )


def _curve(
    values: Float[np.ndarray, " k"],
    losses: Float[np.ndarray, "k r"],
    name: str,
    colour: str,
) -> list[Series]:
    means = mean_least(losses)
    places = np.array([mean.value for mean in means])
    errors = np.array([mean.standard_error for mean in means])
    runs = np.repeat(values, losses.shape[1])
    single = Points(
        runs, losses.ravel(), f"{name}, a run", colour, size=3.0, opacity=0.4
    )
    return [
        single,
        Points(values, places, f"{name}, mean", colour, errors=errors, size=4.0),
        Line(values, places, f"{name}, mean", colour, name),
    ]
