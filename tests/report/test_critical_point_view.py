import numpy as np
import pytest

from eigenscape.landscape.critical_point_study import (
    CriticalPointStudy,
    RatioSearch,
    ReluParts,
    theory_curve,
)
from eigenscape.landscape.hessian_sum import compare_hessian_sum
from eigenscape.landscape.memorisation import Memorisation
from eigenscape.landscape.searched_points import PointTest, SearchedPoints
from eigenscape.report.critical_point_view import arrange_critical_points
from eigenscape.report.figures.panel import Line, Points
from eigenscape.report.pens.matplotlib_pen import draw_matplotlib
from eigenscape.theory.ensembles import GOE, Wishart

STATUSES = np.array([0, 1, 2, 3])


def ends():
    zeros = np.zeros(4)
    return SearchedPoints(
        0.5,
        PointTest(),
        zeros,
        np.array([0.1, 0.12, 0.2, 0.3]),
        np.array([1e-24, 1e-21, 1e-7, 1e-5]),
        np.array([0, 0, 3, 4]),
        zeros.astype(int),
        zeros,
        zeros,
        zeros,
        STATUSES,
        zeros.astype(int),
        np.zeros((4, 8)),
    )


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(0)
    first, second = Wishart(0.5).sample(12, rng=rng), GOE().sample(12, rng=rng)
    values = np.append(np.zeros(2), np.linspace(0.2, 1, 6))
    parts = tuple(
        ReluParts(ratio, 50.0, np.linspace(-1, 1, 8), values, 2)
        for ratio in (1.0, 0.5, 0.25)
    )
    searches = tuple(
        RatioSearch(Memorisation(2, m), *(ends() for _ in range(4))) for m in (8, 16)
    )
    return CriticalPointStudy(
        (theory_curve(0.25, 0.0), theory_curve(0.25, 0.5), theory_curve(0.5, 0.1)),
        parts,
        compare_hessian_sum(first, second, draws=3, rng=rng),
        searches,
        ends(),
        ends(),
        ends(),
    )


def test_every_figure_can_be_drawn(study):
    figures = arrange_critical_points(study)
    names = [f.name for f in figures]
    assert names == [
        "density-0",
        "density-1",
        "free-parts",
        "residual-0",
        "residual-1",
        "gap",
        "index",
        "minima",
        "finders",
    ]
    for figure in figures:
        assert draw_matplotlib(figure.panel).axes[0].get_title(loc="left")


def test_what_is_drawn(study):
    panels = {f.name: f.panel for f in arrange_critical_points(study)}
    series = panels["index"].series
    assert series[1].x[0] == 0.1316  # φ = 1/2, from the paper
    rings, discs, saddles, nested, *_ = series[6:]
    assert isinstance(rings, Points)
    assert rings.x.tolist() == [0.12, 0.2]
    assert discs.x.tolist() == saddles.x.tolist() == nested.x.tolist() == [0.1]
    assert nested.symbol == "tick"
    found = panels["minima"].series[-1]
    assert found.x.tolist() == [0.5, 0.25]
    assert found.y == pytest.approx([0.11, 0.11])
    line, gaps = panels["gap"].series
    assert gaps.x.tolist() == [2.0, 4.0]
    # One parameter, least squares: the fit passes between the two.
    excess = np.interp(gaps.x, line.x, line.y) - gaps.y
    assert excess[0] < 0 < excess[1]
    last = panels["finders"].series[-1]
    assert isinstance(last, Line)
    assert "1 critical, 1 escaping, 1 trap, 1 unfinished" in last.key
    histogram = panels["residual-0"].series[0]
    assert histogram.y[:-1] @ np.diff(histogram.x) == pytest.approx(1)
