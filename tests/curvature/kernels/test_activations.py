"""Derivatives of activations against 30-digit arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

from eigenscape.curvature.kernels.activations import (
    GELU,
    GELU_TANH,
    SILU,
    Activation,
    activate,
)

POINTS = [-6.0, -2.5, -0.7, 0.0, 1e-3, 0.4, 1.9, 7.0]


def gelu(x: mpmath.mpf) -> mpmath.mpf:
    return x * mpmath.ncdf(x)


def gelu_tanh(x: mpmath.mpf) -> mpmath.mpf:
    inner = mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)
    return x * (1 + mpmath.tanh(inner)) / 2


def silu(x: mpmath.mpf) -> mpmath.mpf:
    return x / (1 + mpmath.exp(-x))


CASES = {"gelu": (GELU, gelu), "tanh": (GELU_TANH, gelu_tanh), "silu": (SILU, silu)}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name: str) -> None:
    kind, exact = CASES[name]
    x = torch.tensor(POINTS, dtype=torch.float64)
    with mpmath.workdps(30):
        expected = [
            [float(mpmath.diff(exact, mpmath.mpf(p), k)) for p in POINTS]
            for k in range(3)
        ]
    found = torch.stack([kind.value(x), *kind.derivatives(x)])
    # terms of size up to x² cancel
    assert np.abs(found.numpy() - expected).max() <= 50 * np.finfo(float).eps


def test_derivatives_are_computed_once_a_graph() -> None:
    calls: list[int] = []

    def counted(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(1)
        return GELU.derivatives(x)

    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    y = activate(x, Activation(GELU.value, counted))
    (g,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    for _ in range(4):
        torch.autograd.grad(g, x, torch.ones_like(g), retain_graph=True)
    assert len(calls) == 1
