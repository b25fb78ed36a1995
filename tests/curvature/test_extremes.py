"""Extreme eigenpairs against NumPy's dense solver, hard spectra included."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dense_operators import (
    BULK,
    SPECTRA,
    assert_pairs,
    generator,
    operator_of,
    wanted,
)
from eigenscape.core import ConvergenceError
from eigenscape.curvature import (
    Dense,
    EmpiricalRisk,
    Hessian,
    extreme_eigenpairs,
)
from eigenscape.curvature.krylov.block_lanczos import BlockLanczos
from eigenscape.spectra import measure_moments
from networks import parts


@pytest.mark.parametrize("which", ["largest", "smallest", "both"])
@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("name", SPECTRA)
def test_equals_the_dense_solver(name: str, count: int, which: str) -> None:
    operator = operator_of(SPECTRA[name])
    found = extreme_eigenpairs(
        operator, count, which=which, tolerance=1e-8, generator=generator()
    )
    assert_pairs(found, operator, 1e-8)
    norm = max(np.abs(SPECTRA[name]).max(), 1e-300)
    expected = wanted(SPECTRA[name], count, which)
    np.testing.assert_allclose(found.values, expected, atol=1e-8 * norm)


@pytest.mark.parametrize("name", ["spikes", "cluster", "low rank", "negative"])
def test_largest_in_magnitude(name: str) -> None:
    operator = operator_of(SPECTRA[name])
    found = extreme_eigenpairs(
        operator, 7, which="magnitude", tolerance=1e-8, generator=generator()
    )
    assert_pairs(found, operator, 1e-8)
    norm = np.abs(SPECTRA[name]).max()
    expected = np.sort(np.abs(SPECTRA[name]))[-7:]
    np.testing.assert_allclose(
        np.sort(np.abs(found.values)), expected, atol=1e-8 * norm
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["spikes", "double at the top", "cluster", "low rank"])
def test_single_precision_and_default_tolerance(name: str, seed: int) -> None:
    operator = operator_of(SPECTRA[name], torch.float32)
    found = extreme_eigenpairs(operator, 5, generator=generator(seed))
    assert_pairs(found, operator, 1e-4)
    expected = wanted(SPECTRA[name], 5, "largest")
    norm = np.abs(SPECTRA[name]).max()
    np.testing.assert_allclose(found.values, expected, atol=1e-4 * norm)


@pytest.mark.parametrize("count", [4, 20])
def test_pairs_to_the_precision_of_the_dense_solver(count: int) -> None:
    noise = np.random.default_rng(5).standard_normal((200, 200))
    matrix = (noise + noise.T) / 20
    found = extreme_eigenpairs(
        Dense(torch.from_numpy(matrix)), count, tolerance=1e-10, generator=generator()
    )
    values, vectors = np.linalg.eigh(matrix)
    np.testing.assert_allclose(found.values, values[::-1][:count], atol=1e-12)
    # an eigenvector errs by the residual, 1e-10 ‖A‖, over the gap (Davis and Kahan)
    gaps = np.diff(values)[::-1]
    allowed = 1.5e-10 * values[-1] / np.minimum(gaps, np.append(9, gaps[:-1]))
    overlaps = np.abs(np.sum(found.vectors * vectors.T[::-1][:count], axis=1))
    assert np.all(np.sqrt(2 - 2 * np.minimum(overlaps, 1)) <= allowed[:count] + 1e-7)


def test_isolated_pairs_cost_few_products() -> None:
    operator = operator_of(SPECTRA["spikes"])
    found = extreme_eigenpairs(operator, 5, generator=generator(), verify=False)
    # 25 steps and the 5 products of the final check
    assert found.products <= 30
    # a search that ends by its bound: here the bulk lies far below the spikes
    sure = extreme_eigenpairs(operator, 5, generator=generator())
    assert found.products < sure.products <= found.products + 12


@pytest.mark.parametrize("block", [1, 3])
def test_products_are_counted(block: int) -> None:
    dense = operator_of(SPECTRA["double at the top"])
    counts = []

    class Counting(torch.overrides.TorchFunctionMode):
        # ruff: ignore[bad-dunder-method-name] the protocol of torch
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is torch.Tensor.matmul and args[0] is dense.matrix:
                counts.append(1 if args[1].ndim == 1 else args[1].shape[1])
            return func(*args, **(kwargs or {}))

    with Counting():
        found = extreme_eigenpairs(dense, 3, block=block, generator=generator())
    assert found.products == sum(counts)
    assert max(counts) == 3


@pytest.mark.parametrize("which", ["both", "magnitude"])
def test_hessian_of_a_network(which: str) -> None:
    hessian = Hessian(EmpiricalRisk(*parts()), check=False)
    dense = hessian.matmat(torch.eye(hessian.size).double())
    found = extreme_eigenpairs(
        hessian, 4, which=which, tolerance=1e-9, generator=generator()
    )
    exact = np.linalg.eigvalsh((dense + dense.T).numpy() / 2)
    if which == "magnitude":
        exact = np.sort(exact[np.argsort(np.abs(exact))[-4:]])[::-1]
    else:
        exact = wanted(exact, 4, "both")
    np.testing.assert_allclose(found.values, exact, atol=1e-9 * exact[0])


def test_memory_is_bounded_by_the_basis(monkeypatch) -> None:
    longest = []
    extend = BlockLanczos.expand

    def recorded(self, images, norm):
        extend(self, images, norm)
        longest.append(len(self.basis) + len(self.block))

    monkeypatch.setattr(BlockLanczos, "expand", recorded)
    operator = operator_of(SPECTRA["bulk only"])
    found = extreme_eigenpairs(
        operator,
        3,
        tolerance=1e-8,
        max_basis=9,
        generator=generator(),
        verify=False,
    )
    assert_pairs(found, operator, 1e-8)
    expected = wanted(SPECTRA["bulk only"], 3, "largest")
    np.testing.assert_allclose(found.values, expected, atol=1e-8)
    assert found.products > 40
    assert max(longest) == 9 + 1  # the basis, and the vector that has no room in it


def test_measure_is_the_first_vectors_gauss_rule() -> None:
    operator = operator_of(SPECTRA["spikes"])
    found = extreme_eigenpairs(operator, 3, generator=generator(4))
    vector = torch.randn(operator.size, generator=generator(4), dtype=torch.float64)
    vector /= vector.norm()
    image = operator.matrix @ vector
    moments = [float(vector @ image), float(image @ image)]
    estimates = [estimate.value for estimate in measure_moments(found.measure, 2)]
    assert estimates == pytest.approx(moments, rel=1e-12)
    assert found.measure.dimension == operator.size


def test_measure_is_that_of_the_first_cycle() -> None:
    operator = operator_of(SPECTRA["bulk only"])
    bounded, free = (
        extreme_eigenpairs(
            operator,
            2,
            generator=generator(),
            verify=False,
            max_basis=size,
            tolerance=1e-9,
        )
        for size in (12, 60)
    )
    assert bounded.measure.nodes.shape == (1, 12)
    assert free.measure.nodes.shape[1] > 12
    first, second = (measure_moments(r.measure, 20) for r in (bounded, free))
    assert [m.value for m in first] == pytest.approx([m.value for m in second])


def test_same_seed_gives_the_same_bits() -> None:
    operator = operator_of(SPECTRA["cluster"], torch.float32)
    first, second = (
        extreme_eigenpairs(operator, 4, generator=generator(3)) for _ in range(2)
    )
    assert np.array_equal(first.values, second.values)
    assert np.array_equal(first.vectors, second.vectors)
    assert first.products == second.products


def test_too_few_products_raise() -> None:
    arguments = {"tolerance": 1e-6, "max_products": 12}
    with pytest.raises(ConvergenceError, match=r"products 12.*fewer pairs") as caught:
        extreme_eigenpairs(operator_of(BULK), 4, generator=generator(), **arguments)
    assert caught.value.iterations == 8  # and four for the residuals
    assert caught.value.residual > 1e-6


def test_a_run_out_of_products_goes_on_if_given_more(tmp_path) -> None:
    operator = operator_of(BULK)
    arguments = {"tolerance": 1e-6, "checkpoint": tmp_path / "run"}
    with pytest.raises(ConvergenceError):
        extreme_eigenpairs(
            operator, 4, generator=generator(), max_products=12, **arguments
        )
    resumed = extreme_eigenpairs(operator, 4, generator=generator(), **arguments)
    whole = extreme_eigenpairs(operator, 4, generator=generator(), tolerance=1e-6)
    assert np.array_equal(resumed.vectors, whole.vectors)
    assert resumed.products == whole.products


def test_tolerance_below_rounding_raises() -> None:
    with pytest.raises(ConvergenceError, match="use float64"):
        extreme_eigenpairs(
            operator_of(SPECTRA["spikes"], torch.float32),
            4,
            tolerance=1e-9,
            generator=generator(),
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 0}, "count: expected at least 1, got 0"),
        ({"tolerance": 0.0}, "tolerance: expected between 0 and 1, got 0.0"),
        ({"block": 0}, "block: expected at least 1, got 0"),
        ({"max_products": 2}, "max_products: expected at least 3 .*, got 2"),
        ({"max_basis": 34}, "max_basis: expected at least 35 .*, got 34"),
        ({"max_basis": 4, "verify": False}, "max_basis: expected at least 5 "),
    ],
)
def test_bad_arguments(changes: dict, message: str) -> None:
    arguments = {"count": 2, "generator": generator(), **changes}
    with pytest.raises(ValueError, match=message):
        extreme_eigenpairs(operator_of(BULK), **arguments)


def test_unknown_end_is_refused() -> None:
    with pytest.raises(Exception, match="which"):
        extreme_eigenpairs(operator_of(BULK), 2, which="middle", generator=generator())
