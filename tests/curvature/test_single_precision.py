"""The published route: whole matrices in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.exact_spectrum import exact_spectrum
from eigenscape.curvature.single_precision import single_precision_eigenvalues

UNIT = float(np.finfo(np.float32).eps)


def operator(dtype=torch.float32):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(30, 4), nn.ReLU(), nn.Linear(4, 3)).to(dtype)
        pair = torch.randn(8, 30, dtype=dtype), torch.randint(0, 3, (8,))
    with torch.no_grad():
        model[0].bias[2] = -100  # a unit that never fires
    return Hessian(EmpiricalRisk(model, functional.cross_entropy, pair), check=False)


def test_rounding_stands_where_zeros_are() -> None:
    found = single_precision_eigenvalues(operator(), scale=8.0)
    exact = exact_spectrum(operator())
    wanted = 8 * exact.full()
    assert found.shape == wanted.shape
    # float32 through a network, a matrix and its eigenvalues
    assert np.abs(found - wanted).max() <= 10 * UNIT * np.abs(wanted).max()
    at_zero = np.abs(found)[np.abs(wanted) <= 8 * exact.resolution]
    assert (at_zero > 0).sum() > 20


def test_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a model in float32"):
        single_precision_eigenvalues(operator(torch.float64))
