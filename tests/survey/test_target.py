import pytest

from eigenscape.survey import Target, build_target, load_build

GOOD = """
import torch
from torch.nn.functional import mse_loss
def build():
    x = torch.randn(20, 3)
    return torch.nn.Linear(3, 1), mse_loss, torch.utils.data.TensorDataset(x, x[:, :1])
def other():
    return build()
"""


@pytest.mark.parametrize("suffix", ["", ":build", ":other"])
def test_a_file_is_found_by_its_path(tmp_path, suffix):
    path = tmp_path / "net.py"
    path.write_text(GOOD)
    build = load_build(f"{path}{suffix}")
    assert isinstance(build_target("net", build), Target)


def test_a_file_may_import_its_neighbours(tmp_path):
    (tmp_path / "neighbour_of_net.py").write_text("ANSWER = 42\n")
    (tmp_path / "net2.py").write_text(
        "from neighbour_of_net import ANSWER\ndef build():\n    return ANSWER\n"
    )
    assert load_build(f"{tmp_path}/net2.py:build")() == 42


def test_a_module_is_found_by_its_name():
    build = load_build("eigenscape.experiments.mnist_mlp:build")
    assert build.__name__ == "build"


@pytest.mark.parametrize(
    ("content", "suffix", "expected"),
    [
        (None, ":build", "expected a Python file, found none"),
        ("x = 1", ":build", r"expected a function build\(\)"),
        ("def build(: pass", ":build", r"cannot be imported \(SyntaxError"),
        ("import nowhere_at_all", "", r"cannot be imported \(ModuleNotFoundError"),
        (GOOD, ":missing", r"expected a function missing\(\)"),
    ],
)
def test_bad_files_are_one_clear_line(tmp_path, content, suffix, expected):
    path = tmp_path / "bad.py"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=expected) as caught:
        load_build(f"{path}{suffix}")
    assert "\n" not in str(caught.value)


def test_a_missing_module_is_said():
    with pytest.raises(ValueError, match="nowhere_at_all: cannot be imported"):
        load_build("nowhere_at_all:build")


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: 3, "dataset.*, got int"),
        (lambda: (1, 2), r"got \(int, int\)"),
        (lambda: (1, 2, 3), r"got \(int, int, int\)"),
        (lambda: 1 / 0, r"build failed \(ZeroDivisionError: division by zero\)"),
    ],
)
def test_bad_builds_are_one_clear_line(build, expected):
    with pytest.raises(ValueError, match=expected) as caught:
        build_target("net.py:build", build)
    assert "\n" not in str(caught.value)
