"""Dense operators of known spectra, their eigenvectors random; and a real one."""

from __future__ import annotations

import numpy as np
import torch

from eigenscape.curvature import Dense, EmpiricalRisk, Hessian
from networks import parts

BULK = 0.1 * np.random.default_rng(5).standard_normal(75)
SPECTRA = {
    "flat": np.random.default_rng(4).uniform(-1, 1, 80),
    "decaying": 0.9 ** np.arange(80),
    "outliers": np.concatenate([BULK, [30.0, 20, 10, 8, 5]]),
}
# as many equal eigenvalues as a sketch of ten vectors can hold
STEP = np.concatenate([np.full(10, 1.0), np.full(70, 1e-3)])


def rotated(eigenvalues, dtype=torch.float64):
    size = len(eigenvalues)
    square = np.random.default_rng(0).standard_normal((size, size))
    basis, _ = np.linalg.qr(square)
    matrix = basis * eigenvalues @ basis.T
    return Dense(torch.from_numpy((matrix + matrix.T) / 2).to(dtype))


def matrix_of(operator):
    columns = operator.matmat(torch.eye(operator.size, dtype=operator.dtype))
    return columns.double().numpy()


def network_hessian():
    model, loss, data = parts()
    return Hessian(EmpiricalRisk(model, loss, data))
