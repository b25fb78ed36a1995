"""Dense operators of known spectrum, and what must hold of pairs found."""

from __future__ import annotations

import numpy as np
import torch

from eigenscape.curvature import Dense, Eigenpairs

BULK = np.random.default_rng(0).uniform(-1, 1, 150)
SPECTRA = {
    "spikes": np.concatenate([BULK, [3, 4, 5, 6, 7, 8.0, -3, -4, -5]]),
    "double at the top": np.concatenate([BULK, [5, 5, 4, 3, 3, 3, -4, -4]]),
    "cluster": np.concatenate([
        BULK,
        4 + 1e-7 * np.arange(5),
        -3 - 1e-6 * np.arange(4),
    ]),
    "bulk only": BULK[:60],
    "few values": np.repeat([5.0, 4.0, 0.0], [2, 2, 100]),
    "low rank": np.concatenate([np.zeros(120), [1.0, 2.0, 3.0]]),
    "rank one": np.concatenate([np.zeros(50), [-1e-9]]),
    "zero": np.zeros(40),
    "identity": np.full(40, 2.0),
    "negative": -np.geomspace(1e-2, 1, 60),
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
    return values[:count] if which == "largest" else values[::-1][:count][::-1]


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
