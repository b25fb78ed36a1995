from __future__ import annotations

import dataclasses

import numpy as np

from eigenscape.report import Line, Rule, training
from surveys import planted_survey


def test_curvature_and_twice_the_inverse_learning_rate():
    survey = planted_survey()
    curvature, _ = training(survey)
    top, bottom, rule = curvature.series
    np.testing.assert_array_equal(top.y, [c.largest[0] for c in survey.checkpoints])
    np.testing.assert_array_equal(
        bottom.y, [-c.smallest[0] for c in survey.checkpoints]
    )
    np.testing.assert_array_equal(top.x, [0.0, 10.0])
    assert isinstance(rule, Rule)
    assert rule.at == 2 / survey.learning_rate


def test_curves_of_one_kind_share_a_panel():
    survey = planted_survey()
    _, losses = training(survey)
    assert [s.name for s in losses.series] == ["training loss", "test loss"]
    np.testing.assert_array_equal(losses.series[0].y, survey.curves[0].y)
    accuracy = dataclasses.replace(survey.curves[0], name="a", y_label="accuracy")
    more = dataclasses.replace(survey, curves=(*survey.curves, accuracy))
    assert [p.y_label for p in training(more)] == ["eigenvalue λ", "loss", "accuracy"]


def test_an_unknown_learning_rate_draws_no_rule():
    survey = dataclasses.replace(planted_survey(), learning_rate=None)
    assert not any(isinstance(s, Rule) for s in training(survey)[0].series)


def test_checkpoints_without_epochs_are_named_on_the_axis():
    survey = planted_survey()
    bare = tuple(dataclasses.replace(c, epoch=None) for c in survey.checkpoints)
    curvature = training(dataclasses.replace(survey, checkpoints=bare))[0]
    assert curvature.x_ticks == ((0.0, "start"), (1.0, "end"))


def test_one_checkpoint_and_no_curves_give_no_panel():
    survey = planted_survey()
    last = dataclasses.replace(survey, checkpoints=survey.checkpoints[-1:], curves=())
    assert training(last) == ()


def test_curves_that_reach_zero_are_linear():
    survey = planted_survey()
    curve = dataclasses.replace(survey.curves[0], y=survey.curves[0].y - 1.0)
    panel = training(dataclasses.replace(survey, curves=(curve,)))[-1]
    assert not panel.y_log
    assert isinstance(panel.series[0], Line)
