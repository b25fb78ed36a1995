"""Which batch norms are taken into the layer before, and what that saves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from eigenscape.curvature.kernels import CheapSecondDerivatives
from eigenscape.curvature.kernels.bilinear import Matrix
from eigenscape.curvature.kernels.folding import normalised_layer, remembered
from eigenscape.curvature.memory import graph_bytes

GENERATOR = torch.Generator().manual_seed(0)


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


X, W, MEAN, VARIANCE = numbers(5, 2), numbers(3, 2), numbers(3), numbers(3).exp()


@pytest.mark.parametrize("bias", [None, numbers(3)])
@pytest.mark.parametrize("shift", [None, numbers(3)])
def test_the_layer_is_the_norm_of_its_image(
    bias: torch.Tensor | None, shift: torch.Tensor | None
) -> None:
    image = remembered(X, W, bias, Matrix())
    found = normalised_layer(image, MEAN, VARIANCE, None, shift, 0.1)
    assert found is not None
    expected = (image - MEAN) / (VARIANCE + 0.1).sqrt() + (
        0 if shift is None else shift
    )
    assert (found - expected).abs().max() <= 1e-14 * expected.abs().max()


def test_only_images_that_are_as_they_were_are_taken() -> None:
    image = remembered(X, W, None, Matrix())
    rest = (MEAN, VARIANCE, None, None, 0.1)
    assert normalised_layer(image, *rest) is not None
    for other in (image.clone(), image.detach(), image + 0, X @ W.T):
        assert normalised_layer(other, *rest) is None
    assert normalised_layer(image.add_(1), *rest) is None
    sequences = remembered(X[None], W, None, Matrix())
    assert normalised_layer(sequences, *rest) is None


def test_vectorised_images_are_left_alone() -> None:
    def found(row: torch.Tensor) -> torch.Tensor:
        image = remembered(row[None], W, None, Matrix())
        assert normalised_layer(image, MEAN, VARIANCE, None, None, 0.1) is None
        return image[0]

    assert torch.equal(torch.func.vmap(found)(X), X @ W.T)


def test_a_graph_takes_half_of_the_memory() -> None:
    layers = [nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    model = nn.Sequential(*layers, *layers, *layers).eval()
    images = torch.ones(4, 8, 16, 16, requires_grad=True)

    def build() -> object:
        with CheapSecondDerivatives():
            loss = model(images).square().mean()
            return torch.autograd.grad(loss, model.parameters(), create_graph=True)

    each = 4 * images.numel()
    # an argument and a slope a layer, and those of the loss
    assert graph_bytes(build, [images, *model.parameters()]) <= 8.5 * each
