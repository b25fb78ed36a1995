"""Examples: one minibatch is the same whatever holds the data."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import TensorDataset

from eigenscape.curvature.data import Examples, map_tensors, tensors_of

X, Y = torch.arange(12.0).view(6, 2), torch.arange(6)
KINDS = {
    "tensors": (X, Y),
    "list of tensors": [X, Y],
    "tensor data set": TensorDataset(X, Y),
    "pairs": list(zip(X, Y, strict=True)),
    "two pairs": [(X[0], Y[0]), (X[1], Y[1])],
}


@pytest.mark.parametrize("name", KINDS)
def test_fetch_and_select(name: str) -> None:
    examples = Examples.of(KINDS[name])
    assert len(examples) == (2 if name == "two pairs" else 6)
    inputs, targets = examples.fetch(0, 2)
    assert torch.equal(inputs, X[:2])
    assert torch.equal(targets, Y[:2])
    chosen = examples.select(torch.tensor([1, 0, 1])).select(torch.tensor([2, 1]))
    inputs, targets = chosen.fetch(0, 2)
    assert torch.equal(inputs, X[[1, 0]])
    assert torch.equal(targets, Y[[1, 0]])
    assert len(chosen) == 2


def test_nested_tensors_are_mapped_and_walked() -> None:
    tree = {"a": (X, [Y, "text"]), "b": 3}
    doubled = map_tensors(lambda tensor: 2 * tensor, tree)
    assert torch.equal(doubled["a"][0], 2 * X)
    assert doubled["a"][1][1] == "text"
    assert doubled["b"] == 3
    assert [len(tensor) for tensor in tensors_of(tree)] == [6, 6]


def test_example_that_is_no_pair_is_named() -> None:
    class Triples:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> tuple[int, int, int]:
            return index, index, index

    with pytest.raises(ValueError, match=r"pairs.*tuple of \(int, int, int\)"):
        Examples.of(Triples()).fetch(0, 1)
