"""KroneckerCurvature: the measured curvature of a model, applied to its gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, final

import torch
from torch import nn
from torch.nn import Parameter

from eigenscape.curvature.operators.likelihood import likelihood_of
from eigenscape.optim.kfac.diagonal import RunningSquares
from eigenscape.optim.kfac.discovery import Discovery
from eigenscape.optim.kfac.layer import factor_type
from eigenscape.optim.kfac.recorder import Recorder
from eigenscape.optim.kfac.settings import FactorSettings

Loss = Callable[[Any, Any], torch.Tensor]

Directions = dict[Parameter, torch.Tensor]


@final
class KroneckerCurvature:
    """Kronecker factors of the layers of a model, and squares for all else.

    Attributes:
        layers: The layers that have factors.
    """

    def __init__(
        self,
        model: nn.Module,
        discovery: Discovery,
        settings: FactorSettings,
        loss: Loss | None,
        generator: torch.Generator | None,
    ) -> None:
        """Attach to a model, and begin to record.

        Args:
            model: The model.
            discovery: Its layers.
            settings: How factors are measured and damped.
            loss: The loss, to draw targets from.
            generator: Source of these targets, on the processor.

        Raises:
            ValueError: If one for sampled targets is missing.
        """
        self._sampled = settings.fisher == "sampled"
        if self._sampled and (loss is None or generator is None):
            message = (
                "loss, generator: expected both, to draw targets, got None; pass them, "
                "or fisher='empirical'"
            )
            raise ValueError(message)
        self.layers = discovery.layers
        self._settings = settings
        self._loss = loss
        self._generator = generator
        self._squares = RunningSquares()
        self._drawn: dict[Parameter, torch.Tensor] = {}
        self._covered = {
            slot.parameter
            for layer in discovery.layers
            for slot in (layer.weight, layer.bias)
            if slot is not None
        }
        self._recorder = Recorder(model, discovery, settings)
        self._recorder.active = True

    @property
    def recording(self) -> bool:
        """Whether passes are recorded for a measurement."""
        return self._recorder.active

    def forget(self, *, record: bool) -> None:
        """Drop what was recorded since the last step.

        Args:
            record: Whether to record from now on.
        """
        self._recorder.clear()
        self._recorder.active = record and self._recorder.attached
        self._drawn = {}

    def close(self) -> None:
        """Take all hooks off the model."""
        self._recorder.close()

    def sample(
        self, output: torch.Tensor, targets: torch.Tensor, params: Sequence[Parameter]
    ) -> None:
        """Record a backward pass with targets drawn from the model.

        Args:
            output: The output of the model.
            targets: The targets of the data.
            params: The parameters.

        Raises:
            ValueError: If the factors are not to be sampled, or the loss is not one
                of those that are a likelihood.
        """
        if not self._sampled:
            message = (
                "sample: expected settings.fisher 'sampled', got 'empirical'; "
                "leave the call out"
            )
            raise ValueError(message)
        if not self._recorder.active:
            return
        wide = output.to(factor_type(output.dtype))
        likelihood = likelihood_of(self._loss, wide, targets)
        if likelihood is None:
            name = getattr(self._loss, "__name__", type(self._loss).__name__)
            message = (
                "loss: expected torch's cross_entropy, mse_loss or "
                f"binary_cross_entropy_with_logits, mean, got {name}; use "
                "fisher='empirical'"
            )
            raise ValueError(message)
        along = likelihood.sample(cast("torch.Generator", self._generator))
        gradients = self._recorder.sample(output, along.to(output), params)
        for parameter, gradient in zip(params, gradients, strict=True):
            if gradient is not None:
                square = gradient.to(factor_type(gradient.dtype)).square()
                drawn = self._drawn.get(parameter)
                self._drawn[parameter] = square if drawn is None else drawn + square

    def measure(self, params: Sequence[Parameter], scale: float) -> bool:
        """Take what was recorded into the running means.

        Args:
            params: All parameters, with their gradients unscaled.
            scale: Factor on the loss in the recorded passes.

        Returns:
            Whether all was finite; what was not is left out.

        Raises:
            ValueError: If targets were to be drawn, and were not.
        """
        if self._sampled and not self._recorder.draws:
            message = (
                "sample: expected a call before this step, got none; call "
                "optimiser.sample(output, targets) between forward and backward"
            )
            raise ValueError(message)
        terms = self._recorder.terms()
        weight = terms if self._sampled else terms / scale**2
        sums = self._recorder.sums
        good = [layer.update(added, weight) for layer, added in sums.items()]
        squares = self._drawn
        if not self._sampled:
            squares = {
                p: p.grad.to(factor_type(p.dtype)).square()
                for p in params
                if p.grad is not None and p not in self._covered
            }
        if self._settings.others == "diagonal":
            rest = {p: s for p, s in squares.items() if p not in self._covered}
            decay, start = self._settings.decay, self._settings.start
            good.append(self._squares.update(rest, terms, decay=decay, start=start))
        return all(good)

    def refresh(self) -> None:
        """Take all factors as they are now for use until the next time."""
        for layer in self.layers:
            layer.refresh()

    def directions(
        self, dampings: Mapping[Parameter, float]
    ) -> tuple[Directions, Directions]:
        """Divide the gradients by the damped curvature.

        Args:
            dampings: The damping of each parameter; that of a layer is its weight's.

        Returns:
            Directions of parameters with a curvature, and gradients of those without;
            parameters without gradient are in neither.
        """
        curved: Directions = {}
        plain: Directions = {}
        for layer in self.layers:
            damping = dampings[layer.weight.parameter]
            for slot, piece in layer.directions(damping):
                parameter = slot.parameter
                if slot.part is None:
                    curved[parameter] = piece
                    continue
                if parameter not in curved:
                    curved[parameter] = torch.zeros_like(parameter, dtype=layer.dtype)
                slot.of(curved[parameter]).copy_(piece)
        for parameter, damping in dampings.items():
            if parameter.grad is None or parameter in curved:
                continue
            if self._settings.others == "gradient" or parameter in self._covered:
                plain[parameter] = parameter.grad.clone()
            else:
                curved[parameter] = self._squares.precondition(parameter, damping)
        return {p: d for p, d in curved.items() if p.grad is not None}, plain

    def state(self, numbers: Mapping[Parameter, int]) -> dict[str, Any]:
        """Collect what a resumed run needs.

        Args:
            numbers: The number of each parameter.

        Returns:
            Copies.
        """
        state: dict[str, Any] = {
            "layers": {layer.name: layer.state() for layer in self.layers},
            "squares": self._squares.state(numbers),
        }
        if self._generator is not None:
            state["generator"] = self._generator.get_state()
        return state

    def require(self, state: Mapping[str, Any]) -> None:
        """Refuse a state of other layers.

        Args:
            state: What ``state`` gave.

        Raises:
            ValueError: If it is.
        """
        own, names = (
            [layer.name for layer in self.layers],
            list(state.get("layers", ())),
        )
        if names != own:
            message = (
                f"state_dict: expected factors of {', '.join(own) or 'nothing'}, got "
                f"those of {', '.join(names) or 'nothing'}; build the optimiser as the "
                "one that was saved"
            )
            raise ValueError(message)

    def restore(
        self, state: Mapping[str, Any], numbers: Mapping[Parameter, int]
    ) -> None:
        """Go back to a state.

        Args:
            state: What ``state`` gave.
            numbers: The number of each parameter.
        """
        for layer in self.layers:
            layer.restore(state["layers"][layer.name])
        self._squares.restore(state["squares"], numbers)
        if self._generator is not None and "generator" in state:
            self._generator.set_state(state["generator"].cpu())
