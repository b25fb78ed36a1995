"""Which layers are found, which are not, and what is said about these."""

import torch
from torch import nn

from eigenscape.optim.kfac.discovery import discover
from eigenscape.optim.kfac.settings import FactorSettings


def found_in(model, params=None):
    chosen = [p for p in model.parameters() if p.requires_grad]
    return discover(model, set(chosen if params is None else params), FactorSettings())


def names(found):
    return [layer.name for layer in found.layers]


def test_known_layers_and_diagonal_ones():
    model = nn.ModuleDict({
        "embed": nn.Embedding(5, 4),
        "wave": nn.Conv1d(4, 6, 3, groups=2),
        "batch": nn.BatchNorm1d(6),
        "linear": nn.Linear(6, 3),
        "layer": nn.LayerNorm(3),
        "root": nn.RMSNorm(3),
        "group": nn.GroupNorm(1, 3),
    })
    found = found_in(model)
    assert names(found) == ["wave", "linear"]
    assert found.unknown == ()
    assert found.layers[0].inputs.mean.shape == (2, 7, 7)
    assert found.layers[0].gradients.mean.shape == (2, 3, 3)


def test_unknown_modules_are_named():
    class Scaled(nn.Linear):
        def forward(self, inputs):
            return 2 * super().forward(inputs)

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.free = nn.Parameter(torch.ones(2))
            self.recurrent = nn.LSTM(2, 3)
            self.scaled = Scaled(3, 3)
            self.both = nn.Bilinear(2, 2, 2)

    found = found_in(Own())
    assert found.layers == ()
    assert found.unknown == (
        "model (Own)", "recurrent (LSTM)", "scaled (Scaled)", "both (Bilinear)"
    )  # fmt: skip


def test_reparametrised_weights_are_left_to_the_diagonal():
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    found = found_in(model)
    assert found.layers == ()
    assert any("Parametriz" in name for name in found.unknown)


def test_a_weight_shared_with_an_embedding_has_no_factors():
    model = nn.ModuleDict({"embed": nn.Embedding(5, 4), "head": nn.Linear(4, 5)})
    model["head"].weight = model["embed"].weight
    found = found_in(model)
    assert found.layers == ()
    assert found.unknown == ("head (Linear: weight shared with Embedding)",)


def test_layers_shared_in_different_ways_have_no_factors():
    model = nn.ModuleDict({"one": nn.Conv1d(4, 4, 1), "two": nn.Conv1d(4, 4, 1)})
    model["two"].weight = model["one"].weight
    assert names(found_in(model)) == ["one = two"]
    model["one"] = nn.Conv1d(2, 4, 2, groups=1)
    model["two"] = nn.Conv1d(4, 4, 2, groups=2)
    model["two"].weight = model["one"].weight
    found = found_in(model)
    assert names(found) == []
    assert found.unknown == ("one (Conv1d: weight shared with Conv1d)",)


def test_frozen_and_left_out_parameters():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    model[0].weight.requires_grad_(False)
    model[1].bias.requires_grad_(False)
    found = found_in(model)
    assert names(found) == ["1", "2"]
    assert found.layers[0].bias is None
    assert found.layers[1].bias is not None
    assert names(found_in(model, model[2].parameters())) == ["2"]


def test_a_module_used_twice_is_found_once():
    inner = nn.Linear(3, 3)
    assert names(found_in(nn.Sequential(inner, nn.Tanh(), inner))) == ["0"]


def test_the_four_projections_of_attention():
    found = found_in(nn.ModuleDict({"at": nn.MultiheadAttention(4, 2)}))
    assert names(found) == ["at.out_proj", "at.query", "at.key", "at.value"]
    assert [layer.weight.part for layer in found.layers] == [
        None, slice(0, 4), slice(4, 8), slice(8, 12)
    ]  # fmt: skip
    assert found.unknown == ()
    other = found_in(nn.ModuleDict({"at": nn.MultiheadAttention(4, 2, kdim=3)}))
    assert [layer.weight.part for layer in other.layers] == [None] * 4
    assert other.layers[2].inputs.mean.shape == (1, 4, 4)
    frozen = nn.MultiheadAttention(4, 2)
    frozen.in_proj_weight.requires_grad_(False)
    assert names(found_in(nn.ModuleDict({"at": frozen}))) == ["at.out_proj"]
