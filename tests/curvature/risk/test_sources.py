"""examples_of: every kind of data gives the same examples, and says what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.curvature.risk.sources import examples_of

X, Y = torch.arange(14.0).view(7, 2), torch.arange(7)
PAIRS = list(zip(X, Y, strict=True))
BATCHES = list(zip(X.split(3), Y.split(3), strict=True))


class Rows(Dataset):
    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return PAIRS[index]


class Mappings(Dataset):
    def __len__(self) -> int:
        return 7

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": X[index], "labels": Y[index]}


class Repeatable:
    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        yield from BATCHES


class Stream(IterableDataset):
    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return iter(PAIRS)


class Prefetching(DataLoader):
    def __iter__(self):
        yield from super().__iter__()


def mapped(rows: list) -> dict[str, torch.Tensor]:
    return {
        "x": torch.stack([x for x, _ in rows]),
        "labels": Y.new_tensor([y for _, y in rows]),
    }


def walked(data: object, batch_size: int = 100) -> tuple[list, list, list[int]]:
    """Inputs as rows, targets, and the sizes of the minibatches."""
    inputs, targets, counts = zip(*examples_of(data).walk(batch_size), strict=True)
    tensors = [part["x"] if isinstance(part, dict) else part for part in inputs]
    return torch.cat(tensors).tolist(), torch.cat(targets).tolist(), list(counts)


WHOLE = {
    "tensors": (X, Y),
    "list of tensors": [X, Y],
    "tensor data set": TensorDataset(X, Y),
    "mapping of tensors": {"x": X, "labels": Y},
    "mapping and tensor": ({"x": X}, Y),
    "pairs": PAIRS,
    "data set": Rows(),
    "data set of mappings": Mappings(),
    "list of mappings": [{"x": x, "labels": y} for x, y in PAIRS],
    "list of lists of numbers": [{"x": x.tolist(), "labels": int(y)} for x, y in PAIRS],
}
IN_THREES = {
    "list of batches": BATCHES,
    "tuple of batches": tuple(BATCHES),
    "list of mappings": [{"x": x, "labels": y} for x, y in BATCHES],
    "iterable": Repeatable(),
    "loader of tensors": DataLoader(TensorDataset(X, Y), batch_size=3),
    "loader": DataLoader(Rows(), batch_size=3),
    "loader of mappings": DataLoader(Mappings(), batch_size=3),
    "own collate": DataLoader(Rows(), batch_size=3, collate_fn=mapped),
    "shuffling": DataLoader(Rows(), batch_size=3, shuffle=True),
    "shuffling tensors": DataLoader(TensorDataset(X, Y), batch_size=3, shuffle=True),
    "shuffling a batch sampler": DataLoader(
        Rows(), batch_sampler=BatchSampler(RandomSampler(Rows()), 3, drop_last=False)
    ),
    "shuffling a part": DataLoader(
        Rows(), batch_size=3, sampler=SubsetRandomSampler([3, 0, 1, 2, 6, 5, 4])
    ),
    "stream": DataLoader(Stream(), batch_size=3),
    "batches in a data set": DataLoader(BATCHES, batch_size=None),
    "shuffled batches": DataLoader(BATCHES, batch_size=None, shuffle=True),
    "own iteration": Prefetching(Rows(), batch_size=3),
}


@pytest.mark.parametrize("name", WHOLE)
def test_examples_form_one_minibatch(name: str) -> None:
    assert walked(WHOLE[name]) == (X.tolist(), Y.tolist(), [7])
    assert walked(WHOLE[name], 3) == (X.tolist(), Y.tolist(), [3, 3, 1])
    assert not examples_of(WHOLE[name]).batched


@pytest.mark.parametrize("name", IN_THREES)
def test_batches_stay_as_they_are(name: str) -> None:
    with keep_random_state(torch.device("cpu")):
        for seed in range(3):
            torch.manual_seed(seed)
            assert walked(IN_THREES[name]) == (X.tolist(), Y.tolist(), [3, 3, 1])
    assert walked(IN_THREES[name], 2)[2] == [2, 1, 2, 1, 1]
    chosen = examples_of(IN_THREES[name]).select(torch.tensor([5, 0]))
    assert next(chosen.walk(9))[1].tolist() == [5, 0]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("rows", [Rows(), TensorDataset(X, Y)], ids=["rows", "tensors"])
def test_dropped_examples_are_left_out(rows: Dataset, shuffle: bool) -> None:
    loader = DataLoader(rows, batch_size=3, shuffle=shuffle, drop_last=True)
    assert walked(loader)[1:] == (Y[:6].tolist(), [3, 3])


@pytest.mark.parametrize("rows", [Rows(), TensorDataset(X, Y)], ids=["rows", "tensors"])
def test_a_fixed_order_is_kept(rows: Dataset) -> None:
    order = [6, 1, 4]
    loader = DataLoader(rows, batch_size=2, sampler=order)
    assert walked(loader) == (X[order].tolist(), order, [2, 1])
    assert walked(DataLoader(Subset(rows, order), batch_size=2))[1:] == (order, [2, 1])


def test_first_rows_of_tensors_are_not_copied() -> None:
    loader = DataLoader(TensorDataset(X, Y), batch_size=3, drop_last=True)
    inputs, _, _ = next(examples_of(loader).walk(3))
    assert inputs.data_ptr() == X.data_ptr()


def test_loader_is_left_alone() -> None:
    generator = torch.Generator().manual_seed(1)
    loader = DataLoader(Rows(), batch_size=3, shuffle=True, generator=generator)
    before = generator.get_state()
    walked(loader)
    assert torch.equal(generator.get_state(), before)


def test_a_batch_has_inputs_of_two_axes() -> None:
    rows = torch.arange(4).repeat(2, 1)
    tokens = [(row, row) for row in rows]
    images = [
        (torch.ones(3, 4, 4), torch.ones(4)),
        (torch.ones(3, 4, 4), torch.ones(4)),
    ]
    assert len(examples_of(tokens)) == 2
    assert len(examples_of(images)) == 2
    assert len(examples_of([(rows, rows)])) == 2
    assert examples_of([(rows, rows)]).batched


REFUSED = {
    "generator": ((pair for pair in BATCHES), r"generator, which.*once; pass list\("),
    "iterator of a loader": (
        iter(DataLoader(Rows(), batch_size=3)),
        r"only once; pass list\(",
    ),
    "stream": (Stream(), "Stream that streams examples; wrap it in a DataLoader"),
    "number": (3, "got int; pass one of"),
    "text": ("text", "got str; pass one of"),
    "none": (None, "got NoneType; pass one of"),
    "empty list": ([], "at least one example, got none in a list"),
    "empty tensors": ((X[:0], Y[:0]), "at least one example"),
    "all dropped": (
        DataLoader(Rows(), batch_size=8, drop_last=True),
        "got none in DataLoader",
    ),
    "uneven": ((X, Y[:2]), r"equally many in each, got the shapes \(7, 2\), \(2,\)"),
    "scalar": ((X, torch.tensor(1)), "equally many in each"),
    "arrays": ((X.numpy(), Y.numpy()), r"tuple of \(ndarray, ndarray\).*as_tensor"),
    "one tensor": (TensorDataset(X), r"pairs or mappings.*tuple of \(Tensor\)"),
    "triples": ([(1, 2, 3)], "make each example or batch a pair"),
    "without labels": ({"x": X, "label": Y}, "a key 'labels'.*'x', 'label'"),
    "weighted": (
        DataLoader(Rows(), batch_size=3, sampler=WeightedRandomSampler([1.0] * 7, 7)),
        "same batches in every pass.*WeightedRandomSampler",
    ),
    "with replacement": (
        DataLoader(Rows(), sampler=RandomSampler(Rows(), replacement=True)),
        "same batches in every pass.*RandomSampler",
    ),
    "stream one by one": (DataLoader(Stream(), batch_size=None), "an example a row"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(name: str) -> None:
    data, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as caught:
        examples_of(data)
    assert "\n" not in str(caught.value)


class Longest(BatchSampler):
    def __iter__(self) -> Iterator[list[int]]:
        yield from reversed(list(super().__iter__()))


def test_own_batch_sampler_is_followed() -> None:
    sampler = Longest(SequentialSampler(Rows()), 4, drop_last=False)
    loader = DataLoader(Rows(), batch_sampler=sampler)
    assert walked(loader)[1:] == ([4, 5, 6, 0, 1, 2, 3], [3, 4])


def test_sequential_batch_sampler_is_read() -> None:
    sampler = BatchSampler(SequentialSampler(Rows()), 4, drop_last=False)
    assert walked(DataLoader(Rows(), batch_sampler=sampler))[2] == [4, 3]


def test_targets_may_be_a_mapping() -> None:
    found = examples_of((X, {"kind": Y, "size": X}))
    inputs, targets, count = next(found.walk(3))
    assert count == 3
    assert torch.equal(inputs, X[:3])
    assert torch.equal(targets["kind"], Y[:3])
    assert torch.equal(targets["size"], X[:3])
    two = [{"x": X[0], "labels": Y[0]}, {"x": X[1], "labels": Y[1]}]
    assert len(examples_of(two)) == 2
