"""Dense operators refuse what is no square real matrix."""

from __future__ import annotations

import pytest
import torch

from eigenscape.curvature import Dense


@pytest.mark.parametrize(
    "matrix", [torch.eye(3, dtype=torch.int64), torch.ones(2, 3), torch.ones(0, 0)]
)
def test_what_is_no_square_real_matrix_is_refused(matrix: torch.Tensor) -> None:
    # The annotations, checked in tests only, would refuse it before the class does.
    dense = object.__new__(Dense)
    vars(dense)["matrix"] = matrix
    with pytest.raises(ValueError, match=r"matrix: expected .*, got"):
        dense.__post_init__()
