"""What a caller may pass as data, taken in as Examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
)

from eigenscape.curvature.risk.data import (
    LABELS,
    as_pair,
    count_rows,
    describe,
    take_rows,
    tensors_of,
)
from eigenscape.curvature.risk.examples import (
    BatchExamples,
    DatasetExamples,
    Examples,
    PairDataset,
    TensorExamples,
    pair_rows,
)

WANTED = "a data set, a DataLoader, tensors (x, y) or an iterable of batches"


def examples_of(data: object) -> Examples:
    """Take in the data a caller passed.

    A loader that does not shuffle gives its batches, without those it drops; one that
    shuffles gives batches of its size in the order of the data set, without the last,
    smaller one if it drops that; its data set is read in this process. In a list, a
    pair of equally long tensors, the input of two axes or more, is a batch, any other
    pair an example.

    Args:
        data: A map-style data set of examples; a ``DataLoader``; two equally long
            tensors or nestings of tensors; a mapping of tensors with a key "labels";
            a list of examples or of batches; an object that can be iterated over
            repeatedly and gives batches. An example or a batch is an (input, target)
            pair, or a mapping of inputs with the targets at "labels".

    Returns:
        All its examples. An iterable is read once, to count them.

    Raises:
        ValueError: If the data are of another kind, or empty.
    """
    examples = _examples_of(data)
    if len(examples) == 0:
        message = (
            f"data: expected at least one example, got none in {describe(data)}; pass "
            "data that are not empty"
        )
        raise ValueError(message)
    return examples


def _examples_of(data: object) -> Examples:
    if isinstance(data, DataLoader):
        return _of_loader(cast("DataLoader[Any]", data))
    whole = _whole(data)
    if whole is not None:
        return _of_tensors(*whole)
    if isinstance(data, (tuple, list)):
        return _of_list(cast("Sequence[Any]", data))
    if isinstance(data, IterableDataset):
        message = (
            f"data: expected {WANTED}, got {describe(data)} that streams examples; "
            "wrap it in a DataLoader with a batch_size"
        )
        raise ValueError(message)
    if isinstance(data, PairDataset) and not isinstance(data, (str, Mapping)):
        return _of_dataset(data)
    if isinstance(data, Iterator):
        message = (
            f"data: expected {WANTED}, got {describe(data)}, which can be read only "
            "once; pass list(...) of it"
        )
        raise ValueError(message)
    if isinstance(data, Iterable) and not isinstance(data, (str, Mapping)):
        return _of_batches(cast("Iterable[Any]", data))
    message = f"data: expected {WANTED}, got {describe(data)}; pass one of these"
    raise ValueError(message)


def _whole(data: object) -> tuple[Any, Any] | None:
    """All inputs and all targets, if the data are tensors in memory."""
    if isinstance(data, TensorDataset):
        return as_pair(data.tensors)
    if isinstance(data, Mapping):
        return as_pair(data)
    if isinstance(data, (tuple, list)) and len(cast("Any", data)) == 2:
        inputs, targets = cast("Sequence[Any]", data)
        if _is_alone(targets) and any(True for _ in tensors_of(inputs)):
            return inputs, targets
    return None


def _is_alone(targets: object) -> bool:
    """Tell targets from a second example."""
    if isinstance(targets, Mapping):
        return LABELS not in targets and any(True for _ in tensors_of(targets))
    return isinstance(targets, torch.Tensor)


def _of_tensors(inputs: Any, targets: Any) -> TensorExamples:
    return TensorExamples(inputs, targets, sizes=(pair_rows(inputs, targets),))


def _of_list(items: Sequence[Any]) -> Examples:
    try:
        pairs = [as_pair(item) for item in items]
    except ValueError as error:
        message = (
            f"data: expected {WANTED}, got {describe(items)}; turn arrays into tensors "
            "by torch.as_tensor, and make each example or batch a pair"
        )
        raise ValueError(message) from error
    return _of_batches(items) if pairs and _is_batch(*pairs[0]) else _of_dataset(items)


def _is_batch(inputs: Any, targets: Any) -> bool:
    given = [tensor.ndim for tensor in tensors_of((inputs, targets))]
    return (
        count_rows((inputs, targets)) is not None
        and min(given) > 0
        and any(True for _ in tensors_of(targets))
        and max((tensor.ndim for tensor in tensors_of(inputs)), default=0) > 1
    )


def _of_dataset(dataset: PairDataset) -> DatasetExamples:
    count = len(dataset)
    return DatasetExamples(dataset, count, torch.arange(count), sizes=(count,))


def _of_batches(batches: Iterable[Any]) -> BatchExamples:
    sizes = tuple(pair_rows(*as_pair(batch)) for batch in batches)
    return BatchExamples(batches, sizes)


def _of_loader(loader: DataLoader[Any]) -> Examples:
    dataset: Any = loader.dataset
    collate: Any = loader.collate_fn
    iterates_itself = type(loader).__iter__ is not DataLoader.__iter__
    if isinstance(dataset, IterableDataset) or iterates_itself:
        return _of_batches(loader)
    if loader.batch_sampler is None:
        shuffles = isinstance(loader.sampler, RandomSampler)
        in_order = DataLoader(dataset, batch_size=None, collate_fn=collate)
        return _of_batches(in_order if shuffles else loader)
    batches = _positions(loader)
    sizes = tuple(len(batch) for batch in batches)
    order = [position for batch in batches for position in batch]
    if isinstance(dataset, TensorDataset) and collate is default_collate:
        in_order = order == list(range(len(order)))
        rows = slice(len(order)) if in_order else torch.tensor(order)
        inputs, targets = take_rows(as_pair(dataset.tensors), rows)
        return TensorExamples(inputs, targets, sizes=sizes, batched=True)
    return DatasetExamples(
        dataset,
        len(dataset),
        torch.tensor(order, dtype=torch.int64),
        collate=collate,
        sizes=sizes,
        batched=True,
    )


def _positions(loader: DataLoader[Any]) -> list[list[int]]:
    """The positions in the data set of the examples of each batch."""
    given: Any = loader.batch_sampler
    if type(given) is BatchSampler:
        order = _unshuffled(given.sampler, len(cast("Any", loader.dataset)))
        given = BatchSampler(order, given.batch_size, given.drop_last)
    first, second = ([list(batch) for batch in given] for _ in range(2))
    if first != second:
        message = (
            "data: expected a DataLoader that gives the same batches in every pass, "
            f"got one with a {type(getattr(given, 'sampler', given)).__name__}; pass "
            "its data set, or list(...) of the loader"
        )
        raise ValueError(message)
    return first


def _unshuffled(sampler: Any, count: int) -> Any:
    if isinstance(sampler, SubsetRandomSampler):
        return sorted(sampler.indices)
    if isinstance(sampler, RandomSampler):
        shuffles = not sampler.replacement and sampler.num_samples == count
        return range(count) if shuffles else sampler
    return sampler
