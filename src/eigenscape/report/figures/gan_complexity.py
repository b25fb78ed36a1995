"""Complexity of a GAN: densities of the Hessian, a map over both losses, phases."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from eigenscape.landscape.gan.index_bands import IndexBands
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import BlockSpectrum, Phases
from eigenscape.report.figures.panel import HeatMap, Line, Panel
from eigenscape.report.style import BLUE, GREEN, MUTED, VERMILLION, category, ramp

_BINS = 60


def block_spectrum_panel(spectrum: BlockSpectrum) -> Panel:
    """Describe sampled Hessians beside their law.

    Args:
        spectrum: The samples.

    Returns:
        A histogram and the density.
    """
    heights, edges = np.histogram(spectrum.eigenvalues, _BINS, density=True)
    outline = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
    return Panel(
        title=f"GAN Hessian at x₁ = {spectrum.shift:g}, κ = {spectrum.fraction:g}",
        x_label="eigenvalue",
        y_label="density",
        series=(
            Line(np.repeat(edges, 2), outline, "sampled", BLUE, "sampled", width=1.2),
            Line(spectrum.grid, spectrum.density, "law", VERMILLION, "law"),
        ),
    )


def block_densities_panel(spectra: tuple[BlockSpectrum, ...]) -> Panel:
    """Describe the density of the Hessian at several shares.

    Args:
        spectra: Hessians of the same shift.

    Returns:
        One density a share.
    """
    ordered = sorted(spectra, key=lambda spectrum: spectrum.fraction)
    series = tuple(
        Line(s.grid, s.density, f"κ = {s.fraction:g}", colour, f"κ = {s.fraction:g}")
        for s, colour in zip(ordered, ramp(len(ordered)), strict=True)
    )
    return Panel(
        title=f"Density of the GAN Hessian, x₁ = {spectra[0].shift:g}",
        x_label="eigenvalue",
        y_label="density",
        series=series,
    )


def complexity_map_panel(
    model: GanGlass, grid: Float[np.ndarray, " n"], complexity: Float[np.ndarray, "n n"]
) -> Panel:
    """Describe the complexity over both losses.

    Args:
        model: The two glasses.
        grid: u_D and u_G.
        complexity: Θ, u_D along rows.

    Returns:
        The complexity as colour, where it is not negative.
    """
    shown = np.where(complexity >= 0, complexity, np.nan)
    heat = HeatMap(grid, grid, shown.T, "Θ(u_D, u_G)")
    across, upright = heat.edges()
    return Panel(
        title=(
            f"Complexity, p = {model.discriminator_layers}, q = "
            f"{model.generator_layers}, σ = {model.noise:g}, κ = {model.fraction:g}"
        ),
        x_label="discriminator loss u_D",
        y_label="generator loss u_G",
        series=(heat,),
        x_limits=across,
        y_limits=upright,
    )


def index_bands_panel(bands: IndexBands) -> Panel:
    """Describe where critical points of few negative directions occur.

    Args:
        bands: The complexity at fixed indices.

    Returns:
        That of minima of both losses as colour, and a line for every pair of indices,
        below which its points are exponentially rare.
    """
    minima = np.where(bands.complexity[0] >= 0, bands.complexity[0], np.nan)
    heat = HeatMap(bands.discriminator, bands.generator, minima.T, "Θ of minima")
    across, upright = heat.edges()
    lines = tuple(
        Line(
            bands.discriminator,
            bands.boundary(i),
            f"indices {own} and {other}",
            category(i),
            f"k = {own}, {other}",
            dash="dash" if other else "solid",
        )
        for i, (own, other) in enumerate(bands.indices.tolist())
    )
    return Panel(
        title=f"Bands of both indices (k_D, k_G), σ = {bands.model.noise:g}",
        x_label="discriminator loss u_D",
        y_label="generator loss u_G",
        series=(heat, *lines),
        x_limits=across,
        y_limits=upright,
    )


def lowest_losses_panel(phases: Phases) -> Panel:
    """Describe the lowest losses along a parameter.

    Args:
        phases: The sweep.

    Returns:
        −u_D and −u_G where the complexity vanishes.
    """
    log = phases.name == "σ"
    return Panel(
        title=f"Lowest losses with a complexity, along {phases.name}",
        x_label=phases.name,
        y_label="−u",
        series=(
            Line(
                phases.values,
                -phases.discriminator,
                "discriminator",
                BLUE,
                "discriminator",
                marked=True,
            ),
            Line(
                phases.values,
                -phases.generator,
                "generator",
                VERMILLION,
                "generator",
                dash="dash",
                marked=True,
            ),
        ),
        x_log=log,
        y_log=log,
    )


def total_complexity_panel(phases: Phases) -> Panel:
    """Describe the complexity of all points along a parameter.

    Args:
        phases: The sweep.

    Returns:
        Θ.
    """
    return Panel(
        title=f"Complexity of all critical points, along {phases.name}",
        x_label=phases.name,
        y_label="Θ",
        series=(
            Line(phases.values, phases.total, "all points", GREEN, marked=True),
            Line(phases.values, 0 * phases.total, "none", MUTED, dash="dot"),
        ),
        x_log=phases.name == "σ",
    )
