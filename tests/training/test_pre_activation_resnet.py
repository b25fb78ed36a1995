import sys

import pytest
import torch
from torch import nn

from eigenscape.training.models.pre_activation_resnet import pre_activation_resnet


def build(depth, **options):
    generator = torch.Generator().manual_seed(0)
    return pre_activation_resnet(depth, generator=generator, **options)


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("depth", "options", "parameters"),
    [
        # the counts that published implementations state for these networks
        (20, {"classes": 10}, 272_282),
        (110, {"classes": 10}, 1_730_522),
        (110, {"classes": 100}, 1_736_372),
        (110, {"classes": 100, "bottleneck": True}, 1_169_972),
        (164, {"classes": 100, "bottleneck": True}, 1_726_388),
    ],
)
def test_parameter_counts_of_the_literature(depth, options, parameters):
    assert count(build(depth, **options)) == parameters


def test_wide_networks_have_the_published_count():
    with torch.device("meta"), pytest.MonkeyPatch.context() as patch:
        # the function shares its module's name, so the module is asked for itself
        module = sys.modules[pre_activation_resnet.__module__]
        patch.setattr(module, "initialise", lambda model, generator: None)
        assert count(build(28, classes=100, width=160)) == 36_536_884


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_small_one_classifies_any_image_and_repeats_itself(bottleneck):
    depth = 11 if bottleneck else 8
    options = {"classes": 7, "width": 4, "channels": 1, "bottleneck": bottleneck}
    before = torch.random.get_rng_state()
    model, again = build(depth, **options), build(depth, **options)
    assert torch.equal(torch.random.get_rng_state(), before)
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    assert model(images).shape == (3, 7)


def test_the_identity_is_untouched_where_the_shape_stays():
    """With all convolutions inside units at zero, a unit without projection is x."""
    model = build(14, classes=3, width=4)
    plain = [unit for unit in model.units if unit.projection is None]
    assert len(plain) == 4  # of six: two change the shape
    images = torch.randn(2, 4, 8, 8)
    for convolution in plain[0].convolutions:
        nn.init.zeros_(convolution.weight)
    assert torch.equal(plain[0](images), images)


@pytest.mark.parametrize(("depth", "bottleneck"), [(9, False), (12, True), (2, False)])
def test_other_depths_are_refused(depth, bottleneck):
    with pytest.raises(ValueError, match="depth: expected"):
        build(depth, classes=10, bottleneck=bottleneck)


def test_a_projection_sees_the_activated_input():
    model = build(8, classes=3, width=4).eval()
    unit = next(unit for unit in model.units if unit.projection is not None)
    nn.init.zeros_(unit.convolutions[-1].weight)
    images = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    # norms that have seen nothing divide by √(1 + 1e-5)
    expected = unit.projection(images.clamp(min=0) / (1 + 1e-5) ** 0.5)
    torch.testing.assert_close(unit(images), expected)
