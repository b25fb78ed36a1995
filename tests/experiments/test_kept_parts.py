from dataclasses import dataclass

import pytest

from eigenscape.core import StorageError
from eigenscape.experiments.kept_parts import Part, kept_parts


@dataclass(frozen=True)
class Square:
    value: float


class Computed:
    """Counts what is computed, and stops where told."""

    def __init__(self, stop=None):
        self.names, self.stop = [], stop

    def parts(self, costs):
        return [
            Part(name, lambda name=name: self.square(name), cost)
            for name, cost in costs.items()
        ]

    def square(self, name):
        if name == self.stop:
            raise InterruptedError
        self.names.append(name)
        return Square(float(name) ** 2)


COSTS = {"1": 1.0, "3": 9.0, "2": 4.0}


def test_parts_come_in_their_order_and_are_computed_by_cost(tmp_path, capsys):
    computed = Computed()
    found = kept_parts(Square, computed.parts(COSTS), tmp_path / "squares")
    assert found == (Square(1.0), Square(9.0), Square(4.0))
    assert computed.names == ["3", "2", "1"]
    assert "squares: 2 more, about 0 s" in capsys.readouterr().err


def test_an_interrupted_run_computes_what_is_missing(tmp_path):
    with pytest.raises(InterruptedError):
        kept_parts(Square, Computed("2").parts(COSTS), tmp_path)
    again = Computed()
    found = kept_parts(Square, again.parts(COSTS), tmp_path)
    assert again.names == ["2", "1"]
    assert found == (Square(1.0), Square(9.0), Square(4.0))
    last = Computed()
    assert kept_parts(Square, last.parts(COSTS), tmp_path) == found
    assert last.names == []


def test_a_damaged_part_is_told(tmp_path):
    kept_parts(Square, Computed().parts(COSTS), tmp_path)
    (tmp_path / "3" / "arrays.npz").write_bytes(b"")
    with pytest.raises(StorageError, match="damaged"):
        kept_parts(Square, Computed().parts(COSTS), tmp_path)


def test_no_parts(tmp_path):
    assert kept_parts(Square, [], tmp_path) == ()
