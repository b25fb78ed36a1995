import pytest

from eigenscape.core import Estimate, StorageError
from eigenscape.survey.parts import Parts


def test_a_part_is_computed_once(tmp_path):
    parts, calls = Parts(tmp_path), []

    def compute():
        calls.append(1)
        return Estimate(1 / 3, 0.1, 2)

    first = parts.get(compute, Estimate, "end", "probe-0")
    assert Parts(tmp_path).get(compute, Estimate, "end", "probe-0") == first
    assert len(calls) == 1
    parts.discard()
    assert not (tmp_path / "parts").exists()


def test_without_a_directory_nothing_is_kept():
    parts, calls = Parts(None), []
    for _ in range(2):
        parts.get(lambda: calls.append(1) or Estimate(1.0, 0.1, 2), Estimate, "x")
    assert len(calls) == 2
    parts.discard()


def test_a_half_written_part_is_computed_again(tmp_path):
    parts = Parts(tmp_path)
    (tmp_path / "parts" / "x").mkdir(parents=True)
    (tmp_path / "parts" / "x" / "arrays.npz").write_bytes(b"half")
    assert parts.get(lambda: Estimate(1.0, 0.1, 2), Estimate, "x").value == 1.0


def test_a_part_of_another_type_is_refused(tmp_path):
    from eigenscape.core import Table

    parts = Parts(tmp_path)
    parts.get(lambda: Estimate(1.0, 0.1, 2), Estimate, "x")
    with pytest.raises(StorageError, match="holds a Estimate, not a Table"):
        parts.get(lambda: Table((), ()), Table, "x")
