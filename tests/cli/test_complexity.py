import subprocess
import sys

import pytest

from eigenscape.cli.complexity import complexity_command


def test_a_table_and_a_figure_of_a_glass(tmp_path, capsys):
    out = tmp_path / "figure.svg"
    complexity_command(["--model", "p-spin", "--p", "3", "--out", str(out)])
    printed = capsys.readouterr().out
    assert "E∞ 1.63299316" in printed
    assert "index 0 1.65699835" in printed or "index 0 1.65699836" in printed
    assert "0.346574" in printed
    assert out.read_text(encoding="utf-8").startswith("<?xml")


def test_mixtures_and_fields(tmp_path, capsys):
    out = str(tmp_path / "figure.svg")
    words = ["--model", "mixed", "--degrees", "[3,4]", "--weights", "[0.5,0.5]"]
    complexity_command([*words, "--out", out])
    assert "0.472231" in capsys.readouterr().out
    complexity_command(["--p", "3", "--field", "2.5", "--out", out])
    # Beyond h² = ν″ − ν′ a minimum and a maximum are left.
    assert "index 1" not in capsys.readouterr().out.split("all")[0]


def test_a_gan(tmp_path, capsys):
    out = tmp_path / "figure.svg"
    words = ["--model", "gan", "--p", "2", "--q", "1", "--out", str(out)]
    complexity_command(words)
    assert "0.32767" in capsys.readouterr().out
    assert out.exists()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--p", "1"], "--p: expected at least 2, got 1"),
        (["--model", "gan", "--fraction", "1.0"], "fraction: expected"),
        (["--model", "gan", "--noise", "1e-300"], "noise: expected from 1e-12"),
        (["--field", "1e6"], "in such a field two critical points are left"),
        (["--out", "figure.png"], "--out: expected a name ending in .svg"),
        (["--out", "none/figure.svg"], "--out: expected a folder that exists"),
        (["--model", "ising"], "ising"),
    ],
)
def test_bad_words_are_refused(words, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=what):
        complexity_command(words)


def test_torch_is_not_needed():
    script = (
        "import sys; import eigenscape.cli.complexity as c\n"
        "import tempfile, os; os.chdir(tempfile.mkdtemp())\n"
        "c.complexity_command([])\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, text=True)
    assert done.returncode == 0
