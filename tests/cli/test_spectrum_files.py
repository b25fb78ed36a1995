import numpy as np
import pytest

from eigenscape.cli.main import main
from eigenscape.cli.spectrum_files import read_arrays


def test_kinds_of_files(tmp_path):
    row, matrix = np.array([0.5, -1.25, 3.0]), np.array([[1.0, 2.0], [2.0, 5.0]])
    np.save(tmp_path / "a.npy", row.astype(np.float32))
    np.savez(tmp_path / "b.npz", x=row, y=matrix)
    np.savetxt(tmp_path / "c.txt", matrix)
    np.savetxt(tmp_path / "d.csv", row[None], delimiter=",")
    (tmp_path / "e.csv").write_text("# levels\n1;2\n2;7\n")
    (tmp_path / "f.csv").write_text("energy,level\n1,2\n2,5\n")
    found = read_arrays([
        str(tmp_path / n)
        for n in ["a.npy", "b.npz", "c.txt", "d.csv", "e.csv", "f.csv"]
    ])
    assert found[0].dtype == np.float32
    expected = [row, row, matrix, matrix, row, np.array([[1.0, 2.0], [2.0, 7.0]])]
    expected.append(matrix)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("short_header.csv", "x\n1,2,3\n", [1, 2, 3]),
        ("column.csv", "eigenvalue\n1\n2\n3\n", [1, 2, 3]),
        ("tabs.tsv", "level one\tlevel two\n1\t2\n3\t4\n", [[1, 2], [3, 4]]),
        ("numbered.csv", ",0\n0,1.5\n1,2\n", [1.5, 2]),
        ("labelled.csv", ",a,b\nfirst,1,2\nlast,3,4\n", [[1, 2], [3, 4]]),
        ("decimals.csv", "level;rest\n0,5;1\n2;7,25\n", [[0.5, 1], [2, 7.25]]),
        ("mark.csv", "\ufeff1,2\n", [1, 2]),
        ("hermitian.txt", "(2+0j) (0+1j)\n(0-1j) (3+0j)\n", [[2, 1j], [-1j, 3]]),
    ],
)
def test_texts_of_other_programs(name, text, expected, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (found,) = read_arrays([str(tmp_path / name)])
    np.testing.assert_array_equal(found, np.array(expected))


def write_bad(place):
    np.save(place / "objects.npy", np.array([1, "a"], dtype=object), allow_pickle=True)
    np.save(place / "nan.npy", np.array([1.0, np.nan]))
    np.save(place / "empty.npy", np.empty(0))
    np.save(place / "text.npy", np.array(["a"]))
    np.save(place / "asymmetric.npy", np.array([[1.0, 2, 0], [5, 1, 9], [1, 2, 0]]))
    (place / "cut.npy").write_bytes(b"\x93NUMPY\x01")
    (place / "cut.npz").write_bytes(b"PK\x03\x04")
    (place / "words.csv").write_text("1,2,x\n")
    (place / "empty.txt").write_text("\n")
    (place / "names.csv").write_text("energy\n")
    (place / "ragged.txt").write_text("1 2\n3\n")
    (place / "latin.txt").write_bytes(b"\xff\xfe1\n")
    (place / "other.json").write_text("[1]")
    (place / "weights.pt").write_bytes(b"PK")
    return [*sorted(path.name for path in place.iterdir()), "missing.npy"]


def test_bad_files_end_in_one_line_and_write_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in write_bad(tmp_path):
        assert main(["statistics", name, "--out", "run"]) == 2
        captured = capsys.readouterr()
        assert not captured.out
        assert captured.err.startswith("eigenscape: error: ")
        assert captured.err.count("\n") == 1
        assert not (tmp_path / "run").exists()
    assert name == "missing.npy"


@pytest.mark.parametrize("option", [["--factor", "-1"], ["--precision", "float16"]])
def test_bad_options_do_the_same(option, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.arange(9.0))
    assert main(["statistics", "a.npy", "--out", "run", *option]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_the_command_reports_and_the_report_is_drawn_again(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.array([-2.0, 0.0, 1e-18, 1.0, 3.0]))
    np.save("b.npy", np.array([-1.0, 1.0, 2.0]))
    assert main(["statistics", "a.npy", "b.npy", "--name", "mine"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("6 of 8 eigenvalues resolved, in 2 spectra")
    page = tmp_path / "runs" / "statistics" / "a" / "report.html"
    assert "<h1>mine</h1>" in page.read_text(encoding="utf-8")
    page.unlink()
    assert main(["report", str(page.parent)]) == 0
    assert page.exists()
    assert main(["statistics", "a.npy"]) == 2
    assert "holds a result already" in capsys.readouterr().err
