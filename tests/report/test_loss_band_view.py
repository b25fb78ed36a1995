import numpy as np

from eigenscape.core import Estimate
from eigenscape.landscape.glass_survey import DescendedPoints
from eigenscape.landscape.loss_bands import LossBands, TrainedIndices, WidthLosses
from eigenscape.report.figures.loss_bands import energy_panel, index_panel
from eigenscape.report.loss_band_view import arrange_loss_bands
from eigenscape.report.pens import write_svg


def bands():
    rng = np.random.default_rng(0)
    counts = np.array([3, 4])
    return LossBands(
        "digits",
        tuple(WidthLosses(w, *rng.random((2, 9))) for w in (5, 10)),
        (TrainedIndices(5, 20, counts, counts, -np.ones(2), np.ones(2)),),
        3,
        tuple(
            DescendedPoints(n, rng.random(8) - 1.6, np.zeros(8, dtype=np.int64))
            for n in (10, 20)
        ),
        1.63,
        1.66,
        Estimate(-1.0, 0.1, 2),
        Estimate(-0.9, 0.1, 2),
    )


def test_every_figure_is_drawn(tmp_path):
    figures = arrange_loss_bands(bands())
    names = ["losses", "energies", "deviations", "indices"]
    assert [f.name for f in figures] == names
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")
    assert "networks -1 ± 0.1, glasses -0.9 ± 0.1" in figures[2].caption


def test_the_band_and_the_shares():
    found = bands()
    marginal, lowest, *histograms = energy_panel(found).series
    assert (marginal.at, lowest.at) == (-1.63, -1.66)
    assert len(histograms) == 2
    negative, unresolved = index_panel(found.indices).series
    np.testing.assert_allclose(negative.y, [0.15, 0.2])
    np.testing.assert_allclose(unresolved.y, [0.15, 0.2])
