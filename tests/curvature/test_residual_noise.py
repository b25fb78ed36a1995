"""Noise of the Hessian beyond its Gauss-Newton part, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.residual_noise import residual_noise


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()


def risk(examples: int) -> EmpiricalRisk:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(examples, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (examples,), generator=generator)
    return EmpiricalRisk(network(), functional.cross_entropy, (inputs, labels))


def dense(batch: EmpiricalRisk) -> tuple[np.ndarray, np.ndarray]:
    """Hessian and Gauss-Newton matrix by derivatives of PyTorch's own."""
    model, params = network(), dict(network().named_parameters())
    inputs, labels, _ = next(batch.batches())
    shapes = [p.shape for p in params.values()]
    ends = np.cumsum([p.numel() for p in params.values()])[:-1].tolist()

    def outputs(flat: torch.Tensor) -> torch.Tensor:
        pieces = [
            v.view(s)
            for v, s in zip(torch.tensor_split(flat, ends), shapes, strict=True)
        ]
        named = dict(zip(params, pieces, strict=True))
        return torch.func.functional_call(model, named, (inputs,))

    flat = torch.cat([p.detach().reshape(-1) for p in params.values()])
    hessian = torch.autograd.functional.hessian(
        lambda w: functional.cross_entropy(outputs(w), labels), flat
    )
    jacobian = torch.autograd.functional.jacobian(outputs, flat)
    p = outputs(flat).softmax(1)
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    gn = torch.einsum("ica,icd,idb->ab", jacobian, middle, jacobian) / len(labels)
    return hessian.numpy(), gn.numpy()


def test_the_estimate_covers_the_variance_of_single_examples() -> None:
    """One example a batch: all of them can be listed."""
    everything = risk(16)
    hessian, gn = dense(everything)
    directions = np.linalg.eigh(hessian)[1].T[::-1][:3].copy()
    exact = (
        np
        .mean(
            [
                ((h - hessian) @ directions.T) ** 2 - ((g - gn) @ directions.T) ** 2
                for h, g in (
                    dense(everything.select(torch.tensor([i]))) for i in range(16)
                )
            ],
            axis=0,
        )
        .sum(0)
        .mean()
    )
    inside = 0
    for seed in range(5):
        found = residual_noise(
            everything,
            directions,
            generator=torch.Generator().manual_seed(seed),
            batches=12,
            batch_size=4,
        )
        inside += abs(found.value - exact) <= 2.2 * found.standard_error
        assert found.samples == 12
    # 95 % of 5, with errors estimated from skewed values
    assert inside >= 3


def test_a_linear_network_has_none() -> None:
    """There the Hessian of cross-entropy is its Gauss-Newton matrix."""
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (30,), generator=generator)
    linear = EmpiricalRisk(
        nn.Linear(4, 3).double(), functional.cross_entropy, (inputs, labels)
    )
    found = residual_noise(
        linear, np.eye(15)[:2], generator=generator, batches=4, batch_size=5
    )
    assert abs(found.value) <= 1e-12


@pytest.mark.parametrize(("batches", "examples"), [(1, 8), (4, 1)])
def test_too_little_is_refused(batches: int, examples: int) -> None:
    with pytest.raises(ValueError, match="batches: expected at least 2"):
        residual_noise(
            risk(examples),
            np.eye(43)[:1],
            generator=torch.Generator(),
            batches=batches,
        )
