import csv

import numpy as np
import pytest

from eigenscape.core import ConfidenceInterval, Curve, Estimate, Table


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_an_estimate_prints_its_error():
    assert str(Estimate(1.23456, 0.0456, 10)) == "1.235 ± 0.046"


def test_an_interval_contains_its_ends():
    interval = ConfidenceInterval("θ", 1.0, 0.5, 2.0)
    assert 0.5 in interval
    assert 2.0 in interval
    assert 2.1 not in interval
    assert str(interval) == "1 [0.5, 2]"


def test_a_curve_exports_to_csv(tmp_path):
    curve = Curve("loss", np.array([1.0, 2.0]), np.array([0.1, 1 / 3]), "epoch", "loss")
    curve.to_csv(tmp_path / "curve.csv")
    rows = read(tmp_path / "curve.csv")
    assert rows[0] == ["epoch", "loss"]
    assert float(rows[2][1]) == 1 / 3


def test_a_table_exports_to_csv(tmp_path):
    Table(("b", "λ"), ((16, 1.5), ("all", None))).to_csv(tmp_path / "table.csv")
    rows = read(tmp_path / "table.csv")
    assert rows == [["b", "λ"], ["16", "1.5"], ["all", ""]]


def test_a_ragged_table_is_refused():
    with pytest.raises(ValueError, match="rows: expected 2 cells each, got 1"):
        Table(("a", "b"), ((1, 2), (3,)))
