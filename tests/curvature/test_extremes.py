"""Extreme eigenpairs against NumPy's dense solver, hard spectra included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.core import ConvergenceError
from eigenscape.curvature import (
    Dense,
    Eigenpairs,
    EmpiricalRisk,
    Hessian,
    extreme_eigenpairs,
)
from eigenscape.spectra import measure_moments

BULK = np.random.default_rng(0).uniform(-1, 1, 150)
SPECTRA = {
    "spikes": np.concatenate([BULK, [3, 4, 5, 6, 7, 8.0, -3, -4, -5]]),
    "double at the top": np.concatenate([BULK, [5, 5, 4, 3, 3, 3, -4, -4]]),
    "cluster": np.concatenate([
        BULK,
        4 + 1e-7 * np.arange(5),
        -3 - 1e-6 * np.arange(4),
    ]),
    "bulk only": BULK,
    "few values": np.repeat([5.0, 4.0, 0.0], [2, 2, 100]),
    "low rank": np.concatenate([np.zeros(120), [1.0, 2.0, 3.0]]),
    "zero": np.zeros(40),
    "identity": np.full(40, 2.0),
    "negative": -np.geomspace(1e-3, 1, 80),
    "tiny": np.array([1.0, 2.0, 2.0]),
    "one": np.array([-3.0]),
}


def operator_of(eigenvalues: np.ndarray, dtype: torch.dtype = torch.float64) -> Dense:
    size = len(eigenvalues)
    rng = np.random.default_rng(1)
    basis, _ = np.linalg.qr(rng.standard_normal((size, size)))
    matrix = basis * eigenvalues @ basis.T
    return Dense(torch.from_numpy((matrix + matrix.T) / 2).to(dtype))


def wanted(eigenvalues: np.ndarray, count: int, which: str) -> np.ndarray:
    values = np.sort(eigenvalues)[::-1]
    if which == "both" and 2 * count < len(values):
        return np.concatenate([values[:count], values[-count:]])
    if which == "both":
        return values
    return values[:count] if which == "largest" else values[-count:]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_pairs(found: Eigenpairs, operator: Dense, tolerance: float) -> None:
    matrix = operator.matrix.double().numpy()
    norm = np.abs(np.linalg.eigvalsh(matrix)).max()
    images = found.vectors @ matrix
    true = np.linalg.norm(images - found.values[:, None] * found.vectors, axis=1)
    rounding = 100 * torch.finfo(operator.dtype).eps
    assert np.all(true <= (tolerance + rounding) * norm)
    np.testing.assert_allclose(found.residuals, true, atol=rounding * norm)
    gram = found.vectors @ found.vectors.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=rounding)
    assert np.all(np.diff(found.values) <= 0)
    assert found.values.dtype == found.vectors.dtype == np.float64


@pytest.mark.parametrize("which", ["largest", "smallest", "both"])
@pytest.mark.parametrize("count", [1, 3, 6])
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


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["spikes", "double at the top", "cluster", "low rank"])
def test_single_precision_and_default_tolerance(name: str, seed: int) -> None:
    operator = operator_of(SPECTRA[name], torch.float32)
    found = extreme_eigenpairs(operator, 5, generator=generator(seed))
    assert_pairs(found, operator, 1e-4)
    expected = wanted(SPECTRA[name], 5, "largest")
    norm = np.abs(SPECTRA[name]).max()
    np.testing.assert_allclose(found.values, expected, atol=1e-4 * norm)


def test_without_verification_a_copy_is_missed() -> None:
    operator = operator_of(SPECTRA["double at the top"])
    arguments = {"count": 2, "tolerance": 1e-3}
    quick = extreme_eigenpairs(
        operator, **arguments, generator=generator(), verify=False
    )
    sure = extreme_eigenpairs(operator, **arguments, generator=generator())
    assert quick.values == pytest.approx([5, 4], abs=1e-3)
    assert sure.values == pytest.approx([5, 5], abs=1e-3)
    assert quick.products < sure.products


def test_isolated_pairs_cost_few_products() -> None:
    found = extreme_eigenpairs(
        operator_of(SPECTRA["spikes"]), 5, generator=generator(), verify=False
    )
    # 25 steps and the 5 products of the final check
    assert found.products <= 30


def test_copies_are_not_looked_for_again_and_again() -> None:
    found = extreme_eigenpairs(
        operator_of(SPECTRA["few values"]), 6, tolerance=1e-8, generator=generator()
    )
    # at most one run a pair and one that adds nothing, each ended by its invariant
    # space after 3 distinct values (or 4, by rounding); then 6 products to check
    assert found.products <= (6 + 1) * 4 + 6


def test_products_are_counted() -> None:
    dense = operator_of(SPECTRA["double at the top"])
    counts = []

    class Counting(torch.overrides.TorchFunctionMode):
        # ruff: ignore[bad-dunder-method-name] the protocol of torch
        def __torch_function__(self, func, types, args=(), kwargs=None):
            if func is torch.Tensor.matmul and args[0] is dense.matrix:
                counts.append(1 if args[1].ndim == 1 else args[1].shape[1])
            return func(*args, **(kwargs or {}))

    with Counting():
        found = extreme_eigenpairs(dense, 3, generator=generator())
    assert found.products == sum(counts)


def test_hessian_of_a_network() -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
        data = (torch.randn(40, 6).double(), torch.randint(0, 3, (40,)))
    hessian = Hessian(EmpiricalRisk(model, functional.cross_entropy, data))
    dense = hessian.matmat(torch.eye(hessian.size).double())
    found = extreme_eigenpairs(
        hessian, 4, which="both", tolerance=1e-9, generator=generator()
    )
    expected = wanted(np.linalg.eigvalsh(dense.numpy()), 4, "both")
    np.testing.assert_allclose(found.values, expected, atol=1e-9)


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


def test_same_seed_gives_the_same_bits() -> None:
    operator = operator_of(SPECTRA["cluster"], torch.float32)
    first, second = (
        extreme_eigenpairs(operator, 4, generator=generator(3)) for _ in range(2)
    )
    assert np.array_equal(first.values, second.values)
    assert np.array_equal(first.vectors, second.vectors)
    assert first.products == second.products


def test_too_few_steps_raise() -> None:
    with pytest.raises(ConvergenceError, match=r"max_steps 8.*fewer pairs") as caught:
        extreme_eigenpairs(
            operator_of(BULK), 4, tolerance=1e-6, generator=generator(), max_steps=8
        )
    assert caught.value.iterations == 8
    assert caught.value.residual > 1e-6


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
        ({"max_steps": 0}, "max_steps: expected at least 1, got 0"),
    ],
)
def test_bad_arguments(changes: dict, message: str) -> None:
    arguments = {"count": 2, "generator": generator(), **changes}
    with pytest.raises(ValueError, match=message):
        extreme_eigenpairs(operator_of(BULK), **arguments)


def test_unknown_end_is_refused() -> None:
    with pytest.raises(Exception, match="which"):
        extreme_eigenpairs(operator_of(BULK), 2, which="middle", generator=generator())
