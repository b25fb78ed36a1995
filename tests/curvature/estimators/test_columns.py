"""Columns: the matrix itself, a block at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense, process
from eigenscape.curvature.estimators.columns import Columns
from eigenscape.curvature.process import drive
from interrupted import Interrupted, OutOfProductsError
from rotated import SPECTRA, rotated


@pytest.mark.parametrize("size", [1, 15, 16, 17, 40])
def test_the_matrix_is_found_with_a_product_a_column(size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    square = torch.randn(size, size, generator=generator, dtype=torch.float64)
    counted = Interrupted(Dense(square + square.T), size)
    columns = Columns(counted)
    assert columns.most_products == size
    drive(columns, counted)
    np.testing.assert_array_equal(columns.matrix(), (square + square.T).numpy())
    assert columns.products == counted.given == size


def test_what_rounding_made_unequal_is_averaged() -> None:
    operator = Dense(torch.tensor([[1.0, 2.0], [4.0, 5.0]]))
    columns = Columns(operator)
    drive(columns, operator)
    np.testing.assert_array_equal(columns.matrix(), [[1, 3], [3, 5]])


def test_an_interrupted_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator, file = rotated(SPECTRA["flat"]), tmp_path / "columns"
    with pytest.raises(OutOfProductsError):
        drive(Columns(operator), Interrupted(operator, 40), checkpoint=file)
    rest, columns = Interrupted(operator, 48), Columns(operator)
    drive(columns, rest, checkpoint=file)
    assert rest.given == 48
    whole = Columns(operator)
    drive(whole, operator)
    np.testing.assert_array_equal(columns.matrix(), whole.matrix())
