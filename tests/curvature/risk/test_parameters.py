"""Parameters: which tensors form the flat vector, under which names, where in it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations

from eigenscape.curvature.risk.parameters import Parameters, group_names


class Language(nn.Module):
    """Tied embeddings, a frozen scale, blocks in a list, a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(4))
        self.embed = nn.Embedding(5, 4)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)) for _ in range(2)
        )
        self.scale = nn.Parameter(torch.ones(4), requires_grad=False)
        self.counts = nn.Parameter(torch.ones(2, dtype=torch.long), requires_grad=False)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.embed.weight


TRAINABLE = (
    "start",
    "embed.weight",
    "blocks.0.0.weight",
    "blocks.0.0.bias",
    "blocks.0.2.weight",
    "blocks.0.2.bias",
    "blocks.1.0.weight",
    "blocks.1.0.bias",
    "blocks.1.2.weight",
    "blocks.1.2.bias",
    "head.bias",
)


def test_all_that_are_trainable_by_default_and_tied_ones_once() -> None:
    model = Language()
    chosen = Parameters.of(model)
    assert chosen.names == TRAINABLE
    assert chosen.size == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert all(
        tensor is model.get_parameter(name)
        for name, tensor in zip(chosen.names, chosen.tensors, strict=True)
    )


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("head.bias", ["head.bias"]),
        ("head.*", ["embed.weight", "head.bias"]),
        (["head.bias", "start"], ["start", "head.bias"]),
        (["*.1.*.bias", "start"], ["start", "blocks.1.0.bias", "blocks.1.2.bias"]),
        ("s*", ["start"]),
        ("*", list(TRAINABLE)),
    ],
)
def test_selection_by_name_and_pattern(
    selection: str | list[str], names: list[str]
) -> None:
    assert list(Parameters.of(Language(), selection).names) == names


def test_selection_by_the_parameters_themselves() -> None:
    model = Language()
    chosen = Parameters.of(model, model.blocks[1].parameters())
    assert chosen.names == TRAINABLE[6:10]
    assert Parameters.of(model, model.head.weight).names == ("embed.weight",)
    assert Parameters.of(model, [model.start, "head.bias"]).names == (
        "start",
        "head.bias",
    )


REFUSED = {
    "typing error": (
        "haed.bias",
        r"'haed\.bias', which fits none; nearest are head\.b",
    ),
    "pattern": ("haed.*", "which fits none; nearest are .*head"),
    "module": ("blocks.1", r"which fits none; nearest are blocks\.1\.\*,"),
    "frozen": ("scale", r"got 'scale', which is frozen; call requires_grad_\(True\)"),
    "frozen pattern": ("sc*", "which is frozen"),
    "integer": ("counts", "'counts' of torch.int64; leave it out"),
    "foreign": (torch.ones(3), r"shape \(3,\) that is none of them; pass one of"),
    "nothing": ([], "at least one name, pattern or parameter, got none"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_selection_is_refused_in_one_line(name: str) -> None:
    selection, message = REFUSED[name]
    given = [selection] if isinstance(selection, torch.Tensor) else selection
    with pytest.raises(ValueError, match=message) as caught:
        Parameters.of(Language(), given)
    assert "\n" not in str(caught.value)


def test_flatten_and_unflatten_are_inverse() -> None:
    chosen = Parameters.of(Language(), "blocks.*")
    vector = torch.arange(float(chosen.size))
    pieces = chosen.unflatten(vector)
    assert [piece.shape for piece in pieces] == [p.shape for p in chosen.tensors]
    assert torch.equal(chosen.flatten(pieces), vector)
    assert pieces[1].data_ptr() == vector[16:].data_ptr()
    empty = chosen.flatten([None, *pieces[1:]])
    assert not empty[:16].any()
    assert torch.equal(empty[16:], vector[16:])


def test_shapes_that_do_not_fit_are_refused() -> None:
    chosen = Parameters.of(Language(), "blocks.0.0.*")
    with pytest.raises(
        ValueError, match=r"vector: expected shape \(20,\), got \(3,\);"
    ):
        chosen.unflatten(torch.ones(3))
    wrong = [[torch.ones(4, 4)], [torch.ones(4, 4), torch.ones(5)], [None] * 3]
    for pieces in wrong:
        with pytest.raises(
            ValueError, match=r"expected the shapes \(4, 4\), \(4,\), g"
        ):
            chosen.flatten(pieces)


@given(names=st.lists(st.sampled_from(TRAINABLE), unique=True))
def test_positions_pick_the_entries_of_the_parameters(names: list[str]) -> None:
    chosen = Parameters.of(Language())
    marked = [
        torch.full_like(tensor, name in names)
        for name, tensor in zip(chosen.names, chosen.tensors, strict=True)
    ]
    expected = chosen.flatten(marked).nonzero()[:, 0]
    assert torch.equal(chosen.positions(names), expected)


def test_positions_take_patterns_and_tied_names() -> None:
    chosen = Parameters.of(Language(), ["embed.weight", "head.bias"])
    assert chosen.positions("head.weight").tolist() == list(range(20))
    assert chosen.positions("*.bias").tolist() == list(range(20, 25))
    with pytest.raises(ValueError, match="'start', which fits none; nearest"):
        chosen.positions("start")


def test_parameters_of_a_copy() -> None:
    model, copy = Language(), Language()
    moved = Parameters.of(model, "head.*").of_copy(copy)
    assert moved.tensors[0] is copy.embed.weight
    assert moved.positions("head.weight").tolist() == list(range(20))


def test_groups_by_parameter_layer_and_block() -> None:
    model = Language()
    names = Parameters.of(model).names
    assert group_names(model, names, "parameter") == {name: (name,) for name in names}
    assert group_names(model, names, "layer") == {
        "Language": ("start",),
        "embed": ("embed.weight",),
        "blocks.0.0": TRAINABLE[2:4],
        "blocks.0.2": TRAINABLE[4:6],
        "blocks.1.0": TRAINABLE[6:8],
        "blocks.1.2": TRAINABLE[8:10],
        "head": ("head.bias",),
    }
    assert group_names(model, names, "block") == {
        "Language": ("start",),
        "embed": ("embed.weight",),
        "blocks.0": TRAINABLE[2:6],
        "blocks.1": TRAINABLE[6:10],
        "head": ("head.bias",),
    }


def test_blocks_of_a_sequential_model_are_its_entries() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh()))
    names = Parameters.of(model).names
    assert list(group_names(model, names, "block")) == ["0", "1"]
    assert list(group_names(model, names, "layer")) == ["0", "1.0"]


def test_parametrised_weights_belong_to_their_layer() -> None:
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 3)))
    names = Parameters.of(model).names
    assert len(names) == 3
    assert group_names(model, names, "layer") == {"0": names}
    assert group_names(model[0], ["parametrizations.weight.original0"], "layer")


def test_unknown_grouping_is_refused() -> None:
    with pytest.raises(Exception, match="by: expected 'parameter'|Type-check"):
        group_names(Language(), ["start"], "depth")
