import pytest
import torch
from torch import nn

from eigenscape.training.models.vgg import vgg


def build(**options):
    return vgg(generator=torch.Generator().manual_seed(0), **options)


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_the_published_parameter_counts():
    """15,291,300 for CIFAR-100; batch norm adds 2 numbers for each of 4,224 maps."""
    assert count(build(classes=100)) == 15_291_300
    assert count(build(classes=100, batch_norm=True)) == 15_291_300 + 2 * 4_224


def test_the_head_is_dropout_and_two_hidden_layers():
    kinds = [type(layer) for layer in build(classes=10, width=2)][-7:]
    hidden = [nn.Dropout, nn.Linear, nn.ReLU]
    assert kinds == [*hidden, *hidden, nn.Linear]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_small_one_classifies_and_repeats_itself(batch_norm):
    before = torch.random.get_rng_state()
    models = [build(classes=5, width=2, batch_norm=batch_norm) for _ in range(2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    first, second = (model.eval()(images) for model in models)
    assert first.shape == (2, 5)
    assert torch.equal(first, second)


def test_a_width_of_nothing_is_refused():
    with pytest.raises(ValueError, match="width: expected a positive number"):
        build(classes=10, width=0)
