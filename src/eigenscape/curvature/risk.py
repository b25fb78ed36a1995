"""EmpiricalRisk: a model, its loss and its data, as a function of one flat vector."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch
from jaxtyping import Float
from torch import nn
from torch.func import functional_call

from eigenscape.curvature.data import Examples, as_arguments, map_tensors
from eigenscape.curvature.isolation import keep_random_state, twice_differentiable
from eigenscape.curvature.validation import (
    in_one_line,
    require_finite,
    require_finite_loss,
    require_mean,
    require_same_kind,
    require_scalar,
)

Loss = Callable[[Any, Any], torch.Tensor]

DEFAULT_BATCH_SIZE = 1024
"""Examples a minibatch. A multiply of this many rows keeps one core busy, and the
graph of so many small images stays within a few GB; not tuned on a workload."""


@final
class EmpiricalRisk:
    """The mean loss L(θ) = (1/n) ∑ᵢ l(f(xᵢ; θ), yᵢ) over a set of examples.

    θ is the flat vector of the trainable parameters, in the order of
    ``model.named_parameters()``, shared ones once, frozen ones left out. Evaluation
    leaves the model as it is: its mode, parameters, gradients and buffers, and the
    global random states. The model and its present parameters are used, not copied.

    Attributes:
        model: The model f, evaluated in the mode it is in.
        loss: The mean loss l of a minibatch, of its output and its targets.
        batch_size: Examples pushed through the model at once.
        params: The trainable parameters.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        data: object,
        *,
        batch_size: int | None = None,
    ) -> None:
        """Take in and check a model, a loss and data, on the first minibatch.

        Args:
            model: Called with an input, with ``*inputs`` if a tuple or a list, with
                ``**inputs`` if a mapping.
            loss: Maps the output and the targets of a minibatch to a scalar, the
                *mean* over its examples.
            data: A map-style data set of (input, target) pairs, or two equally long
                tensors; a fast path serves tensors.
            batch_size: Examples pushed through the model at once; it bounds the
                memory and leaves the values as they are. 1024 if None.

        Raises:
            ValueError: If an argument is not as said, the model fails on the first
                minibatch, or its loss is no finite scalar mean.
        """
        if batch_size is not None and batch_size < 1:
            message = f"batch_size: expected at least 1, got {batch_size}"
            raise ValueError(message)
        self.model = model
        self.loss = loss
        self.batch_size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
        self.params = tuple(p for p in model.parameters() if p.requires_grad)
        require_same_kind(self.params)
        self._examples = Examples.of(data)
        with self.isolated(), torch.no_grad():
            self._try_first_minibatch()
            require_mean(self._first_loss, min(self.examples, self.batch_size))

    @property
    def size(self) -> int:
        """Count the trainable scalars.

        Returns:
            The number P of parameters.
        """
        return sum(p.numel() for p in self.params)

    @property
    def examples(self) -> int:
        """Count the examples.

        Returns:
            The number n of examples.
        """
        return len(self._examples)

    @property
    def minibatches(self) -> int:
        """Count the minibatches of a pass over the data.

        Returns:
            ⌈n / batch_size⌉.
        """
        return -(-self.examples // self.batch_size)

    @property
    def dtype(self) -> torch.dtype:
        """Tell the floating-point type.

        Returns:
            The type of the parameters.
        """
        return self.params[0].dtype

    @property
    def device(self) -> torch.device:
        """Tell the device.

        Returns:
            The device of the parameters.
        """
        return self.params[0].device

    def subsample(self, batch_size: int, generator: torch.Generator) -> EmpiricalRisk:
        """Draw examples without replacement: the risk of a random batch.

        Args:
            batch_size: Examples to draw. They are one minibatch if this risk's own
                ``batch_size`` is at least as large.
            generator: Source of the draw, on the processor.

        Returns:
            The risk of the same model on the examples drawn.

        Raises:
            ValueError: If there are not as many examples.
        """
        if not 1 <= batch_size <= self.examples:
            message = (
                f"batch_size: expected between 1 and the {self.examples} examples "
                f"there are, got {batch_size}"
            )
            raise ValueError(message)
        return self.select(
            torch.randperm(self.examples, generator=generator)[:batch_size]
        )

    def select(self, positions: torch.Tensor) -> EmpiricalRisk:
        """Restrict the data to some examples.

        Args:
            positions: Positions of the examples; repetitions are allowed.

        Returns:
            The risk of the same model on these examples.
        """
        risk = copy.copy(self)
        risk._examples = self._examples.select(positions)
        return risk

    def first_minibatch(self) -> EmpiricalRisk:
        """Restrict the data to the first minibatch.

        Returns:
            This risk if it has one minibatch only.
        """
        if self.minibatches == 1:
            return self
        return self.select(torch.arange(self.batch_size))

    @contextmanager
    def isolated(self) -> Generator[None]:
        """Evaluate inside: random states kept, second derivatives available.

        Yields:
            Nothing.
        """
        device = self.device
        with keep_random_state(device), twice_differentiable(self.model, device):
            yield

    def batches(self) -> Iterator[tuple[Any, Any, float]]:
        """Walk over the minibatches.

        Yields:
            Inputs and targets on the parameters' device, and the share count / n of
            the examples, which is the minibatch's weight in the risk.
        """
        for start in range(0, self.examples, self.batch_size):
            stop = min(start + self.batch_size, self.examples)
            with keep_random_state(self.device):
                pair = self._fetch(start, stop)
            inputs, targets = (map_tensors(self._move, tree) for tree in pair)
            yield inputs, targets, (stop - start) / self.examples

    def output(self, inputs: Any) -> Any:
        """Evaluate the model, with copies of its buffers.

        Args:
            inputs: One minibatch of inputs.

        Returns:
            The model's output.
        """
        buffers = {name: b.clone() for name, b in self.model.named_buffers()}
        return functional_call(self.model, buffers, *as_arguments(inputs))

    def batch_loss(
        self, inputs: Any, targets: Any, *, index: int
    ) -> Float[torch.Tensor, ""]:
        """Evaluate the mean loss of one minibatch; call it inside ``isolated()``.

        Args:
            inputs: The inputs.
            targets: The targets.
            index: The number of the minibatch, for the message.

        Returns:
            The loss with its graph.
        """
        loss = self.loss(self.output(inputs), targets)
        require_finite_loss(loss.detach(), index, self.params, (inputs, targets))
        return loss

    def batch_gradient(
        self, loss: Float[torch.Tensor, ""], *, create_graph: bool = False
    ) -> Sequence[torch.Tensor | None]:
        """Differentiate the loss of one minibatch.

        Args:
            loss: The loss with its graph.
            create_graph: Whether the gradient is to be differentiated again.

        Returns:
            One tensor a parameter; None where the loss does not depend on it.
        """
        if not loss.requires_grad:
            return [None] * len(self.params)
        return torch.autograd.grad(
            loss, self.params, create_graph=create_graph, allow_unused=True
        )

    def value(self) -> float:
        """Evaluate the risk.

        Returns:
            L(θ) at the present parameters.
        """
        total = 0.0
        with self.isolated(), torch.no_grad():
            for index, (inputs, targets, weight) in enumerate(self.batches()):
                loss = self.batch_loss(inputs, targets, index=index)
                total += weight * loss.item()
        return total

    def gradient(self) -> Float[torch.Tensor, " P"]:
        """Evaluate the gradient of the risk.

        Returns:
            ∇L(θ) at the present parameters; zeros where the loss does not depend on
            a parameter.
        """
        with self.isolated():
            total = torch.zeros(self.size, dtype=self.dtype, device=self.device)
            for index, (inputs, targets, weight) in enumerate(self.batches()):
                loss = self.batch_loss(inputs, targets, index=index)
                piece = self.flatten(self.batch_gradient(loss))
                require_finite("gradient", piece, index)
                total.add_(piece, alpha=weight)
        return total

    def flatten(
        self, pieces: Sequence[torch.Tensor | None]
    ) -> Float[torch.Tensor, " P"]:
        """Join one tensor a parameter to a flat vector.

        Args:
            pieces: Tensors shaped like ``params``; None stands for zeros.

        Returns:
            The flat vector.
        """
        parts = [
            torch.zeros_like(param) if piece is None else piece
            for param, piece in zip(self.params, pieces, strict=True)
        ]
        return torch.cat([part.reshape(-1) for part in parts])

    def unflatten(self, vector: Float[torch.Tensor, " P"]) -> list[torch.Tensor]:
        """Cut a flat vector into one tensor a parameter, without copying.

        Args:
            vector: The flat vector.

        Returns:
            Views shaped like ``params``.

        Raises:
            ValueError: If the length is not the number of parameters.
        """
        if vector.shape != (self.size,):
            shape = tuple(vector.shape)
            message = f"vector: expected shape ({self.size},), got {shape}"
            raise ValueError(message)
        pieces = vector.split([param.numel() for param in self.params])
        return [
            piece.view(param.shape)
            for piece, param in zip(pieces, self.params, strict=True)
        ]

    def _fetch(self, start: int, stop: int) -> tuple[Any, Any]:
        try:
            return self._examples.fetch(start, stop)
        except ValueError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            message = f"data: expected examples {start} to {stop - 1}, got {reason}"
            raise ValueError(message) from error

    def _try_first_minibatch(self) -> None:
        versions = [param._version for param in self.params]
        inputs, targets, _ = next(self.batches())
        with in_one_line("model", "accept the first minibatch", inputs):
            output = self.output(inputs)
        with in_one_line("loss", "accept output and targets", (output, targets)):
            loss = require_scalar(self.loss(output, targets))
        require_finite_loss(loss, 0, self.params, (inputs, targets))
        if versions != [param._version for param in self.params]:
            message = (
                "model, loss: expected an evaluation that keeps the parameters, got "
                "changed ones; remove the in-place update"
            )
            raise ValueError(message)

    def _first_loss(self, positions: torch.Tensor) -> float:
        inputs, targets, _ = next(self.select(positions).batches())
        return self.loss(self.output(inputs), targets).item()

    def _move(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device)
