"""Which figures a damping study has."""

from damped_runs import planted_study
from eigenscape.report.adaptive_damping_view import arrange_damping_study


def test_every_task_has_its_sensitivity():
    figures = arrange_damping_study(planted_study())
    assert [figure.name for figure in figures] == [
        "tuned-errors",
        "generalisation-gap",
        "sensitivity-0",
        "sensitivity-1",
    ]
    assert "3 runs of the settings" in figures[0].caption
    assert "among 4" in figures[0].caption
    drawn = figures[2].panel.series
    assert {one.name for one in drawn} == {"published"}, "SGD has no damping"
