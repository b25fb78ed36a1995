"""Sets of long vectors, against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature.estimators import vector_sets
from eigenscape.curvature.estimators.vector_sets import (
    gram,
    orthonormalise,
    require_finite,
    scaled,
    sphere,
    squares,
)


def vectors(size: int, count: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(size, count, generator=generator, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_points_of_the_sphere_have_its_radius(dtype: torch.dtype) -> None:
    found = sphere(
        300,
        4,
        generator=torch.Generator(),
        dtype=dtype,
        device=torch.device("cpu"),
    )
    # one rounding of each entry
    expected = np.full(4, 300.0)
    np.testing.assert_allclose(
        squares(found).numpy(), expected, rtol=4 * torch.finfo(dtype).eps
    )
    assert abs(float(found.double().mean())) < 4 / 1200**0.5


def test_scaling_keeps_directions() -> None:
    columns = vectors(50, 3)
    found = scaled(columns, 7.0)
    assert squares(found).numpy() == pytest.approx(7.0)
    cosines = (found * columns).sum(0) / (7.0**0.5 * columns.norm(dim=0))
    assert cosines.numpy() == pytest.approx(1.0)


@pytest.mark.parametrize("chunk", [7, 64])
def test_inner_products_are_those_of_float64(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_sets, "CHUNK", chunk)
    first, second = vectors(60, 3, torch.float32), vectors(60, 5, torch.float32)
    expected = first.double().numpy().T @ second.double().numpy()
    # sixty products of size one, in whatever order
    np.testing.assert_allclose(gram(first, second), expected, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("chunk", [7, 50, 64])
@pytest.mark.parametrize("rank", [0, 3, 6])
def test_a_factorisation_is_one(
    dtype: torch.dtype, chunk: int, rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_sets, "CHUNK", chunk)
    columns = (vectors(60, rank) @ vectors(60, 6)[:rank]).to(dtype)
    basis, factor = orthonormalise(columns)
    rounding = 10 * torch.finfo(dtype).eps
    np.testing.assert_allclose(gram(basis, basis), np.eye(6), atol=rounding)
    size = float(columns.norm()) or 1.0
    assert (basis.double() @ factor - columns.double()).norm() <= rounding * size
    assert torch.equal(factor, factor.triu())
    assert basis.dtype == dtype


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_products_that_are_not_numbers_are_refused(bad: float) -> None:
    products = vectors(4, 2)
    require_finite(products)
    products[3, 1] = bad
    with pytest.raises(ValueError, match=r"operator: expected finite products"):
        require_finite(products)
