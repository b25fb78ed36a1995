"""Runs of the command line that are killed, and go on."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from command_line import COMMAND, TARGET
from eigenscape.cli.main import main
from eigenscape.core import load
from eigenscape.spectra import Survey
from results import differences

KILLED = [
    *("survey", "net.py:build", "--batch_sizes", "[4,8,16]", "--draws", "4"),
    *("--probes", "2", "--steps", "12", "--extremes", "8", "--followed", "1"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupted, of as many draws as leave time for a kill."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "net.py").write_text(TARGET)
    with contextlib.chdir(folder):
        assert main([*KILLED, "--out", "whole"]) == 0
    return load(Survey, folder / "whole")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path, monkeypatch, whole, number):
    """Kill a real process as soon as it has finished some draws."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(TARGET)
    # a background job ignores the signal, and so would its children
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*COMMAND, *KILLED, "--out", "killed"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    parts = tmp_path / "killed" / "parts"
    limit = time.monotonic() + 120
    while not any(parts.glob("model/batch-8/draw-*")) and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate()
    expected = 130 if number == signal.SIGINT else -number
    assert process.returncode == expected, error
    if number == signal.SIGINT:
        assert "--resume goes on" in error
        assert "Traceback" not in error
    assert not (tmp_path / "killed" / "manifest.json").exists()
    assert main([*KILLED, "--out", "killed", "--resume"]) == 0
    assert differences(whole, load(Survey, tmp_path / "killed")) == []
