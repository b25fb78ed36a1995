"""Which figures the experiments about complexity have, and what to see in them."""

from __future__ import annotations

from eigenscape.landscape.gan.survey import GanComplexity
from eigenscape.landscape.glass_survey import SpinGlassComplexity
from eigenscape.report.figures.gan_complexity import (
    block_densities_panel,
    block_spectrum_panel,
    complexity_map_panel,
    index_bands_panel,
    lowest_losses_panel,
    total_complexity_panel,
)
from eigenscape.report.figures.spin_glass_complexity import (
    complexity_panel,
    counted_panel,
    descent_panel,
    layers_panel,
)
from eigenscape.report.view import Figure


def arrange_spin_glass(found: SpinGlassComplexity) -> tuple[Figure, ...]:
    """Choose the figures of a spin glass.

    Args:
        found: The result.

    Returns:
        Curves, layers, all points of small instances, and ends of descent.
    """
    counted = tuple(
        Figure(
            f"all-points-{c.dimension}",
            counted_panel(c),
            "All critical points of sampled instances, by algebra, under the exact "
            "mean number per unit of energy.",
        )
        for c in found.counted
    )
    return (
        Figure(
            "complexity",
            complexity_panel(found.curves),
            "Exact mean numbers approach the limit as (log N)/N.",
        ),
        Figure(
            "layers",
            layers_panel(found.curves),
            "Below the level of an index its points are exponentially rare: the lowest "
            "points are minima, and the layers end at −E∞.",
        ),
        *counted,
        Figure(
            "descent",
            descent_panel(found.descended, found.curves),
            "Energies concentrate as N grows, and move towards the band.",
        ),
    )


def arrange_gan(found: GanComplexity) -> tuple[Figure, ...]:
    """Choose the figures of a GAN.

    Args:
        found: The result.

    Returns:
        Spectra, densities at several κ, the map, bands of both indices, and phases
        along κ and σ.
    """
    spectra = tuple(
        Figure(
            f"spectrum-{i}",
            block_spectrum_panel(s),
            "Sampled Hessians beside the root of the quartic that is certified.",
        )
        for i, s in enumerate(found.spectra)
    )
    sweeps = (("fraction", found.fractions), ("noise", found.noises))
    phases = tuple(
        figure
        for name, sweep in sweeps
        for figure in (
            Figure(
                f"lowest-losses-{name}",
                lowest_losses_panel(sweep),
                "Below these losses critical points are exponentially rare.",
            ),
            Figure(f"total-{name}", total_complexity_panel(sweep), ""),
        )
    )
    shifts = [s.shift for s in found.spectra]
    shift = max(shifts, key=shifts.count)
    alike = tuple(s for s in found.spectra if s.shift == shift)
    return (
        *spectra,
        Figure(
            "densities",
            block_densities_panel(alike),
            "The share of the discriminator moves weight from one block to the other.",
        ),
        Figure(
            "map",
            complexity_map_panel(found.model, found.levels, found.complexity),
            "Losses below these: white where critical points are exponentially rare.",
        ),
        Figure(
            "bands",
            index_bands_panel(found.bands),
            "Below the line of a pair its points are exponentially rare: near the "
            "lowest losses only minima are left, and each further direction begins at "
            "a higher loss of its own player.",
        ),
        *phases,
    )
