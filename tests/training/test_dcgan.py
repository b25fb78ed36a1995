import pytest
import torch
from torch import nn

from eigenscape.training.models.dcgan import dcgan_discriminator, dcgan_generator


def build(side=64, width=64, seed=0):
    own = torch.Generator().manual_seed(seed)
    shape = {"side": side, "width": width, "channels": 3, "generator": own}
    return dcgan_generator(latent=100, **shape), dcgan_discriminator(**shape)


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_the_published_parameter_counts():
    """Those of PyTorch's tutorial, from which the published networks are."""
    maker, judge = build()
    assert count(maker) == 3_576_704
    assert count(judge) == 2_765_568


@pytest.mark.parametrize("side", [8, 16, 64])
def test_shapes(side):
    maker, judge = build(side, 2)
    vectors = torch.randn(5, 100, 1, 1, generator=torch.Generator().manual_seed(1))
    images = maker(vectors)
    assert images.shape == (5, 3, side, side)
    assert images.abs().max() < 1
    assert judge(images).shape == (5,)
    kinds = nn.Conv2d | nn.ConvTranspose2d
    depth = side.bit_length() - 2
    for network in (maker, judge):
        assert sum(isinstance(m, kinds) for m in network) == depth


def test_initial_weights_and_no_change_of_the_global_state():
    before = torch.random.get_rng_state()
    (maker, judge), again = build(width=16), build(width=16)
    assert torch.equal(torch.random.get_rng_state(), before)
    for one, other in zip((maker, judge), again, strict=True):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b)
    filters = [m.weight for m in maker if isinstance(m, nn.ConvTranspose2d)]
    weights = torch.cat([w.flatten() for w in filters])
    # Standard errors of mean and deviation of n normal numbers.
    n = weights.numel()
    assert abs(weights.mean()) < 5 * 0.02 / n**0.5
    assert abs(weights.std() / 0.02 - 1) < 5 / (2 * n) ** 0.5
    gains = torch.cat([m.weight for m in maker if isinstance(m, nn.BatchNorm2d)])
    assert 0.9 < gains.min() < 1 < gains.max() < 1.1


@pytest.mark.parametrize(("side", "width"), [(12, 4), (4, 4), (512, 4), (16, 0)])
def test_other_shapes_are_refused(side, width):
    with pytest.raises(ValueError, match=r"side: expected a power|width: expected a"):
        build(side, width)


def test_batch_norm_takes_the_scale_of_the_vectors_out():
    """The first layer has no bias: only ε = 1e-5 beside its variance sees the scale."""
    maker, _ = build(16, 4)
    vectors = torch.randn(64, 100, 1, 1, generator=torch.Generator().manual_seed(1))
    unit, tenfold, tiny = (maker(scale * vectors) for scale in (1.0, 10.0, 1e-4))
    # Outputs move by ε over twice the variance 100 · 0.02² of the first layer.
    assert (unit - tenfold).abs().max() < 1e-3 * unit.abs().max()
    assert tiny.std() < 0.3 * unit.std()
