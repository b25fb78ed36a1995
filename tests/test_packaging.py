"""The wheel builds, and holds what the installed package needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import eigenscape

ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_holds_code_data_and_one_version(tmp_path):
    script = f"import hatchling.build as b; b.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"eigenscape-{eigenscape.__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(n for n in names if n.endswith("METADATA"))
        text = archive.read(metadata).decode()
    source = ROOT / "src"
    shipped = [p for p in source.rglob("*") if p.suffix in {".py", ".yaml", ".html"}]
    missing = {str(p.relative_to(source)) for p in shipped} - names
    assert not missing
    assert "eigenscape/py.typed" in names
    assert f"Version: {eigenscape.__version__}" in text
    assert "torchvision" not in text


def test_an_installed_wheel_runs_elsewhere(tmp_path):
    """Unpacked on the path, outside the source tree, without the editable install."""
    script = f"import hatchling.build as b; b.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import eigenscape; print(eigenscape.__file__)\n"
        "from eigenscape.cli.main import main; main(['list'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path / "site") in done.stdout
    assert "mnist-mlp" in done.stdout
