"""The data of a minibatch: nested tensors whose first axis counts the examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from jaxtyping import Int64

Rows = slice | Int64[torch.Tensor, " k"]
"""Examples of a minibatch: a stretch of them, or their positions."""

LABELS = "labels"
"""The key of the targets in a mapping, as in Hugging Face models and data sets."""


def as_arguments(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Turn a minibatch of inputs into what a model is called with.

    Args:
        inputs: A mapping for ``**inputs``, a tuple or a list for ``*inputs``, anything
            else for the one argument.

    Returns:
        Positional and named arguments.
    """
    if isinstance(inputs, Mapping):
        return (), dict(cast("Mapping[str, Any]", inputs))
    if isinstance(inputs, (tuple, list)):
        return tuple(cast("Sequence[Any]", inputs)), {}
    return (inputs,), {}


def as_pair(given: Any) -> tuple[Any, Any]:
    """Tell inputs from targets in an example or in a minibatch.

    Args:
        given: A pair, or a mapping with the targets at "labels" and inputs elsewhere.

    Returns:
        Inputs and targets.

    Raises:
        ValueError: If it is something else.
    """
    if isinstance(given, Mapping):
        fields = dict(cast("Mapping[str, Any]", given))
        if LABELS in fields and len(fields) > 1:
            targets = fields.pop(LABELS)
            return fields, targets
    elif isinstance(given, (tuple, list)) and len(cast("Any", given)) == 2:
        return tuple(cast("Any", given))
    message = (
        "data: expected (input, target) pairs or mappings of inputs with a key "
        f"'{LABELS}', got {describe(given)}; let the data set or collate_fn return such"
    )
    raise ValueError(message)


def map_tensors(change: Callable[[torch.Tensor], torch.Tensor], tree: Any) -> Any:
    """Change every tensor of nested mappings, tuples and lists.

    Args:
        change: What to do with a tensor.
        tree: A tensor, or containers of them; other leaves stay as they are.

    Returns:
        The same nesting with the changed tensors, mappings as dicts.
    """
    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, Mapping):
        items = cast("Mapping[Any, Any]", tree).items()
        return {key: map_tensors(change, value) for key, value in items}
    if isinstance(tree, (tuple, list)):
        values = [map_tensors(change, value) for value in cast("Sequence[Any]", tree)]
        if isinstance(tree, list):
            return values
        named = hasattr(cast("Any", tree), "_fields")
        return type(cast("Any", tree))(*values) if named else tuple(values)
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


def count_rows(tree: Any) -> int | None:
    """Count the examples of nested tensors.

    Args:
        tree: The tensors; those without axes belong to every example.

    Returns:
        The length of the first axis, if it is the same in all that have one.
    """
    lengths = {len(tensor) for tensor in tensors_of(tree) if tensor.ndim}
    return lengths.pop() if len(lengths) == 1 else None


def take_rows(tree: Any, rows: Rows) -> Any:
    """Cut some examples out of nested tensors.

    Args:
        tree: The tensors; those without axes are kept.
        rows: Which examples.

    Returns:
        The same nesting: views for a stretch, copies for positions.
    """

    def take(tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.ndim:
            return tensor
        return tensor[rows if isinstance(rows, slice) else rows.to(tensor.device)]

    return map_tensors(take, tree)


def join_rows(trees: Sequence[Any]) -> Any:
    """Put the examples of several nested tensors behind one another.

    Args:
        trees: Trees of one nesting, at least one.

    Returns:
        The joint tree; what has no rows is that of the first.

    Raises:
        ValueError: If an axis other than the first has another length.
    """
    if len(trees) == 1:
        return trees[0]
    parts = zip(*(tensors_of(tree) for tree in trees), strict=True)
    joined: list[torch.Tensor] = []
    for same in parts:
        if len({tensor.shape[1:] for tensor in same}) > 1:
            shapes = sorted({tuple(tensor.shape) for tensor in same})
            message = (
                "data: expected batches whose examples have one shape, to draw across "
                f"them, got {shapes[0]} and {shapes[-1]}; pad all to one length, or "
                "pass a DataLoader of the examples with a collate_fn that pads"
            )
            raise ValueError(message)
        joined.append(torch.cat(same) if same[0].ndim else same[0])
    remaining = iter(joined)
    return map_tensors(lambda _: next(remaining), trees[0])


def describe(data: object) -> str:
    """Name the kind of a caller's data, for messages.

    Args:
        data: Anything.

    Returns:
        Its type, with the types or keys inside a container.
    """
    name = type(data).__name__
    if isinstance(data, Mapping):
        keys = ", ".join(map(repr, list(cast("Mapping[Any, Any]", data))[:4]))
        return f"a {name} with the keys ({keys})"
    if isinstance(data, (tuple, list)):
        first = cast("Sequence[object]", data)[:4]
        return f"a {name} of ({', '.join(type(item).__name__ for item in first)})"
    return name
