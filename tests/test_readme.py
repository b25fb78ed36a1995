"""The README's lines and the examples run as they stand, but for fewer draws."""

import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from eigenscape.survey import prediction

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def few_predicted_batches(monkeypatch):
    monkeypatch.setattr(prediction, "BATCHES", 20)


def fewer_draws(code):
    return code.replace("draws=10", "draws=2")


def test_the_python_lines_of_the_readme_run(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    survey, batches, curvature, optimisers, theory = blocks
    assert len([line for line in survey.splitlines() if line.strip()]) <= 10
    monkeypatch.chdir(tmp_path)
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(1024, 6, generator=generator)
    names = {
        "model": nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)),
        "loss": nn.CrossEntropyLoss(),
        "dataset": TensorDataset(inputs, (inputs[:, 0] > 0).long()),
    }
    exec(fewer_draws(survey), names)
    assert (tmp_path / "runs" / "mine" / "report.html").exists()
    assert "largest stable learning rate" in capsys.readouterr().out
    exec(batches, names)
    top = names["prediction"].mean[:, 0]
    assert top[0] > top[1] > top[2] > names["population"].spikes[0]
    exec(curvature, names)
    assert (names["pairs"].residuals <= 1e-4 * names["pairs"].values[0]).all()
    exec(optimisers, names)
    assert names["optimizer"].dampings[0] > 1
    assert names["average"].count == 4
    exec(theory, names)
    assert "Outlier(location=" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=str)
def test_examples_run(path, tmp_path, monkeypatch, capsys):
    code = path.read_text(encoding="utf-8")
    assert len(code.splitlines()) < 80
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    (tmp_path / path.name).write_text(fewer_draws(code), encoding="utf-8")
    state = torch.random.get_rng_state()
    runpy.run_path(str(tmp_path / path.name), run_name="__main__")
    torch.random.set_rng_state(state)
    assert capsys.readouterr().out


def test_links_lead_somewhere():
    for text in (README, (ROOT / "docs" / "survey.md").read_text(encoding="utf-8")):
        for link in re.findall(r"\]\(([^)#]+)", text):
            if not link.startswith("http"):
                assert (ROOT / link).exists() or (ROOT / "docs" / link).exists()


def test_the_readme_names_the_make_targets_and_the_python_version():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11"
    assert "Python 3.11" in README
