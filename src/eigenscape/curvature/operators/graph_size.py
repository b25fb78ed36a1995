"""GraphSize: what the graphs of minibatches take, forecast from small ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from eigenscape.curvature.memory import graph_bytes


@dataclass(frozen=True)
class GraphSize:
    """Bytes that autograd keeps for a minibatch's graph, as a line in its examples.

    Both are not numbers where that cannot be measured.

    Attributes:
        fixed: Bytes that every graph takes.
        each: Bytes for each example.
    """

    fixed: float
    each: float

    def total(self, minibatches: int, examples: int) -> float:
        """Forecast the graphs of several minibatches together.

        Args:
            minibatches: Their number.
            examples: Examples in all of them.

        Returns:
            Bytes.
        """
        return self.fixed * minibatches + self.each * examples

    def known(self, minibatches: int, examples: int) -> int:
        """Forecast as ``total`` does, for those who cannot do without.

        Args:
            minibatches: Their number.
            examples: Examples in all of them.

        Returns:
            Bytes.

        Raises:
            ValueError: If the graphs could not be measured.
        """
        taken = self.total(minibatches, examples)
        if math.isnan(taken):
            message = (
                "memory: expected a graph that can be measured, got a model that uses "
                "torch.func inside; differentiate by torch.autograd.grad there"
            )
            raise ValueError(message)
        return int(taken)

    def fitting(self, batch: int, budget: int, *, whole: bool) -> int:
        """Tell the largest minibatch whose graph fits.

        Args:
            batch: Examples of the minibatch wanted.
            budget: Bytes that may be taken.
            whole: Whether it must not be cut.

        Returns:
            Examples, at most as many as wanted; as many if sizes are not known.

        Raises:
            ValueError: If no minibatch fits, or it fits only in parts but must be
                whole.
        """
        if not self.total(1, batch) > budget:
            return batch
        fitting = int((budget - self.fixed) / max(self.each, 1.0))
        if fitting < 1 or whole:
            why = " (batch norm in training mode needs them together)" if whole else ""
            gigabytes = self.total(1, batch) / 1e9
            message = (
                f"memory: expected {gigabytes:.3g} GB for the graph of a minibatch of "
                f"{batch}{why}, got {budget / 1e9:.3g} GB; lower batch_size or raise "
                "memory"
            )
            raise ValueError(message)
        return fitting


def measure_graph_size(
    build: Callable[[int], object],
    params: Iterable[torch.Tensor],
    *,
    examples: int,
    few: int,
) -> GraphSize:
    """Measure the graphs of two small minibatches.

    Args:
        build: Builds the graph of a minibatch of so many examples.
        params: The parameters, which are in memory anyway.
        examples: Examples there are.
        few: Examples in the smaller minibatch; the larger has twice as many.

    Returns:
        The line through both; through zero if there are too few examples for two.
    """
    known = list(params)
    small, large = min(few, examples), min(2 * few, examples)
    sizes = [graph_bytes(lambda n=n: build(n), known) for n in (small, large)]
    if large == small:
        return GraphSize(0.0, sizes[0] / small)
    each = max(sizes[1] - sizes[0], 0) / (large - small)
    return GraphSize(max(sizes[0] - small * each, 0.0), each)
