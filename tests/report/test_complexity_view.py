import dataclasses

import numpy as np

from eigenscape.landscape.gan.index_bands import IndexBands
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import (
    GanComplexity,
    Phases,
    complexity_map,
    count_on_circles,
    sample_block_spectrum,
)
from eigenscape.landscape.glass_survey import (
    SpinGlassComplexity,
    complexity_curves,
    count_points,
    descend_instance,
)
from eigenscape.landscape.spin_glass import SpinGlass
from eigenscape.report.complexity_view import arrange_gan, arrange_spin_glass
from eigenscape.report.pens import write_svg


def test_every_figure_of_a_glass_is_drawn(tmp_path):
    rng = np.random.default_rng(0)
    found = SpinGlassComplexity(
        complexity_curves(SpinGlass.pure(3), np.linspace(-2, 0, 5), (6,)),
        (count_points(3, 2, 5, rng=rng),),
        (descend_instance(3, 8, 3, rng=rng),),
    )
    figures = arrange_spin_glass(found)
    assert [f.name for f in figures] == [
        "complexity",
        "layers",
        "all-points-2",
        "descent",
    ]
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")


def test_every_figure_of_a_gan_is_drawn(tmp_path):
    rng = np.random.default_rng(0)
    model, levels = GanGlass(2, 1, 1.0, 0.5), np.linspace(-1, 1, 4)
    places = np.array([0.1, 1.0])
    sweep = Phases("σ", places, places, -places, -places)
    pairs = np.array([[0, 0], [0, 1]])
    heights = np.stack([np.add.outer(levels, levels), np.add.outer(levels, levels - 1)])
    bands = IndexBands(model, levels, levels, pairs, heights)
    spectrum = sample_block_spectrum(1.0, 30, 1, fraction=0.5, own=1.0, rng=rng)
    found = GanComplexity(
        model,
        (spectrum,),
        (count_on_circles(model, 2, 10, rng=rng),),
        levels,
        complexity_map(model, levels),
        dataclasses.replace(sweep, name="κ"),
        sweep,
        bands,
    )
    figures = arrange_gan(found)
    assert len({f.name for f in figures}) == len(figures) == 8
    drawn = next(f.panel for f in figures if f.name == "bands")
    heat, minima, other = drawn.series
    assert (np.isnan(heat.values) == (heights[0].T < 0)).all()
    # θ = u_D + u_G, less one for the second pair, vanishes where a line says.
    assert np.nanmax(np.abs(minima.y + levels)) < 1e-12
    assert np.nanmax(np.abs(other.y - (1 - levels))) < 1e-12
    assert (minima.dash, other.dash) == ("solid", "dash")
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")
