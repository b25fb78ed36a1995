"""RiskOperator: what the operators of a risk share, minibatch by minibatch."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import torch
from jaxtyping import Float

from eigenscape.curvature.kernels import CheapSecondDerivatives
from eigenscape.curvature.memory import graph_budget, ran_out_of_memory
from eigenscape.curvature.operators.checks import (
    check_derivatives,
    check_deterministic,
    check_in_double,
    check_symmetric,
)
from eigenscape.curvature.operators.compiled import compile_product
from eigenscape.curvature.operators.derived import Derived
from eigenscape.curvature.operators.graph_size import GraphSize, measure_graph_size
from eigenscape.curvature.operators.operator import Product
from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.isolation import keep_random_state
from eigenscape.curvature.risk.padding import padding_positions
from eigenscape.curvature.risk.validation import require_finite

PROBE_SEED = 0
"""Seed of the vectors that the self-check multiplies; any will do."""

SLICE = 8
"""Examples on which derivatives are held against differences and memory is measured:
enough for batch statistics, few enough to cost little beside one minibatch."""


class RiskOperator(Derived):
    """A symmetric operator that is a mean over the minibatches of a risk.

    A kind of operator says how one minibatch multiplies (``linearise``), and how the
    same number comes out of differences (``difference``). Shared by all: one graph a
    minibatch, through which all vectors are pushed before it is freed; graphs kept
    for further products where memory allows; a self-check; smaller minibatches where
    memory does not suffice.

    Attributes:
        risk: The risk. Its minibatches are smaller than those of the risk given where
            memory demands it, which leaves the operator as it is.
        budget: Bytes that graphs may take; None for no limit.
    """

    def __init__(
        self,
        risk: EmpiricalRisk,
        *,
        check: bool = True,
        retain: bool = True,
        memory: int | None = None,
        compiled: bool = False,
    ) -> None:
        """Take in a risk, and check that its derivatives can be trusted.

        A risk that two evaluations do not agree on, such as one with active dropout,
        raises a NondeterministicOperatorError; products that are not symmetric, or not
        what differences say, raise a ValueError.

        Args:
            risk: The risk.
            check: Whether to check determinism, symmetry and derivatives, for the price
                of about four products with the first minibatch.
            retain: Whether to keep graphs, if they fit, once a second product at the
                same parameters is asked for or announced; it costs a gradient less.
            memory: Bytes that graphs may take. Half of what is available if None.
            compiled: Whether to compile products, for hundreds of them on the same
                minibatches, whose graphs must fit in memory together.
        """
        self.risk = risk
        self.budget = graph_budget(risk.device) if memory is None else memory
        self._retain = retain
        self._compiled = self._more = compiled
        self._kept: list[tuple[Product, float]] = []
        self._seen_at: tuple[tuple[int, int], ...] = ()
        self._keeps_all: bool | None = None
        if check:
            self._fit_memory()
            self._check()

    @abstractmethod
    def linearise(self, inputs: Any, targets: Any, index: int) -> Product:
        """Build the graph of one minibatch; called in an isolated context.

        Args:
            inputs: The inputs.
            targets: The targets.
            index: The number of the minibatch, for messages.

        Returns:
            The map of directions to products with the minibatch's operator.
        """

    @abstractmethod
    def difference(
        self,
        risk: EmpiricalRisk,
        first: Float[torch.Tensor, " P"],
        second: Float[torch.Tensor, " P"],
        step: float,
    ) -> float:
        """Compute u·Av of one minibatch without the derivatives that products use.

        Args:
            risk: A risk of one minibatch.
            first: u.
            second: v.
            step: Length of the step along v, or along both.

        Returns:
            The form, by central differences.
        """

    def over(self, risk: EmpiricalRisk) -> RiskOperator:
        """Make the operator of the same kind over another risk, unchecked.

        Args:
            risk: The other risk.

        Returns:
            The operator.
        """
        twin = copy.copy(self)
        twin.risk = risk
        twin._kept, twin._seen_at, twin._keeps_all = [], (), None
        return twin

    @property
    def source(self) -> EmpiricalRisk:
        """See Derived."""
        return self.risk

    def expect_more(self) -> None:
        """See LinearOperator."""
        self._more = True

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator."""
        return self.products(vector[None])[0]

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """Multiply several vectors by one graph a minibatch; see LinearOperator."""
        return self.products(matrix.T.contiguous()).T

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """Compute loss and gradient of the first minibatch from its data.

        Args:
            probe: Not used.

        Returns:
            The loss, then the gradient.
        """
        del probe
        with self.risk.isolated():
            inputs, targets, _ = next(self.risk.batches())
            loss = self.risk.batch_loss(inputs, targets, index=0)
            gradient = self.risk.flatten(self.risk.batch_gradient(loss))
        return torch.cat([loss.detach().to(self.dtype).reshape(1), gradient])

    def fingerprint(self) -> str:
        """See LinearOperator."""
        return digest([type(self).__name__, self.risk.fingerprint()])

    def products(
        self,
        rows: Float[torch.Tensor, "c P"],
        blocks: Sequence[Sequence[int]] | None = None,
    ) -> Float[torch.Tensor, "c P"]:
        """Multiply several vectors, with the operator or with its diagonal blocks.

        Args:
            rows: The vectors.
            blocks: Sets of positions in ``risk.params``: what is multiplied is the
                operator without the entries that couple two sets, each set by itself,
                all through the same graphs. One set of all parameters if None.

        Returns:
            The products.

        Raises:
            ValueError: If the vectors are of another type or on another device, a
                product is not finite, or memory does not suffice for one example.
        """
        if rows.dtype != self.dtype or rows.device != self.device:
            message = (
                f"vector: expected {self.dtype} on {self.device}, got {rows.dtype} on "
                f"{rows.device}; convert it by .to(...)"
            )
            raise ValueError(message)
        while True:
            try:
                return self._products(rows, blocks)
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                self._shrink(error)

    def graph_memory(self) -> int:
        """Forecast what graphs take during a product, or between products.

        Returns:
            Bytes: of all minibatches if their graphs are kept, else of the largest.
        """
        every = self.risk.minibatches, self.risk.examples
        first = 1, self.risk.first_minibatch().examples
        return self._graph_size().known(*(every if self._keep_graphs() else first))

    def _products(
        self, rows: torch.Tensor, blocks: Sequence[Sequence[int]] | None
    ) -> torch.Tensor:
        # Around the products too: they evaluate checkpointed layers again.
        with self.risk.prepared(), CheapSecondDerivatives():
            total = torch.empty_like(rows) if blocks is None else torch.zeros_like(rows)
            blocks = [range(len(self.risk.params))] if blocks is None else blocks
            targets = [self.risk.unflatten(row) for row in total]
            directions = [self.risk.unflatten(row) for row in rows]
            work = [(row, block) for row in range(len(rows)) for block in blocks]
            for index, (product, weight, kept) in enumerate(self._minibatches()):
                for count, (row, block) in enumerate(work, start=1):
                    pieces = _inside(directions[row], block)
                    found = product(pieces, block, kept or count < len(work))
                    for position, piece in zip(block, found, strict=True):
                        _add(targets[row][position], piece, weight, first=index == 0)
                require_finite(f"{type(self).__name__} product", total, index, rows)
                del product  # before the graph of the next minibatch is built
        return total

    def _minibatches(self) -> Iterator[tuple[Product, float, bool]]:
        present = tuple((p.data_ptr(), p._version) for p in self.risk.params)
        again, self._seen_at = self._seen_at == present, present
        if self._kept and again:
            yield from ((product, weight, True) for product, weight in self._kept)
            return
        self._kept = []
        keep = (again or self._more) and self._keep_graphs()
        if self._compiled and not keep:
            message = (
                "compiled: expected graphs that are kept between products, got graphs "
                "that do not fit in memory or retain=False; measure fewer examples"
            )
            raise ValueError(message)
        built: list[tuple[Product, float]] = []
        with keep_random_state(self.device):
            for index, (inputs, targets, weight) in enumerate(self.risk.batches()):
                product = self._linearised(inputs, targets, index)
                if self._compiled:
                    product = compile_product(product, self.risk.params)
                if keep:
                    built.append((product, weight))
                yield product, weight, keep
                del product
        self._kept = built

    def _linearised(self, inputs: Any, targets: Any, index: int) -> Product:
        with self.risk.isolated(), CheapSecondDerivatives():
            return self.linearise(inputs, targets, index)

    def _keep_graphs(self) -> bool:
        if not self._retain or self.risk.minibatches == 1:
            return self._retain
        if self._keeps_all is None:
            taken = self._graph_size().total(self.risk.minibatches, self.risk.examples)
            self._keeps_all = self.budget is not None and taken <= self.budget
        return self._keeps_all

    def _few(self, count: int) -> EmpiricalRisk:
        first = self.risk.first_minibatch()
        return first.select(torch.arange(min(count, first.examples)))

    def _graph_size(self) -> GraphSize:
        def build(count: int) -> Product:
            inputs, targets, _ = next(self._few(count).batches())
            return self._linearised(inputs, targets, 0)

        with keep_random_state(self.device):
            return measure_graph_size(
                build,
                self.risk.params,
                examples=self.risk.first_minibatch().examples,
                few=SLICE,
            )

    def _fit_memory(self) -> None:
        batch = self.risk.first_minibatch().examples
        if self.budget is None or batch <= 2 * SLICE:
            return
        fitting = self._graph_size().fitting(
            batch, self.budget, whole=self.risk.couples_examples
        )
        if fitting < batch:
            self.risk = self.risk.with_batch_size(fitting)

    def _shrink(self, error: Exception) -> None:
        self._kept = []
        self._keeps_all = False
        batch = self.risk.first_minibatch().examples
        if batch == 1 or self.risk.couples_examples:
            message = (
                f"memory: expected room for a minibatch of {batch}, got none on "
                f"{self.device}; free memory, or measure a smaller model"
            )
            raise ValueError(message) from error
        self.risk = self.risk.with_batch_size(batch // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _check(self) -> None:
        generator = torch.Generator().manual_seed(PROBE_SEED)
        check_deterministic(self, generator)
        few = self._few(SLICE)
        twin = cache(few.double)  # made inside the check, which bears its failure

        def form(first: torch.Tensor, second: torch.Tensor, step: float) -> float:
            return self.difference(twin(), first, second, step)

        fixed = padding_positions(few.model, few.parameters)
        try:
            check_derivatives(self.over(few), form, generator, fixed=fixed)
            check_symmetric(self.over(self.risk.first_minibatch()), generator)
        except ValueError as error:
            if self.dtype == torch.float64:
                raise
            check_in_double(error, lambda: self.over(twin()), form, fixed)


def _inside(
    direction: Sequence[torch.Tensor], block: Sequence[int]
) -> list[torch.Tensor | None]:
    inside = set(block)
    return [piece if k in inside else None for k, piece in enumerate(direction)]


def _add(
    target: torch.Tensor, piece: torch.Tensor | None, weight: float, *, first: bool
) -> None:
    if first:
        target.zero_() if piece is None else torch.mul(piece, weight, out=target)
    elif piece is not None:
        target.add_(piece, alpha=weight)
