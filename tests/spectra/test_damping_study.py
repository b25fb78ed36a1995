"""Choice of settings and sensitivity, on planted runs."""

import dataclasses

import numpy as np
import pytest

from damped_runs import planted_run, planted_study
from eigenscape.core import load, save
from eigenscape.spectra.damping_study import DampingStudy


def test_settings_are_chosen_by_validation_and_judged_by_test():
    found = planted_study().tuned("net", "SGD")
    assert (found.damping, found.rate, found.budget) == (0.0, 0.2, 4)
    # errors 0.20, 0.21, 0.22: a standard deviation of 0.01 over three runs
    assert found.validation_error.value == pytest.approx(0.21)
    assert found.test_error.value == pytest.approx(0.22)
    assert found.test_error.standard_error == pytest.approx(0.01 / 3**0.5)
    assert found.gap.value == pytest.approx(0.21 / 2 + 0.01)
    assert found.test_error.samples == len(found.runs) == 3


def test_test_errors_do_not_choose():
    study = planted_study()
    runs = tuple(
        dataclasses.replace(r, test_error=0.9) if r.rate == 0.2 else r
        for r in study.runs
    )
    assert DampingStudy("planted", runs).tuned("net", "SGD").rate == 0.2


def test_the_rate_is_tuned_at_each_damping():
    found = planted_study().sensitivity("other net", "published")
    assert found.dampings.tolist() == [0.1, 1.0]
    assert found.errors == pytest.approx([0.17, 0.37])
    assert found.standard_errors == pytest.approx(2 * [0.01 / 3**0.5])
    assert found.final_dampings == pytest.approx([0.1, 1.0])
    assert found.range == pytest.approx(0.2)


def test_tasks_and_optimisers_keep_their_order_and_results_are_stored(tmp_path):
    study = planted_study()
    assert study.tasks == ("net", "other net")
    assert study.optimisers == ("SGD", "published")
    diverged = dataclasses.replace(study.runs[0], train_loss=None)
    study = DampingStudy("planted", (diverged, *study.runs[1:]))
    save(study, tmp_path / "study")
    assert load(DampingStudy, tmp_path / "study") == study


def test_one_run_has_no_spread():
    one = DampingStudy("planted", (planted_run("SGD", 0.0, 0.1, 0, 0.3),))
    assert one.tuned("net", "SGD").test_error.standard_error == 0
    assert np.isfinite(one.sensitivity("net", "SGD").range)


def test_unequal_budgets_are_refused():
    runs = planted_study().runs
    with pytest.raises(ValueError, match=r"^runs: expected as many .*; tune all"):
        DampingStudy("planted", tuple(r for r in runs if r.rate != 0.4))
