"""The examples of a risk: one way to fetch a minibatch from every kind of data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast, final, runtime_checkable

import torch
from jaxtyping import Int64
from torch.utils.data import IterableDataset, TensorDataset, default_collate


@runtime_checkable
class PairDataset(Protocol):
    """A data set of (input, target) pairs, addressed by position."""

    def __len__(self) -> int:
        """Count the examples."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """Return one (input, target) pair."""
        ...


@final
@dataclass(frozen=True)
class Examples:
    """A selection of examples, in a fixed order.

    Attributes:
        source: Two equally long tensors, or a data set of pairs.
        indices: The positions selected; None for all, in their order.
    """

    source: tuple[torch.Tensor, torch.Tensor] | PairDataset
    indices: Int64[torch.Tensor, " n"] | None = None

    @staticmethod
    def of(data: object) -> Examples:
        """Take in the data a caller passed.

        Args:
            data: A map-style data set of (input, target) pairs, or two equally long
                tensors.

        Returns:
            All its examples.

        Raises:
            ValueError: If the data are of another kind, or empty.
        """
        examples = Examples(_source(data))
        if len(examples) == 0:
            message = "data: expected at least one example, got an empty data set"
            raise ValueError(message)
        return examples

    def __len__(self) -> int:
        """Count the examples selected.

        Returns:
            The number n of examples.
        """
        if self.indices is not None:
            return len(self.indices)
        return len(self.source[0] if isinstance(self.source, tuple) else self.source)

    def select(self, positions: Int64[torch.Tensor, " k"]) -> Examples:
        """Select some of these examples.

        Args:
            positions: Positions within this selection; repetitions are allowed.

        Returns:
            The examples at these positions.
        """
        if isinstance(self.source, tuple):
            first, second = self.source
            rows = positions.to(first.device)
            return Examples((first[rows], second[positions.to(second.device)]))
        chosen = positions if self.indices is None else self.indices[positions]
        return replace(self, indices=chosen)

    def fetch(self, start: int, stop: int) -> tuple[Any, Any]:
        """Fetch a minibatch.

        Args:
            start: Position of its first example.
            stop: Position after its last example.

        Returns:
            Inputs and targets, collated.

        Raises:
            ValueError: If the data set does not give pairs.
        """
        if isinstance(self.source, tuple):
            return self.source[0][start:stop], self.source[1][start:stop]
        positions = range(start, stop)
        if self.indices is not None:
            positions = cast("list[int]", self.indices[start:stop].tolist())
        pairs = [self.source[position] for position in positions]
        for pair in pairs:
            if not (isinstance(pair, (tuple, list)) and len(cast("Any", pair)) == 2):
                message = (
                    "data: expected (input, target) pairs, got an example of type "
                    f"{_describe(pair)}; let __getitem__ return a pair"
                )
                raise ValueError(message)
        inputs, targets = default_collate(pairs)
        return inputs, targets


def as_arguments(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Turn a minibatch of inputs into what a model is called with.

    Args:
        inputs: A mapping for ``**inputs``, a tuple or a list for ``*inputs``, anything
            else for the one argument.

    Returns:
        Positional and named arguments.
    """
    if isinstance(inputs, dict):
        return (), cast("dict[str, Any]", inputs)
    if isinstance(inputs, (tuple, list)):
        return tuple(cast("Sequence[Any]", inputs)), {}
    return (inputs,), {}


def map_tensors(change: Callable[[torch.Tensor], torch.Tensor], tree: Any) -> Any:
    """Change every tensor of nested mappings, tuples and lists.

    Args:
        change: What to do with a tensor.
        tree: A tensor, or containers of them; other leaves stay as they are.

    Returns:
        The same nesting with the changed tensors.
    """
    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, Mapping):
        items = cast("Mapping[Any, Any]", tree).items()
        return {key: map_tensors(change, value) for key, value in items}
    if isinstance(tree, (tuple, list)):
        return [map_tensors(change, value) for value in cast("Sequence[Any]", tree)]
    return tree


def tensors_of(tree: Any) -> Iterator[torch.Tensor]:
    """Walk over the tensors of nested mappings, tuples and lists.

    Args:
        tree: A tensor, or containers of them.

    Yields:
        Each tensor.
    """
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, Mapping):
        for value in cast("Mapping[Any, Any]", tree).values():
            yield from tensors_of(value)
    elif isinstance(tree, (tuple, list)):
        for value in cast("Sequence[Any]", tree):
            yield from tensors_of(value)


def _source(data: object) -> tuple[torch.Tensor, torch.Tensor] | PairDataset:
    if isinstance(data, TensorDataset):
        data = data.tensors
    if isinstance(data, (tuple, list)):
        parts = cast("Sequence[object]", data)
        tensors = [part for part in parts if isinstance(part, torch.Tensor)]
        if len(tensors) == len(parts) == 2 and all(part.ndim for part in tensors):
            return _equally_long(*tensors)
    wanted = "a map-style data set of (input, target) pairs or two tensors (x, y)"
    if isinstance(data, IterableDataset) or not isinstance(data, PairDataset):
        message = (
            f"data: expected {wanted}, got {_describe(data)} without __len__ and "
            "__getitem__; read it into tensors, or pass the loader's data set"
        )
        raise ValueError(message)
    if isinstance(data, (tuple, list)) and not _holds_pairs(cast("Any", data)):
        message = (
            f"data: expected {wanted}, got {_describe(data)}; "
            "turn arrays into tensors by torch.as_tensor"
        )
        raise ValueError(message)
    return data


def _equally_long(
    inputs: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    if len(inputs) != len(targets):
        message = (
            "data: expected two tensors of equal length, got "
            f"{len(inputs)} inputs and {len(targets)} targets"
        )
        raise ValueError(message)
    return inputs, targets


def _holds_pairs(sequence: Sequence[object]) -> bool:
    return all(
        isinstance(item, (tuple, list)) and len(cast("Sequence[object]", item)) == 2
        for item in sequence
    )


def _describe(data: object) -> str:
    name = type(data).__name__
    if isinstance(data, (tuple, list)):
        kinds = ", ".join(
            type(item).__name__ for item in cast("Sequence[object]", data)[:4]
        )
        return f"a {name} of ({kinds})"
    return name
