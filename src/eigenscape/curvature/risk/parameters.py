"""Parameters: the flat vector θ, which of a model's tensors form it, in which order."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast, final

import torch
from jaxtyping import Float, Int64
from torch import nn

Selection = str | torch.Tensor | Iterable[str | torch.Tensor]
"""Parameters by name, by pattern such as "head.*", or themselves."""

Grouping = Literal["parameter", "layer", "block"]

NEAR_MISSES = 3
"""Names proposed for an unknown one."""


@final
@dataclass(frozen=True, eq=False)
class Parameters:
    """The parameters θ of a model, in the order of ``model.named_parameters()``.

    A parameter that the model holds under several names is one, under the first.

    Attributes:
        names: Their names.
        tensors: The parameters.
        known: Position in ``names`` of every name, those of tied parameters too.
    """

    names: tuple[str, ...]
    tensors: tuple[torch.Tensor, ...]
    known: Mapping[str, int]

    @staticmethod
    def of(model: nn.Module, selection: Selection | None = None) -> Parameters:
        """Select parameters of a model.

        A pattern selects the trainable parameters among those it fits.

        Args:
            model: The model.
            selection: Which of its trainable parameters; all if None.

        Returns:
            The parameters.
        """
        every = dict(model.named_parameters(remove_duplicate=False))
        if selection is None:
            chosen = {id(param) for param in every.values() if param.requires_grad}
        else:
            chosen = _trainable(every, selection)
        named = [(n, p) for n, p in model.named_parameters() if id(p) in chosen]
        position = {id(param): k for k, (_, param) in enumerate(named)}
        return Parameters(
            names=tuple(name for name, _ in named),
            tensors=tuple(param for _, param in named),
            known={n: position[id(p)] for n, p in every.items() if id(p) in chosen},
        )

    def of_copy(self, model: nn.Module) -> Parameters:
        """Find the same parameters in a copy of the model.

        Args:
            model: The copy.

        Returns:
            Its parameters of the same names.
        """
        every = dict(model.named_parameters())
        tensors = tuple(every[name] for name in self.names)
        return Parameters(self.names, tensors, self.known)

    @cached_property
    def lengths(self) -> list[int]:
        """Count the scalars of each parameter."""
        return [tensor.numel() for tensor in self.tensors]

    @cached_property
    def size(self) -> int:
        """Count the scalars of θ: P."""
        return sum(self.lengths)

    def flatten(
        self, pieces: Sequence[torch.Tensor | None]
    ) -> Float[torch.Tensor, " P"]:
        """Join one tensor a parameter to a flat vector.

        Args:
            pieces: Tensors shaped like the parameters; None stands for zeros.

        Returns:
            The flat vector.

        Raises:
            ValueError: If number or shapes are not those of the parameters.
        """
        parts = [
            torch.zeros_like(param) if piece is None else piece.to_dense()
            for param, piece in zip(self.tensors, pieces, strict=False)
        ]
        wanted = [param.shape for param in self.tensors]
        if len(pieces) != len(wanted) or [part.shape for part in parts] != wanted:
            message = (
                f"pieces: expected the shapes {_shapes(wanted)}, got "
                f"{_shapes(p.shape for p in pieces if p is not None)}; pass one tensor "
                "a parameter, or None"
            )
            raise ValueError(message)
        return torch.cat([part.reshape(-1) for part in parts])

    def unflatten(self, vector: Float[torch.Tensor, " P"]) -> list[torch.Tensor]:
        """Cut a flat vector into one tensor a parameter, without copying.

        Args:
            vector: The flat vector.

        Returns:
            Views shaped like the parameters.

        Raises:
            ValueError: If the length is not the number of scalars.
        """
        if vector.shape != (self.size,):
            message = (
                f"vector: expected shape ({self.size},), got {tuple(vector.shape)}; "
                "pass one number a parameter, in the order of flatten"
            )
            raise ValueError(message)
        pieces = vector.split(self.lengths)
        return [
            piece.view(tensor.shape)
            for piece, tensor in zip(pieces, self.tensors, strict=True)
        ]

    def positions(self, selection: str | Iterable[str]) -> Int64[torch.Tensor, " k"]:
        """Tell where some parameters lie in the flat vector.

        Args:
            selection: Names or patterns.

        Returns:
            Their coordinates, ascending, on the processor.
        """
        entries = [selection] if isinstance(selection, str) else selection
        names = [name for entry in entries for name in _fitting(self.known, entry)]
        chosen = {self.known[name] for name in names}
        places = torch.arange(self.size).split(self.lengths)
        return torch.cat([places[k] for k in sorted(chosen)] or [torch.arange(0)])


def group_names(
    model: nn.Module, names: Iterable[str], by: Grouping
) -> dict[str, tuple[str, ...]]:
    """Group parameters by the part of the model that they belong to.

    Args:
        model: The model.
        names: Names of parameters.
        by: "parameter" for each alone; "layer" for the module that owns it; "block"
            for the entry of the outermost ``Sequential`` or ``ModuleList`` that it
            lies in, or else the model's child. What the model owns itself is in a
            group of the name of its class.

    Returns:
        Names of each group, in the order given.

    Raises:
        ValueError: If ``by`` is something else.
    """
    if by not in {"parameter", "layer", "block"}:
        message = (
            f"by: expected 'parameter', 'layer' or 'block', got {by!r}; choose one"
        )
        raise ValueError(message)
    groups: dict[str, tuple[str, ...]] = {}
    for name in names:
        owner = _owner(name)
        path = _block(model, owner) if by == "block" else owner
        group = name if by == "parameter" else ".".join(path) or type(model).__name__
        groups[group] = (*groups.get(group, ()), name)
    return groups


def _owner(name: str) -> list[str]:
    path = name.split(".")
    # torch.nn.utils.parametrize keeps weight at parametrizations.weight.original
    replaced = "parametrizations"
    return path[: path.index(replaced)] if replaced in path else path[:-1]


def _block(model: nn.Module, owner: list[str]) -> list[str]:
    module = model
    for depth, child in enumerate(owner, start=1):
        if isinstance(module, (nn.Sequential, nn.ModuleList)):
            return owner[:depth]
        module = cast("nn.Module", getattr(module, child))
    return owner[:1]


def _trainable(every: Mapping[str, torch.Tensor], selection: Selection) -> set[int]:
    """The identities of the parameters selected."""
    is_one = isinstance(selection, (str, torch.Tensor))
    entries = [selection] if is_one else list(cast("Iterable[Any]", selection))
    if not entries:
        message = (
            "parameters: expected at least one name, pattern or parameter, got none; "
            "pass None for all that are trainable"
        )
        raise ValueError(message)
    chosen: set[int] = set()
    for entry in entries:
        if isinstance(entry, str):
            fitting = [every[name] for name in _fitting(every, entry)]
            shown = repr(entry)
        else:
            fitting = [param for param in every.values() if param is entry]
            shown = f"a tensor of shape {tuple(entry.shape)}"
        trainable = {id(param) for param in fitting if param.requires_grad}
        if not trainable:
            raise _untrainable(shown, fitting)
        chosen |= trainable
    return chosen


def _untrainable(shown: str, fitting: Sequence[torch.Tensor]) -> ValueError:
    if not fitting:
        got, remedy = f"{shown} that is none of them", "pass one of model.parameters()"
    elif not any(param.is_floating_point() for param in fitting):
        got, remedy = f"{shown} of {fitting[0].dtype}", "leave it out"
    else:
        got, remedy = f"{shown}, which is frozen", "call requires_grad_(True) on it"
    return ValueError(
        f"parameters: expected trainable parameters of the model, got {got}; {remedy}"
    )


def _fitting(known: Collection[str], entry: str) -> list[str]:
    if entry in known:
        return [entry]
    names = [name for name in known if fnmatch.fnmatchcase(name, entry)]
    if not names:
        near = difflib.get_close_matches(entry, known, NEAR_MISSES, cutoff=0)
        if any(name.startswith(f"{entry}.") for name in known):
            near.insert(0, f"{entry}.*")
        message = (
            "parameters: expected names or patterns of parameters of the model, got "
            f"{entry!r}, which fits none; nearest are {', '.join(near)}"
        )
        raise ValueError(message)
    return names


def _shapes(shapes: Iterable[torch.Size]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
