"""Nested tensors: mapped, walked, cut by rows and joined; pairs told apart."""

from __future__ import annotations

from collections import UserDict, namedtuple
from itertools import pairwise, starmap

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.curvature.risk.data import (
    as_arguments,
    as_pair,
    count_rows,
    describe,
    join_rows,
    map_tensors,
    take_rows,
    tensors_of,
)

X, Y = torch.arange(12.0).view(6, 2), torch.arange(6)
Point = namedtuple("Point", "place weight")


def tree() -> dict:
    scale = torch.tensor(3.0)
    return {"a": (X, [Y, "text"]), "b": 3, "p": Point(X + 1, scale)}


def test_nested_tensors_are_mapped_and_walked() -> None:
    doubled = map_tensors(lambda tensor: 2 * tensor, tree())
    assert torch.equal(doubled["a"][0], 2 * X)
    assert doubled["a"][1][1] == "text"
    assert doubled["b"] == 3
    assert isinstance(doubled["p"], Point)
    assert doubled["p"].weight == 6
    assert [type(part) for part in doubled["a"]] == [torch.Tensor, list]
    assert [tensor.numel() for tensor in tensors_of(tree())] == [12, 6, 12, 1]


@given(cuts=st.lists(st.integers(1, 5), unique=True).map(sorted))
def test_parts_of_rows_join_to_the_whole(cuts: list[int]) -> None:
    edges = [0, *cuts, 6]
    spans = list(starmap(slice, pairwise(edges)))
    parts = [take_rows(tree(), span) for span in spans]
    assert [count_rows(part) for part in parts] == [s.stop - s.start for s in spans]
    joined = join_rows(parts)
    assert joined["a"][1][1] == "text"
    pairs = zip(tensors_of(joined), tensors_of(tree()), strict=True)
    assert all(starmap(torch.equal, pairs))


def test_rows_at_positions_may_repeat() -> None:
    rows = torch.tensor([4, 0, 4])
    taken = take_rows(tree(), rows)
    assert torch.equal(taken["a"][1][0], rows)
    assert torch.equal(taken["p"].place, X[rows] + 1)
    assert taken["p"].weight == 3


def test_rows_are_counted_only_where_all_agree() -> None:
    assert count_rows((X, Y)) == 6
    assert count_rows((X, Y[:2])) is None
    assert count_rows((torch.tensor(1.0), "text")) is None


def test_parts_of_other_shapes_are_not_joined() -> None:
    with pytest.raises(ValueError, match=r"one shape.*\(2, 1\).*\(6, 2\); pad"):
        join_rows([(X, Y), (X[:2, :1], Y[:2])])


def test_pairs_and_mappings_with_labels_are_told_apart() -> None:
    assert as_pair([1, 2]) == (1, 2)
    assert as_pair({"x": 1, "z": 2, "labels": 3}) == ({"x": 1, "z": 2}, 3)
    assert as_pair(UserDict(x=1, labels=3)) == ({"x": 1}, 3)
    for wrong, shown in (
        ({"x": 1, "label": 3}, r"dict with the keys \('x', 'label'\)"),
        ({"labels": 3}, r"keys \('labels'\)"),
        ((1, 2, 3), r"tuple of \(int, int, int\)"),
        (X, "Tensor"),
    ):
        with pytest.raises(ValueError, match=rf"'labels', got .*{shown}; let"):
            as_pair(wrong)


def test_arguments_of_a_model() -> None:
    assert as_arguments(UserDict(x=1)) == ((), {"x": 1})
    assert as_arguments([1, 2]) == ((1, 2), {})
    assert as_arguments("one") == (("one",), {})


def test_describes_in_few_words() -> None:
    assert describe([X, 1, "a", 2.0, None]) == "a list of (Tensor, int, str, float)"
    assert describe(3) == "int"
