"""EmpiricalRisk: a model, its loss and its data, as a function of one flat vector."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch
from jaxtyping import Float, Int64
from torch import nn
from torch.func import functional_call

from eigenscape.curvature.resume import digest
from eigenscape.curvature.risk.data import as_arguments, map_tensors, tensors_of
from eigenscape.curvature.risk.doubling import in_double
from eigenscape.curvature.risk.flat_function import FlatFunction
from eigenscape.curvature.risk.identity import Part, loss_parts, model_parts
from eigenscape.curvature.risk.isolation import (
    Mode,
    couples_examples,
    in_mode,
    keep_random_state,
    require_mode,
    twice_differentiable,
)
from eigenscape.curvature.risk.outputs import loss_takes_logits, required_logits
from eigenscape.curvature.risk.parameters import Parameters, Selection
from eigenscape.curvature.risk.passes import Passes
from eigenscape.curvature.risk.sources import examples_of
from eigenscape.curvature.risk.validation import (
    in_one_line,
    require_finite,
    require_finite_loss,
    require_kept,
    require_mean,
    require_recordable,
    require_same_kind,
    require_scalar,
)

Loss = Callable[[Any, Any], torch.Tensor]


@final
class EmpiricalRisk(FlatFunction):
    """The mean loss L(θ) = (1/n) ∑ᵢ l(f(xᵢ; θ), yᵢ) over a set of examples.

    θ is the flat vector of the selected parameters, in the order of
    ``model.named_parameters()``, tied ones once; the others are held fixed. Evaluation
    leaves the model as it is: its mode, parameters, gradients and buffers, and the
    global random states. The model and its present parameters are used, not copied.

    Attributes:
        model: The model f.
        loss: The mean loss l of a minibatch, of its output and its targets.
        mode: The mode in which the model is evaluated.
        parameters: The parameters that form θ.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        data: object,
        *,
        parameters: Selection | None = None,
        batch_size: int | None = None,
        mode: Mode = "as is",
    ) -> None:
        """Take in and check a model, a loss and data, on the first minibatch.

        What does not fit, a model that fails on the first minibatch, or a loss that is
        no finite scalar mean is refused by a ValueError of one line.

        Args:
            model: Called with an input, with ``*inputs`` if a tuple or a list, with
                ``**inputs`` if a mapping.
            loss: Maps the output and the targets of a minibatch to a scalar, the
                *mean* over its examples. It is given the output as the model returns
                it; where it cannot take that and the output has ``logits``, these.
            data: A map-style data set, a ``DataLoader``, two equally long tensors, a
                list of examples or an iterable of batches: see ``examples_of``. A
                mapping has its targets at "labels", which the model is not given.
            parameters: Names, patterns such as "head.*" or parameters that form θ;
                all that are trainable if None.
            batch_size: Most examples pushed through the model at once; it bounds the
                memory and, but for batch norm in training, leaves the values as they
                are. If None, batches stay as they come, or are of 1024.
            mode: "eval" or "train" for all modules, restored after; "as is" for the
                mode that each is in when evaluated.
        """
        require_mode(mode)
        self.model = model
        self.loss = loss
        self.mode: Mode = mode
        require_recordable(model)
        self.parameters = Parameters.of(model, parameters)
        require_same_kind(self.params)
        with keep_random_state(self.device):
            examples = examples_of(data)
        self._passes = Passes(examples, batch_size, self.device)
        self._floating: torch.dtype | None = None
        self._takes_logits = False
        with self.isolated():
            self._try_first_minibatch()
            require_mean(self._loss_at, self._passes.first)

    @property
    def batch_size(self) -> int:
        """Bound the examples pushed through the model at once."""
        return self._passes.batch_size

    @property
    def examples(self) -> int:
        """Count the examples: n."""
        return len(self._passes.examples)

    @property
    def minibatches(self) -> int:
        """Count the minibatches of a pass over the data."""
        return self._passes.examples.minibatches(self.batch_size)

    @property
    def couples_examples(self) -> bool:
        """Tell whether batch norm makes the values depend on the minibatches."""
        return couples_examples(self.model, self.mode)

    def subsample(self, batch_size: int, generator: torch.Generator) -> EmpiricalRisk:
        """Draw examples without replacement: the risk of a random batch.

        Args:
            batch_size: Examples to draw. They are one minibatch if this risk's own
                ``batch_size`` is at least as large.
            generator: Source of the draw, on the processor.

        Returns:
            The risk of the same model on the examples drawn.
        """
        return self._over(self._passes.draw(batch_size, generator))

    def select(self, positions: Int64[torch.Tensor, " k"]) -> EmpiricalRisk:
        """Restrict the data to some examples.

        Args:
            positions: Positions of the examples; repetitions are allowed. Batches
                count as if joined.

        Returns:
            The risk of the same model on these examples.
        """
        return self._over(self._passes.select(positions))

    def first_minibatch(self) -> EmpiricalRisk:
        """Restrict the data to the first minibatch.

        Returns:
            This risk if it has one minibatch only.
        """
        if self.minibatches == 1:
            return self
        return self.select(torch.arange(self._passes.first))

    def with_batch_size(self, batch_size: int) -> EmpiricalRisk:
        """Bound the minibatches anew.

        Args:
            batch_size: Most examples pushed through the model at once. Batches that
                came as such are cut, not joined.

        Returns:
            The same risk, in other minibatches.
        """
        return self._over(self._passes.resized(batch_size))

    def double(self) -> EmpiricalRisk:
        """Copy the model and the loss to float64; data are converted when read.

        Returns:
            A risk whose parameters may be changed without changing this one's.
        """
        risk = copy.copy(self)
        name, duty = "model and loss", "be copied by copy.deepcopy"
        with in_one_line(name, duty, ()), torch.inference_mode(mode=False):
            risk.model, risk.loss = in_double(self.model, self.loss)
        risk.parameters = self.parameters.of_copy(risk.model)
        risk._floating = torch.float64
        return risk

    def fingerprint(self) -> str:
        """Digest what the values depend on, by a pass over the data.

        Returns:
            Hexadecimal digits of model, loss, parameters selected, mode, minibatches
            and all examples; of code, only names and the compiled code of the loss.
        """
        return digest(self._identity())

    @contextmanager
    def prepared(self) -> Generator[None]:
        """Differentiate inside: the mode set, second derivatives available.

        Yields:
            Nothing.
        """
        with (
            twice_differentiable(self.model, self.device),
            in_mode(self.model, self.mode),
        ):
            yield

    @contextmanager
    def isolated(self) -> Generator[None]:
        """Evaluate inside: ``prepared()``, and the global random states kept.

        Yields:
            Nothing.
        """
        with keep_random_state(self.device), self.prepared():
            yield

    def batches(self) -> Iterator[tuple[Any, Any, float]]:
        """Walk over the minibatches.

        Yields:
            Inputs and targets on the parameters' device, and the share count / n of
            the examples, which is the minibatch's weight in the risk.
        """
        for *pair, count in self._passes.walk():
            inputs, targets = map_tensors(self._move, pair)
            yield inputs, targets, count / self.examples

    def output(self, inputs: Any) -> Any:
        """Evaluate the model, in its mode and with copies of its buffers.

        Args:
            inputs: One minibatch of inputs.

        Returns:
            What the loss takes: the model's output, or its logits.
        """
        buffers = {name: b.clone() for name, b in self.model.named_buffers()}
        with in_mode(self.model, self.mode):
            result = functional_call(self.model, buffers, *as_arguments(inputs))
        return required_logits(result) if self._takes_logits else result

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
        with in_one_line("model and loss", "be differentiable", ()):
            return torch.autograd.grad(
                loss, self.params, create_graph=create_graph, allow_unused=True
            )

    def value(self) -> float:
        """Evaluate the risk.

        Returns:
            L(θ) at the present parameters.
        """
        total = 0.0
        with self.isolated():
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

    def _try_first_minibatch(self) -> None:
        versions = [param._version for param in self.params]
        inputs, targets, _ = next(self.batches())
        with in_one_line("model", "accept the first minibatch", inputs):
            output = self.output(inputs)
        if loss_takes_logits(self.loss, output, targets):
            self._takes_logits, output = True, required_logits(output)
        with in_one_line("loss", "accept output and targets", (output, targets)):
            loss = self.loss(output, targets)
        require_finite_loss(require_scalar(loss), 0, self.params, (inputs, targets))
        require_kept(self.params, versions)

    def _loss_at(self, positions: torch.Tensor) -> float:
        chosen = self.select(positions).with_batch_size(len(positions))
        inputs, targets, _ = next(chosen.batches())
        return self.loss(self.output(inputs), targets).item()

    def _over(self, passes: Passes) -> EmpiricalRisk:
        risk = copy.copy(self)
        risk._passes = passes
        return risk

    def _identity(self) -> Iterator[Part]:
        yield f"{self.names} {self.mode} {self._floating}"
        yield f"{[module.training for module in self.model.modules()]}"
        yield from model_parts(self.model)
        yield from loss_parts(self.loss)
        for *pair, count in self._passes.walk():
            yield str(count)
            yield from tensors_of(pair)

    def _move(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_inference():
            tensor = tensor.clone()  # such tensors cannot be part of a graph
        if self._floating is not None and tensor.is_floating_point():
            tensor = tensor.to(self._floating)
        return tensor.to(self.device)
