"""Which figures the bands of losses have, and what to see in them."""

from __future__ import annotations

from eigenscape.landscape.loss_bands import LossBands
from eigenscape.report.figures.loss_bands import (
    deviation_panel,
    energy_panel,
    final_loss_panel,
    index_panel,
)
from eigenscape.report.view import Figure


def arrange_loss_bands(found: LossBands) -> tuple[Figure, ...]:
    """Choose the figures.

    Args:
        found: The result.

    Returns:
        Losses, energies, how both narrow, and indices.
    """
    correlations = ", ".join(f"{w.correlation:.2f}" for w in found.widths)
    return (
        Figure(
            "losses",
            final_loss_panel(found.widths),
            f"{found.data}. Correlation of training and test loss by width: "
            f"{correlations}.",
        ),
        Figure(
            "energies",
            energy_panel(found),
            "One instance a dimension, many starts; the band of low critical points is "
            "between the lines.",
        ),
        Figure(
            "deviations",
            deviation_panel(found),
            f"Exponents: networks {found.network_exponent}, glasses "
            f"{found.glass_exponent}. That both narrow is what the theory of glasses "
            "suggests for networks; the rates need not agree.",
        ),
        Figure(
            "indices",
            index_panel(found.indices),
            "All eigenvalues of the Hessian of the training loss. Training ends where "
            "the gradient is small, not zero; units that no digit activates leave "
            "exact zeros.",
        ),
    )
