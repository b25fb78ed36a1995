"""Which figures the training of GANs has, and what to see in them."""

from __future__ import annotations

from eigenscape.landscape.gan.trained_losses import LossSweep, TrainedGans
from eigenscape.report.figures.gan_complexity import lowest_losses_panel
from eigenscape.report.figures.gan_training import least_losses_panel
from eigenscape.report.view import Figure


def arrange_gan_training(found: TrainedGans) -> tuple[Figure, ...]:
    """Choose the figures.

    Args:
        found: The result.

    Returns:
        Least losses and what the theory says, along σ and κ.
    """
    sweeps = (("noise", found.noises), ("fraction", found.fractions))
    return tuple(
        figure for name, sweep in sweeps for figure in _figures(found, name, sweep)
    )


def _figures(found: TrainedGans, name: str, sweep: LossSweep) -> tuple[Figure, Figure]:
    runs = sweep.generator.shape[1]
    measured = (
        f"{found.data}, {found.images} images of {found.side} × {found.side} pixels, "
        f"{found.epochs} epochs; mean and standard error of {runs} runs. Spearman's "
        "correlation with the lowest losses of the glasses: discriminator "
        f"{sweep.discriminator_agreement}, generator {sweep.generator_agreement}."
    )
    predicted = (
        f"Glasses of p = q = {found.layers} at the networks' own shares of parameters, "
        f"{sweep.shares.min():.3f} to {sweep.shares.max():.3f}; only the order of "
        "losses can be compared, not their size."
    )
    return (
        Figure(f"trained-{name}", least_losses_panel(sweep), measured),
        Figure(f"predicted-{name}", lowest_losses_panel(sweep.theory), predicted),
    )
