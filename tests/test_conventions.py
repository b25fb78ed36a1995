"""The conventions of the architecture page, held by tests."""

import ast
import dataclasses
import importlib
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import eigenscape

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "eigenscape"
MODULES = sorted(SOURCE.rglob("*.py"))
FLOORS = (
    "core",
    "theory",
    "spectra",
    "landscape",
    "curvature",
    "optim",
    "training",
    "survey",
    "report",
)
BANNED = {"utils", "helpers", "misc", "common"}


def name_of(path):
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)


@pytest.mark.parametrize("floor", ["core", "theory", "spectra", "report", "cli"])
def test_torch_free_floors_leave_torch_unloaded(floor):
    script = f"import sys, eigenscape.{floor}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_short_and_well_named(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
    assert path.stem not in BANNED
    assert not any(c.isdigit() for c in path.stem)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_have_docstrings_no_asserts_and_no_globals(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module starts with what it is"
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert | ast.Global)


def test_the_top_package_imports_nothing():
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_exports_what_it_says(floor):
    module = importlib.import_module(f"eigenscape.{floor}")
    assert module.__all__ == sorted(module.__all__, key=export_order)
    for name in module.__all__:
        assert getattr(module, name) is not None


def export_order(name):
    """Constants, then classes, then functions, as the linter sorts them."""
    return (not name.isupper(), not name[0].isupper(), name)


def public(kind):
    for floor in FLOORS:
        module = importlib.import_module(f"eigenscape.{floor}")
        for name in module.__all__:
            value = getattr(module, name)
            if kind(value):
                yield pytest.param(value, id=f"{floor}.{name}")


@pytest.mark.parametrize("cls", list(public(dataclasses.is_dataclass)))
def test_public_dataclasses_are_frozen(cls):
    assert cls.__dataclass_params__.frozen


@pytest.mark.parametrize("function", list(public(inspect.isfunction)))
def test_sources_of_randomness_are_keyword_only(function):
    parameters = inspect.signature(function).parameters
    for name in ("rng", "seed", "generator"):
        if name in parameters and len(parameters) > 2:
            assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY or (
                function.__name__ in {"stream", "stream_seed"}
                or function.__name__.startswith("check_")
            )


@pytest.mark.parametrize(
    "path", [m for m in MODULES if m.stem != "__init__"], ids=name_of
)
def test_every_module_has_a_test_file_of_its_name(path):
    assert list((ROOT / "tests").rglob(f"test_{path.stem}*.py"))


def test_the_version_has_one_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {eigenscape.__version__}" in citation
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{eigenscape.__version__}]" in changelog
