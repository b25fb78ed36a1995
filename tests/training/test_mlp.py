import pytest
import torch
from torch import nn

from eigenscape.training import mlp


def test_layers_and_initial_scale():
    model = mlp((400, 300, 10), generator=torch.Generator().manual_seed(0))
    assert [type(m) for m in model] == [nn.Linear, nn.ReLU, nn.Linear]
    weight = model[0].weight
    bound = (6 / 400) ** 0.5
    assert weight.abs().max() <= bound
    # a uniform variable on ±a has standard deviation a/√3; 120,000 of them err by 0.2 %
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert not model[2].bias.any()


def test_the_generator_decides_and_the_global_state_is_kept():
    before = torch.random.get_rng_state()
    first, second = (
        mlp((3, 2), generator=torch.Generator().manual_seed(1)) for _ in "ab"
    )
    assert torch.equal(first[0].weight, second[0].weight)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("widths", [(3,), (3, 0), ()])
def test_bad_widths_are_refused(widths):
    with pytest.raises(ValueError, match="widths: expected at least two positive"):
        mlp(widths, generator=torch.Generator())
