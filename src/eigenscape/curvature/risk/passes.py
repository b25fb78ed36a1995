"""Passes over the examples of a risk, minibatch by minibatch, each as the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import final

import torch
from jaxtyping import Int64

from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk.data import take_rows, tensors_of
from eigenscape.curvature.risk.examples import Examples, Minibatch, refuse_change
from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.curvature.risk.validation import reading, require_positions

DEFAULT_BATCH_SIZE = 1024
"""Examples a minibatch. A multiply of this many rows keeps one core busy, and the
graph of so many small images stays within a few GB; not tuned on a workload."""

WITNESSES = 8
"""Examples of each minibatch that must be the same in every pass: a source that
shuffles or augments changes them too, and digesting so few costs next to nothing."""


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
        witnesses: list[str] = []
        while True:
            index = len(witnesses)
            with self._unnoticed(), reading(f"minibatch {index}"):
                minibatch = next(minibatches, None)
            if minibatch is None:
                self._witnesses = witnesses
                return
            *pair, _ = minibatch
            witnesses.append(digest(tensors_of(take_rows(pair, slice(WITNESSES)))))
            if self._witnesses and self._witnesses[index] != witnesses[-1]:
                refuse_change(f"minibatch {index} as before", "another")
            yield minibatch

    def _unnoticed(self) -> AbstractContextManager[None]:
        # Keeping the states takes longer than cutting a minibatch out of tensors.
        quiet = self.examples.in_memory
        return nullcontext() if quiet else keep_random_state(self.device)
