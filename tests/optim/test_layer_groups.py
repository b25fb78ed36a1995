"""A group a layer: every trainable parameter once, with the options given."""

from torch import nn

from eigenscape.optim.layer_groups import layer_groups


def test_every_trainable_parameter_is_in_one_group():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 4))
    model[3].weight = model[2].weight
    model[0].bias.requires_grad_(requires_grad=False)
    groups = layer_groups(model, lr=0.5)
    held = [parameter for group in groups for parameter in group["params"]]
    assert [group["name"] for group in groups] == ["0", "2", "3"]
    assert all(group["lr"] == 0.5 for group in groups)
    assert sorted(map(id, held)) == sorted(
        id(parameter) for parameter in model.parameters() if parameter.requires_grad
    )
