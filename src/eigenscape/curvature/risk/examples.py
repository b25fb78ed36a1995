"""Examples: what a risk is a mean over, read minibatch by minibatch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, Protocol, cast, final, runtime_checkable

import torch
from jaxtyping import Int64
from torch.utils.data import default_collate

from eigenscape.core import NondeterministicOperatorError
from eigenscape.curvature.risk.data import (
    Rows,
    as_pair,
    count_rows,
    join_rows,
    take_rows,
    tensors_of,
)

Minibatch = tuple[Any, Any, int]
"""Inputs, targets and the number of examples."""


@runtime_checkable
class PairDataset(Protocol):
    """A data set of examples, addressed by position."""

    def __len__(self) -> int:
        """Count the examples."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return one example."""
        ...


class Examples(ABC):
    """Examples in a fixed order, some of which come in minibatches already.

    Attributes:
        sizes: Examples of each minibatch as it came. A minibatch is cut where it is
            too large, and never joined with the next.
        batched: Whether the minibatches came so; if not, there is one of all examples.
    """

    sizes: tuple[int, ...]
    batched: bool

    @property
    @abstractmethod
    def in_memory(self) -> bool:
        """Tell whether reading them runs none of the caller's code."""

    @abstractmethod
    def select(self, positions: Int64[torch.Tensor, " k"]) -> Examples:
        """Select some of these examples.

        Args:
            positions: Positions within this selection; repetitions are allowed.

        Returns:
            The examples at these positions, in one minibatch.
        """

    @abstractmethod
    def walk(self, batch_size: int) -> Iterator[Minibatch]:
        """Read the examples once.

        Args:
            batch_size: Most examples of a minibatch.

        Yields:
            Inputs, targets and number of examples of each minibatch.
        """

    def __len__(self) -> int:
        """Count the examples.

        Returns:
            The number n of examples.
        """
        return sum(self.sizes)

    def minibatches(self, batch_size: int) -> int:
        """Count the minibatches that a walk gives.

        Args:
            batch_size: Most examples of a minibatch.

        Returns:
            Their number.
        """
        return sum(-(-size // batch_size) for size in self.sizes)

    def _spans(self, batch_size: int) -> Iterator[tuple[int, int]]:
        start = 0
        for size in self.sizes:
            for cut in range(start, start + size, batch_size):
                yield cut, min(cut + batch_size, start + size)
            start += size


@final
@dataclass(frozen=True, eq=False)
class TensorExamples(Examples):
    """Nested tensors in memory, an example a row.

    Attributes:
        inputs: The inputs.
        targets: The targets, of as many rows.
        sizes: See Examples.
        batched: See Examples.
    """

    inputs: Any
    targets: Any
    sizes: tuple[int, ...] = field(kw_only=True)
    batched: bool = field(kw_only=True, default=False)

    @property
    def in_memory(self) -> bool:
        """See Examples."""
        return True

    def select(self, positions: Int64[torch.Tensor, " k"]) -> TensorExamples:
        """See Examples.

        Returns:
            Their rows.
        """
        return TensorExamples(*self._take(positions), sizes=(len(positions),))

    def walk(self, batch_size: int) -> Iterator[Minibatch]:
        """See Examples.

        Yields:
            Stretches of rows.
        """
        for start, stop in self._spans(batch_size):
            yield *self._take(slice(start, stop)), stop - start

    def _take(self, rows: Rows) -> tuple[Any, Any]:
        return take_rows(self.inputs, rows), take_rows(self.targets, rows)


@final
@dataclass(frozen=True, eq=False)
class DatasetExamples(Examples):
    """Examples of a map-style data set, read when they are wanted.

    Attributes:
        dataset: The data set.
        length: Its length when it was taken in.
        indices: The positions of the examples in it.
        collate: Joins examples to a minibatch.
        sizes: See Examples.
        batched: See Examples.
    """

    dataset: PairDataset
    length: int
    indices: Int64[torch.Tensor, " n"]
    collate: Callable[[list[Any]], Any] = field(kw_only=True, default=default_collate)
    sizes: tuple[int, ...] = field(kw_only=True)
    batched: bool = field(kw_only=True, default=False)

    @property
    def in_memory(self) -> bool:
        """See Examples."""
        return False

    def select(self, positions: Int64[torch.Tensor, " k"]) -> DatasetExamples:
        """See Examples.

        Returns:
            Their positions in the data set.
        """
        chosen, sizes = self.indices[positions], (len(positions),)
        return replace(self, indices=chosen, sizes=sizes, batched=False)

    def walk(self, batch_size: int) -> Iterator[Minibatch]:
        """See Examples.

        Yields:
            Collated examples.
        """
        if len(self.dataset) != self.length:
            refuse_change(f"{self.length} examples", str(len(self.dataset)))
        for start, stop in self._spans(batch_size):
            positions = cast("list[int]", self.indices[start:stop].tolist())
            examples = [self.dataset[position] for position in positions]
            yield *self._collated(examples), stop - start

    def _collated(self, examples: list[Any]) -> tuple[Any, Any]:
        if self.collate is not default_collate:
            return as_pair(self.collate(examples))
        pairs = [
            _with_tensors(example) if isinstance(example, Mapping) else as_pair(example)
            for example in examples
        ]
        return as_pair(default_collate(pairs))


@final
@dataclass(frozen=True, eq=False)
class BatchExamples(Examples):
    """Minibatches of an iterable, in its order.

    Attributes:
        batches: The iterable; each pass iterates over it anew.
        sizes: See Examples.
        batched: See Examples.
    """

    batches: Iterable[Any]
    sizes: tuple[int, ...]
    batched: bool = True

    @property
    def in_memory(self) -> bool:
        """See Examples."""
        return isinstance(self.batches, (list, tuple))

    def select(self, positions: Int64[torch.Tensor, " k"]) -> TensorExamples:
        """See Examples; one pass over the iterable, up to the last of them.

        Returns:
            Copies of their rows.
        """
        wanted, order = positions.unique(return_inverse=True)
        parts: list[Any] = []
        start = 0
        for inputs, targets, count in self._given():
            stop = start + count
            inside = wanted[(wanted >= start) & (wanted < stop)] - start
            if len(inside):
                parts.append(take_rows((inputs, targets), inside))
            start = stop
            if start > int(wanted.max()):
                break
        inputs, targets = take_rows(join_rows(parts), order)
        return TensorExamples(inputs, targets, sizes=(len(positions),))

    def walk(self, batch_size: int) -> Iterator[Minibatch]:
        """See Examples.

        Yields:
            The batches, cut where they are too large.
        """
        for inputs, targets, count in self._given():
            if 0 < count <= batch_size:
                yield inputs, targets, count
                continue
            for start in range(0, count, batch_size):
                rows = slice(start, min(start + batch_size, count))
                part = take_rows((inputs, targets), rows)
                yield *part, rows.stop - start

    def _given(self) -> Iterator[Minibatch]:
        index = 0
        for index, batch in enumerate(self.batches, start=1):
            inputs, targets = as_pair(batch)
            count = pair_rows(inputs, targets)
            if index > len(self.sizes):
                refuse_change(f"{len(self.sizes)} batches", "more")
            if count != self.sizes[index - 1]:
                before = f"{self.sizes[index - 1]} examples in batch {index - 1}"
                refuse_change(before, str(count))
            yield inputs, targets, count
        if index < len(self.sizes):
            refuse_change(f"{len(self.sizes)} batches", str(index))


def pair_rows(inputs: Any, targets: Any) -> int:
    """Count the examples of inputs and targets.

    Args:
        inputs: Nested tensors.
        targets: Nested tensors, or no tensor.

    Returns:
        Their number.

    Raises:
        ValueError: If the tensors do not have equally many rows.
    """
    count = count_rows((inputs, targets))
    has_targets = any(True for _ in tensors_of(targets))
    parts = (inputs, targets) if has_targets else (inputs,)
    if count is None or any(count_rows(part) is None for part in parts):
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors_of((inputs, targets)))
        message = (
            "data: expected tensors with an example a row, equally many in each, got "
            f"the shapes {shapes or 'of no tensor'}; put the examples on the first axis"
        )
        raise ValueError(message)
    return count


def refuse_change(before: str, now: str) -> NoReturn:
    """Refuse a data source that is not what it was.

    Args:
        before: What was expected.
        now: What came.

    Raises:
        NondeterministicOperatorError: Always.
    """
    message = (
        f"data: expected the same examples in every pass ({before}), got {now}; make "
        "the data source repeat itself, or read it into a list of batches"
    )
    raise NondeterministicOperatorError(message)


def _with_tensors(example: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tensor(value) for key, value in example.items()}


def _tensor(value: Any) -> Any:
    leaf = value
    while isinstance(leaf, list) and leaf:
        leaf = cast("Sequence[Any]", leaf)[0]
    is_numeric = isinstance(value, list) and isinstance(leaf, (int, float))
    return torch.as_tensor(value) if is_numeric else value
