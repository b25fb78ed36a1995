"""Inner products of float32 vectors that are too long for a plain sum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature.krylov.inner_product import CHUNK, dot, norm

EPS = float(np.finfo(np.float32).eps)


@pytest.mark.parametrize("size", [1, 1000, CHUNK, CHUNK + 1, 8 * CHUNK + 5])
def test_float32_is_summed_to_its_precision(size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    first = torch.rand(size, generator=generator)
    second = torch.rand(size, generator=generator)
    exact = float(first.double() @ second.double())
    assert float(dot(first, second)) == pytest.approx(exact, rel=4 * EPS)
    assert norm(first) == pytest.approx(float(first.double().norm()), rel=4 * EPS)


def test_float64_and_orthogonal_vectors() -> None:
    x = torch.tensor([1.0, 1e-9, -1.0], dtype=torch.float64)
    assert float(dot(x, torch.ones(3, dtype=torch.float64))) == pytest.approx(1e-9)
    assert norm(torch.zeros(5)) == 0
    assert dot(torch.ones(2), torch.ones(2)).dtype == torch.float64
