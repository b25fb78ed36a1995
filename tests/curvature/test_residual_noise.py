"""Noise of the Hessian beyond its Gauss-Newton part, against dense matrices."""

from __future__ import annotations

import itertools

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


def test_the_estimates_agree_with_all_batches_there_are() -> None:
    everything, size = risk(14), 3
    hessian, gn = dense(everything)
    directions = np.linalg.eigh(hessian)[1].T[::-1][:3].copy()
    singles = [dense(everything.select(torch.tensor([i]))) for i in range(14)]
    columns = np.array([[part @ directions.T for part in pair] for pair in singles])
    columns -= np.stack([hessian @ directions.T, gn @ directions.T])
    columns = np.concatenate([columns, columns[:, :1] - columns[:, 1:]], axis=1)
    drawn = np.array([
        columns[list(s)].mean(0) for s in itertools.combinations(range(14), size)
    ])
    inside = np.einsum("lp,sjpk->sjlk", directions, drawn) ** 2
    outside = (drawn**2).sum(2) - inside.sum(2)
    scale = size * 13 / (14 - size)
    within = scale * (inside[:, 0] - inside[:, 1]).mean(0)
    across = scale * (outside[:, 0] - outside[:, 1]).mean(0)
    whole = (drawn[:, 2] ** 2).sum(1)
    mean, variance = whole.mean(0), whole.var(0)
    freedom = 2 * (mean**2).mean() / variance.mean()
    found = residual_noise(
        everything,
        directions,
        generator=torch.Generator().manual_seed(0),
        batches=40,
        batch_size=size,
    )
    errors = [
        scale * (part[:, 0] - part[:, 1]).std(0) / np.sqrt(40)
        for part in (inside, outside)
    ]
    assert (abs(found.within - within) <= 3.5 * errors[0]).all()
    assert (abs(found.across - across) <= 3 * errors[1]).all()
    assert (errors[1] <= 0.4 * across).all()
    # the variance of skewed values, from 40 of them
    assert found.freedom == pytest.approx(freedom, rel=0.7)


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
    assert max(np.abs(found.within).max(), np.abs(found.across).max()) <= 1e-12


@pytest.mark.parametrize(("batches", "examples"), [(1, 8), (4, 1)])
def test_too_little_is_refused(batches: int, examples: int) -> None:
    with pytest.raises(ValueError, match="batches: expected at least 2"):
        residual_noise(
            risk(examples),
            np.eye(43)[:1],
            generator=torch.Generator(),
            batches=batches,
        )
