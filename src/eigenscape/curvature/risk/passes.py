"""Passes over the examples of a risk, minibatch by minibatch, each as the first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, final

import torch
from jaxtyping import Int64

from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk.data import tensors_of
from eigenscape.curvature.risk.examples import Examples, Minibatch, refuse_change
from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.curvature.risk.validation import reading, require_positions

DEFAULT_BATCH_SIZE = 1024
"""Examples a minibatch. A multiply of this many rows keeps one core busy, and the
graph of so many small images stays within a few GB; not tuned on a workload."""

WORDS = 1024
"""Words of 64 bits in a row of a table. A tensor's bytes are such a table, and the sums
of its rows and columns, modulo 2⁶⁴, stand for it: no accident changes bytes and keeps
all of them. They take a tenth of the time of SHA-256, a fiftieth of that of a gradient
of the MLP 784-256-256-10."""


@final
class Passes:
    """Examples and the minibatches in which they are read.

    Attributes:
        examples: The examples.
        batch_size: Most examples of a minibatch.
        device: The device whose random state reading leaves alone, besides the
            processor's.
    """

    def __init__(
        self, examples: Examples, batch_size: int | None, device: torch.device
    ) -> None:
        """Set the size of the minibatches.

        Args:
            examples: The examples.
            batch_size: Most examples of a minibatch. If None, minibatches stay as they
                came, or are of 1024.
            device: See the class.

        Raises:
            ValueError: If the size is below 1.
        """
        if batch_size is None:
            came = max(examples.sizes) if examples.batched else None
            batch_size = came or DEFAULT_BATCH_SIZE
        if batch_size < 1:
            message = f"batch_size: expected at least 1, got {batch_size}; raise it"
            raise ValueError(message)
        self.examples = examples
        self.batch_size = batch_size
        self.device = device
        self._witnesses: list[str] = []

    @property
    def first(self) -> int:
        """Count the examples of the first minibatch."""
        return min(self.batch_size, self.examples.sizes[0])

    def resized(self, batch_size: int) -> Passes:
        """Read the same examples in other minibatches.

        Args:
            batch_size: Most examples of one.

        Returns:
            Passes over the same examples.
        """
        return Passes(self.examples, batch_size, self.device)

    def select(self, positions: Int64[torch.Tensor, " k"]) -> Passes:
        """Restrict them to some examples.

        Args:
            positions: Positions of the examples.

        Returns:
            Passes over these.
        """
        require_positions(positions, len(self.examples))
        with self._unnoticed(), reading("the examples selected"):
            chosen = self.examples.select(positions.cpu())
        return Passes(chosen, self.batch_size, self.device)

    def draw(self, count: int, generator: torch.Generator) -> Passes:
        """Draw examples without replacement.

        Args:
            count: How many.
            generator: Source of the draw, on the processor.

        Returns:
            Passes over these.

        Raises:
            ValueError: If there are not as many.
        """
        examples = len(self.examples)
        if not 1 <= count <= examples:
            message = (
                f"batch_size: expected between 1 and the {examples} examples there "
                f"are, got {count}; draw fewer"
            )
            raise ValueError(message)
        return self.select(torch.randperm(examples, generator=generator)[:count])

    def walk(self) -> Iterator[Minibatch]:
        """Read all examples, and refuse a source that differs from the first pass.

        Yields:
            Inputs, targets and number of examples of each minibatch.
        """
        minibatches = self.examples.walk(self.batch_size)
        for index in itertools.count():
            with self._unnoticed(), reading(f"minibatch {index}"):
                minibatch = next(minibatches, None)
            if minibatch is None:
                return
            *pair, _ = minibatch
            witness = _witness(pair)
            if index == len(self._witnesses):
                self._witnesses.append(witness)
            elif self._witnesses[index] != witness:
                refuse_change(f"minibatch {index} as before", "another")
            yield minibatch

    def _unnoticed(self) -> AbstractContextManager[None]:
        # Keeping the states takes longer than cutting a minibatch out of tensors.
        quiet = self.examples.in_memory
        return nullcontext() if quiet else keep_random_state(self.device)


def _witness(tree: Any) -> str:
    """Digest all tensors of a minibatch at the speed at which memory is read."""
    return digest(part for tensor in tensors_of(tree) for part in _sums(tensor))


def _sums(tensor: torch.Tensor) -> Iterator[str | torch.Tensor]:
    yield f"{tensor.dtype} {tuple(tensor.shape)}"
    flat = tensor.detach().reshape(-1)
    if flat.stride(0) != 1 or flat.storage_offset() * flat.element_size() % 8:
        flat = flat.clone(memory_format=torch.contiguous_format)
    flat = flat.view(torch.uint8)
    rest = len(flat) % (8 * WORDS)
    table = flat[: len(flat) - rest]
    words = table.view(torch.int64).view(-1, WORDS)
    yield from (words.sum(0), words.sum(1), flat[len(flat) - rest :])
