from __future__ import annotations

import warnings

import pytest

from eigenscape.core import ConvergenceError
from eigenscape.optim.curvature_monitor import CurvatureMonitor, Measurement, Probe


class Scripted(Probe):
    """Gives what it was told, in turn; an exception is raised."""

    def __init__(self, *script):
        self.script, self.place = script, 0

    def measure(self):
        found = self.script[self.place]
        self.place += 1
        if isinstance(found, Exception):
            raise found
        return Measurement((float(found),), 3)

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


def test_it_measures_when_due():
    monitor = CurvatureMonitor(Scripted(5.0, 6.0), interval=3)
    fresh = [monitor.update(step) for step in range(5)]
    assert fresh == [True, False, False, True, False]
    assert monitor.values == (6.0,)
    assert monitor.history == [(0, 5.0), (3, 6.0)]
    cost = monitor.cost
    assert (cost.measurements, cost.failures, cost.work) == (2, 0, 6)
    assert cost.seconds > 0


def test_a_failure_keeps_the_last_value_warns_once_and_is_counted():
    slow = ConvergenceError("lanczos", iterations=9, residual=1.0, remedy="wait")
    script = (5.0, float("nan"), ValueError("product is infinite"), slow, 7.0)
    monitor = CurvatureMonitor(Scripted(*script), interval=1)
    assert monitor.update(0)
    with pytest.warns(RuntimeWarning, match=r"step 1 failed \(measured nan\); 5 is"):
        assert not monitor.update(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not monitor.update(2)
        assert not monitor.update(3)
        assert monitor.values == (5.0,)
        assert monitor.update(4)
    assert monitor.values == (7.0,)
    assert monitor.cost.failures == 3
    assert monitor.cost.measurements == 5


def test_a_failure_at_first_leaves_nothing():
    monitor = CurvatureMonitor(Scripted(float("inf")), interval=1)
    with pytest.warns(RuntimeWarning, match="nothing is kept"):
        assert not monitor.update(0)
    assert monitor.values is None


def test_other_errors_are_not_hidden():
    monitor = CurvatureMonitor(Scripted(RuntimeError("a bug")), interval=1)
    with pytest.raises(RuntimeError, match="a bug"):
        monitor.update(0)


def test_a_state_is_gone_back_to():
    script = (1.0, 2.0, float("nan"), 4.0)
    first = CurvatureMonitor(Scripted(*script), interval=1)
    first.update(0)
    first.update(1)
    second = CurvatureMonitor(Scripted(*script), interval=1)
    second.load_state_dict(first.state_dict())
    assert second.cost == first.cost
    for monitor in (first, second):
        with pytest.warns(RuntimeWarning, match="2 is kept"):
            monitor.update(2)
        monitor.update(3)
    assert second.history == first.history == [(0, 1.0), (1, 2.0), (3, 4.0)]
    assert second.values == first.values == (4.0,)


def test_bad_arguments():
    with pytest.raises(ValueError, match="^interval: expected at least 1 step"):
        CurvatureMonitor(Scripted(), interval=0)
