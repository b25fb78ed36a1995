"""Normalisations against their definition, at sizes where rounding shows."""

from __future__ import annotations

import torch

from eigenscape.curvature.kernels.normalisations import batch_norm, layer_norm


def test_far_from_zero_the_mean_is_taken_off_first() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 8, generator=generator) + 1000
    wide = x.double()
    rows = (wide - wide.mean(1, keepdim=True)) / (
        wide.var(1, correction=0, keepdim=True) + 1e-5
    ).sqrt()
    found = layer_norm(x, (-1,), None, None, 1e-5).double()
    # the mean of 8 numbers near 1000 is known to 1000 ε
    assert (found - rows).abs().max() <= 8 * 1000 * torch.finfo(torch.float32).eps
    mean, variance = x.mean(0), x.var(0, correction=0)
    columns = (wide - mean.double()) / (variance.double() + 1e-5).sqrt()
    found = batch_norm(x, mean, variance, None, None, 1e-5).double()
    scale = float(columns.abs().max())
    assert (found - columns).abs().max() <= 10 * torch.finfo(torch.float32).eps * scale


def test_a_constant_row_is_normalised_to_the_bias() -> None:
    bias = torch.tensor([1.0, -2.0])
    found = layer_norm(torch.full((3, 2), 5.0), (-1,), torch.ones(2), bias, 1e-5)
    assert torch.equal(found, bias.expand(3, 2))
