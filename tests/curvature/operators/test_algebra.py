"""Sums, multiples and shifts of operators."""

from __future__ import annotations

import pytest
import torch

from eigenscape.curvature import Dense, Sum


@pytest.mark.parametrize("second", [torch.eye(4), torch.eye(3).double()])
def test_sum_of_unequal_operators_is_refused(second: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="equal size, dtype and device, got"):
        Sum(Dense(torch.eye(3)), Dense(second))
