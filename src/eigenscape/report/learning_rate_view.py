"""Arrange the figures of stable learning rates."""

from __future__ import annotations

from eigenscape.report.figures.learning_rate_scaling import (
    exponents_panel,
    stable_rates_panel,
)
from eigenscape.report.view import Figure
from eigenscape.spectra.rate_search import StableRates


def arrange_learning_rates(found: StableRates) -> tuple[Figure, ...]:
    """Choose figures and captions.

    Args:
        found: The result.

    Returns:
        Rates and exponents, of each momentum.
    """
    figures: list[Figure] = []
    for i, momentum in enumerate(found.momenta):
        verdicts = ". ".join(found.scaling(law, momentum).verdict for law in found.laws)
        caption = (
            f"λ_max = {found.top:.3g} on all the data, doubled by noise at b ≈ "
            f"{found.noise_batch_size:.0f}. A run counts as stable while its loss "
            f"stays below {found.growth:g} times {found.loss:.3g}, that of the point "
            "it begins from; bars are the spread over runs. Nothing is fitted. “mean "
            "square” is the law of batches drawn anew at each step; the others ask "
            "when one batch, held fixed, is unstable."
        )
        figures += [
            Figure(f"rates-{i}", stable_rates_panel(found, momentum), caption),
            Figure(f"exponents-{i}", exponents_panel(found, momentum), f"{verdicts}."),
        ]
    return tuple(figures)
