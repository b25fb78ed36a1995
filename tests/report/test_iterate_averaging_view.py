"""Every figure of a small study is drawn, with and without tuning."""

import numpy as np
import pytest

from eigenscape.landscape.averaging_study import (
    AveragedRun,
    AveragingStudy,
    TunedMethod,
    simulate_averages,
)
from eigenscape.report.figures.iterate_averaging import (
    frequency_panel,
    quadratic_panel,
    tuning_panel,
)
from eigenscape.report.iterate_averaging_view import arrange_iterate_averaging
from eigenscape.report.pens import write_svg
from eigenscape.theory.averaging_risk import NoisyQuadratic
from eigenscape.theory.iterate_averaging import AveragedIterates


def study(*, tuned):
    rng = np.random.default_rng(0)
    quadratic = NoisyQuadratic.of(np.geomspace(0.1, 1, 30), noise_variance=0.1)
    averages = (
        AveragedIterates(1, start=39),
        AveragedIterates(40),
        AveragedIterates(5, start=20, every=4),
    )
    simulated = tuple(
        one
        for rate, memory in ((0.1, 1), (0.5, 1), (0.5, 4))
        for one in simulate_averages(
            quadratic, averages, learning_rate=rate, memory=memory, rng=rng
        )
    )

    def runs(count):
        return tuple(
            AveragedRun(*(rng.uniform(0.1, 0.3, 3) for _ in range(4)), np.ones(2))
            for _ in range(count)
        )

    settings = (np.array([0.1, 0.1, 0.2, 0.2]), np.array([0.0, 1.0, 0.0, 1.0]))
    methods = tuple(
        TunedMethod(network, name, averaged, *settings, runs(4 * tuned), 2, runs(3))
        for network in ("logistic", "MLP")
        for name, averaged in (("SGD", False), ("SWA", True))
    )
    return AveragingStudy(simulated, "digits", np.array([1.0, 0.0]), methods)


@pytest.mark.parametrize(("tuned", "count"), [(True, 7), (False, 5)])
def test_every_figure_is_drawn(tmp_path, tuned, count):
    figures = arrange_iterate_averaging(study(tuned=tuned))
    assert len({figure.name for figure in figures}) == len(figures) == count
    for figure in figures:
        write_svg(figure.panel, tmp_path / f"{figure.name}.svg")


def test_lines_are_what_was_expected_and_discs_what_was_found():
    found = study(tuned=True)
    series = {item.name: item for item in quadratic_panel(found.simulated).series}
    assert set(series) >= {"last iterate", "average of all", "expected"}
    line = series["average of those from step 20, every 4, expected"]
    own = [s for s in found.simulated if s.averaged.count == 5 and s.memory == 1]
    assert line.y.tolist() == [s.predicted for s in own]


def test_the_better_decay_of_each_rate_is_shown():
    methods = study(tuned=True).methods[:2]
    series = {item.name: item for item in tuning_panel(methods).series}
    assert set(series) == {"SGD, last iterate", "SWA, average", "SWA, last iterate"}
    errors = [run.validation_errors[1] for run in methods[1].tuning]
    expected = [100 * min(errors[:2]), 100 * min(errors[2:])]
    assert series["SWA, average"].y.tolist() == pytest.approx(expected)


def test_frequencies_are_in_order():
    methods = study(tuned=True).methods[1:2]
    panel = frequency_panel(methods, np.array([1.0, 0.0]))
    labels = [label for _, label in panel.x_ticks]
    assert labels == ["last iterate", "every step", "every epoch"]
    means = 100 * methods[0].errors.mean(0)
    assert panel.series[0].y.tolist() == pytest.approx([means[i] for i in (0, 2, 1)])
    low, high = panel.y_limits
    assert low < (panel.series[0].y - panel.series[0].errors).min()
    assert high > (panel.series[0].y + panel.series[0].errors).max()
