"""Operators made from another thing share the kind of its vectors."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from eigenscape.curvature import EmpiricalRisk, LinearOperator
from eigenscape.curvature.operators.derived import Derived


@dataclass(frozen=True, eq=False)
class Twice(Derived):
    """Two times a vector, of whatever kind."""

    made_from: LinearOperator | EmpiricalRisk

    @property
    def source(self) -> LinearOperator | EmpiricalRisk:
        return self.made_from

    def matvec(self, vector: torch.Tensor) -> torch.Tensor:
        return 2 * vector


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_kind_is_that_of_the_source(dtype: torch.dtype) -> None:
    model = torch.nn.Linear(3, 2, device="cpu", dtype=dtype)
    data = torch.zeros(4, 3, dtype=dtype), torch.zeros(4, 2, dtype=dtype)
    risk = EmpiricalRisk(model, torch.nn.functional.mse_loss, data)
    for operator in (Twice(risk), Twice(Twice(risk))):
        assert operator.size == 8
        assert operator.dtype == dtype
        assert operator.device == torch.device("cpu")
        eye = torch.eye(8, dtype=dtype)
        assert torch.equal(operator.matmat(eye), 2 * eye)


def test_a_source_is_demanded() -> None:
    class Nothing(Derived):
        def matvec(self, vector: torch.Tensor) -> torch.Tensor:
            return vector

    with pytest.raises(TypeError, match="source"):
        Nothing()  # type: ignore[abstract]
