from __future__ import annotations

import dataclasses
import re

from eigenscape.report.view import arrange
from surveys import planted_survey


def test_figures_in_the_order_of_the_page_last_checkpoint_first():
    assert [f.name for f in arrange(planted_survey()).figures] == [
        "stability",
        "spectrum-2-end",
        "bulk-2-end",
        "batch-scaling-2-end",
        "spectrum-1-start",
        "bulk-1-start",
        "batch-scaling-1-start",
        "training-1",
        "training-2",
    ]


def test_hostile_checkpoint_names_give_safe_and_distinct_file_names():
    survey = planted_survey()
    first, last = survey.checkpoints
    names = ("../../etc/passwd", "..//..\\ETC passwd\n", "λ", "")
    renamed = tuple(dataclasses.replace(last, name=n) for n in names)
    view = arrange(dataclasses.replace(survey, checkpoints=(first, *renamed)))
    files = [f.name for f in view.figures]
    assert len(set(files)) == len(files)
    assert all(re.fullmatch(r"[a-z0-9-]+", f) for f in files)


def test_figures_without_data_are_left_out():
    survey = planted_survey(dimension=60, batch_sizes=(), checkpoints=("only",))
    bare = dataclasses.replace(survey.checkpoints[0], law_fits=())
    view = arrange(dataclasses.replace(survey, checkpoints=(bare,), curves=()))
    assert [f.name for f in view.figures] == ["spectrum-1-only"]


def test_the_smoothing_is_said():
    survey = planted_survey()
    width = survey.checkpoints[-1].density.bandwidth
    assert f"{width:.3g}" in arrange(survey).checkpoints[0].spectrum[0].caption
