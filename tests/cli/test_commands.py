"""The commands that must not pay for torch."""

import subprocess
import sys

import numpy as np
import pytest

from eigenscape.cli.commands import COMMANDS
from eigenscape.cli.main import main
from eigenscape.core import save
from eigenscape.experiments.presets import presets
from surveys import planted_survey


def test_the_list_names_the_presets(capsys):
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    for preset in presets():
        assert preset.name in out
        assert preset.description in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"eigenscape {name}" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["list", "report", "statistics"])
def test_commands_without_torch(tmp_path, command):
    words = [command]
    if command == "report":
        small = planted_survey(dimension=30, checkpoints=("only",), draws=2)
        save(small, tmp_path / "run")
        words.append("run")
    if command == "statistics":
        np.save(tmp_path / "levels.npy", np.arange(9.0))
        words += ["levels.npy", "--out", "run"]
    script = (
        "import sys\nfrom eigenscape.cli.main import main\n"
        f"code = main({words!r})\nassert 'torch' not in sys.modules\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert command == "list" or (tmp_path / "run" / "report.html").exists()
