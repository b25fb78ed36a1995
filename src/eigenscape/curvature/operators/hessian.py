"""Hessian: second derivatives of a risk, by reverse mode over a retained graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.curvature.isolation import keep_random_state, twice_differentiable
from eigenscape.curvature.operators.checks import check_deterministic, check_symmetric
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.validation import in_one_line, require_finite

Gradient = Sequence[torch.Tensor | None]

PROBE_SEED = 0
"""Seed of the vectors that the self-check multiplies; any will do."""


@final
class Hessian(LinearOperator):
    """The Hessian ∇²L(θ) of an empirical risk, ∇(∇L(θ)·v) for a vector v.

    The gradient is differentiated by reverse mode again. The graph of the gradient
    is built once a minibatch for all vectors of a ``matmat``; the graph of a risk of
    one minibatch is kept between products, until the parameters change. Products by
    reverse over *forward* mode are not used: they are wrong through normalisation
    layers (PyTorch issue 196700). A product that is not finite raises a ValueError.

    Attributes:
        risk: The risk.

    References:
        Pearlmutter (1994), "Fast exact multiplication by the Hessian", Neural
        Computation 6, eq. (1), for products without the matrix.
    """

    def __init__(
        self, risk: EmpiricalRisk, *, check: bool = True, retain: bool = True
    ) -> None:
        """Take in a risk, and check that its derivatives can be trusted.

        A risk that two evaluations do not agree on, such as one with active dropout,
        raises a NondeterministicOperatorError; products that are not symmetric raise
        a ValueError.

        Args:
            risk: The risk.
            check: Whether to check determinism and symmetry on the first minibatch,
                for the price of about four gradients of it.
            retain: Whether to keep the graph of a risk of one minibatch between
                products; without, less memory is held and each product costs a
                gradient more.
        """
        self.risk = risk
        self._retain = retain and risk.minibatches == 1
        self._retained: tuple[tuple[tuple[int, int], ...], Gradient] | None = None
        if check:
            self._check()

    @property
    def size(self) -> int:
        """See LinearOperator."""
        return self.risk.size

    @property
    def dtype(self) -> torch.dtype:
        """See LinearOperator."""
        return self.risk.dtype

    @property
    def device(self) -> torch.device:
        """See LinearOperator."""
        return self.risk.device

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """Multiply one vector.

        Args:
            vector: The vector v.

        Returns:
            ∇²L(θ) v.
        """
        return self._products(vector[None])[0]

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """Multiply several vectors by one graph a minibatch.

        Args:
            matrix: The vectors as columns.

        Returns:
            Their products as columns.
        """
        return self._products(matrix.T.contiguous()).T.contiguous()

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

    def _check(self) -> None:
        generator = torch.Generator().manual_seed(PROBE_SEED)
        check_deterministic(self, generator)
        part = self
        if self.risk.minibatches > 1:
            part = Hessian(self.risk.first_minibatch(), check=False)
        check_symmetric(part, generator)

    def _products(self, rows: Float[torch.Tensor, "c P"]) -> Float[torch.Tensor, "c P"]:
        if rows.dtype != self.dtype or rows.device != self.device:
            message = (
                f"vector: expected {self.dtype} on {self.device}, got {rows.dtype} on "
                f"{rows.device}; convert it by .to(...)"
            )
            raise ValueError(message)
        # Around the products too: they evaluate checkpointed layers again.
        with twice_differentiable(self.risk.model, self.device):
            total = torch.zeros_like(rows)
            if self._retain:
                self._add_products(rows, total, self._retained_gradient(), 0, 1.0)
                return total
            with keep_random_state(self.device):
                self._add_minibatches(rows, total)
        return total

    def _add_minibatches(
        self, rows: Float[torch.Tensor, "c P"], total: Float[torch.Tensor, "c P"]
    ) -> None:
        for index, (inputs, targets, weight) in enumerate(self.risk.batches()):
            gradient = self._differentiable_gradient(inputs, targets, index)
            self._add_products(rows, total, gradient, index, weight)
            del gradient  # before the graph of the next minibatch is built

    def _add_products(
        self,
        rows: Float[torch.Tensor, "c P"],
        total: Float[torch.Tensor, "c P"],
        gradient: Gradient,
        index: int,
        weight: float,
    ) -> None:
        for row, out in zip(rows, total, strict=True):
            product = self._product(gradient, row)
            require_finite("Hessian product", product, index)
            out.add_(product, alpha=weight)

    def _product(
        self, gradient: Gradient, vector: Float[torch.Tensor, " P"]
    ) -> Float[torch.Tensor, " P"]:
        directions = self.risk.unflatten(vector)
        curved = [
            (piece, direction)
            for piece, direction in zip(gradient, directions, strict=True)
            if piece is not None and piece.requires_grad
        ]
        if not curved:
            return torch.zeros_like(vector)
        with in_one_line("model and loss", "have second derivatives", vector):
            pieces = torch.autograd.grad(
                [piece for piece, _ in curved],
                self.risk.params,
                [direction for _, direction in curved],
                retain_graph=True,
                allow_unused=True,
            )
        return self.risk.flatten(pieces)

    def _retained_gradient(self) -> Gradient:
        present = tuple((p.data_ptr(), p._version) for p in self.risk.params)
        if self._retained is None or self._retained[0] != present:
            self._retained = None
            with self.risk.isolated():
                inputs, targets, _ = next(self.risk.batches())
                gradient = self._differentiable_gradient(inputs, targets, 0)
            self._retained = (present, gradient)
        return self._retained[1]

    def _differentiable_gradient(
        self, inputs: Any, targets: Any, index: int
    ) -> Gradient:
        loss = self.risk.batch_loss(inputs, targets, index=index)
        return self.risk.batch_gradient(loss, create_graph=True)
