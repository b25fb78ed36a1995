"""Recorder: what flows through the layers of a model, added up over a step's passes."""

from __future__ import annotations

import math
import weakref
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from eigenscape.curvature.risk.data import tensors_of
from eigenscape.optim.kfac.attention import ProjectedAttention
from eigenscape.optim.kfac.discovery import Discovery, Use
from eigenscape.optim.kfac.layer import KroneckerLayer
from eigenscape.optim.kfac.rows import GradientRows, InputRows, Table, regrouped
from eigenscape.optim.kfac.settings import FactorSettings
from eigenscape.optim.kfac.sums import FactorSums


@final
@dataclass(frozen=True, eq=False)
class _Arrival:
    """The gradient of an output, from the backward pass numbered `task`."""

    task: int
    use: Use
    inputs: torch.Tensor
    gradient: torch.Tensor
    examples: int


@final
class Recorder:
    """Adds up rows of inputs and of output gradients while it is active.

    Rows count once the gradient of their weight is accumulated: passes of evaluation,
    ``torch.autograd.grad`` and what else leaves ``.grad`` alone do not. Nothing is kept
    but sums; inputs and gradients live as long as their backward pass.

    Attributes:
        active: Whether passes are recorded.
        sums: What was added up since the last ``clear``.
        draws: Passes with sampled targets among it.
    """

    def __init__(
        self, model: nn.Module, discovery: Discovery, settings: FactorSettings
    ) -> None:
        """Attach to a model.

        Args:
            model: The model, called as a whole.
            discovery: Its layers.
            settings: How factors are measured.
        """
        self.active = False
        self.sums: dict[KroneckerLayer, FactorSums] = {}
        self.draws = 0
        self._settings = settings
        self._sampling = False
        self._examples = 0
        self._calls = 0
        self._arrived: defaultdict[KroneckerLayer, list[_Arrival]] = defaultdict(list)
        self._passes: dict[int, tuple[int, int]] = {}
        self._terms: dict[int, int] = {}
        self._detach = weakref.finalize(self, _attach(self, model, discovery).close)

    @property
    def attached(self) -> bool:
        """Whether the hooks are on the model."""
        return self._detach.alive

    def close(self) -> None:
        """Take all hooks off the model."""
        self.active = False
        self.clear()
        self._detach()

    def clear(self) -> None:
        """Forget what was added up."""
        self.sums = {}
        self.draws = 0
        self._arrived.clear()
        self._passes.clear()
        self._terms.clear()

    def terms(self) -> float:
        """Count the terms of which the loss of the step is the mean.

        Returns:
            Their number m: the mean of g gᵀ over terms is m ∑ g gᵀ, as each gradient
            that was seen is a term's over m. With sampled targets, that of the passes
            is one over their number.
        """
        if self._settings.fisher == "sampled":
            return 1 / max(self.draws, 1)
        if self._settings.reduction == "sum":
            return 1.0
        seen = sum(self._terms.values())
        return float(seen or max((s.examples for s in self.sums.values()), default=1))

    def watch(self, use: Use, inputs: torch.Tensor, output: torch.Tensor) -> None:
        """Wait for the gradient of a layer's output.

        Args:
            use: Where the layer is.
            inputs: Its input.
            output: Its output.
        """
        if self.recording() and output.requires_grad:
            kept, examples = inputs.detach(), self._examples
            output.register_hook(partial(self._arrive, use, kept, examples))

    def recording(self) -> bool:
        """Say whether a forward pass would be recorded now.

        Returns:
            Whether it would.
        """
        return self.active and torch.is_grad_enabled()

    def sample(
        self,
        output: torch.Tensor,
        along: torch.Tensor,
        params: Sequence[torch.Tensor],
    ) -> tuple[torch.Tensor | None, ...]:
        """Record one backward pass from the output, and leave ``.grad`` alone.

        Args:
            output: The output of the model.
            along: Gradient of the output.
            params: Parameters.

        Returns:
            Gradients of the parameters.
        """
        self._sampling = True
        self._arrived.clear()
        try:
            found = torch.autograd.grad(
                output, params, along, retain_graph=True, allow_unused=True
            )
        finally:
            self._sampling = False
        for layer in list(self._arrived):
            self._settle(layer, None)
        self.draws += 1
        return found

    def enter(self, inputs: Any) -> None:
        """Begin a forward pass of the model.

        Args:
            inputs: Its arguments.
        """
        axis = self._settings.batch_axis
        shapes = [tensor.shape for tensor in tensors_of(inputs) if tensor.ndim > axis]
        self._examples = shapes[0][axis] if shapes else 0
        self._calls += 1

    def leave(self, output: Any) -> None:
        """End a forward pass of the model.

        Args:
            output: What it returned.
        """
        examples, self._examples = self._examples, 0
        if not self.recording():
            return
        tensors = [t for t in tensors_of(output) if t.requires_grad]
        if not tensors:
            return
        terms = examples
        if self._settings.reduction == "token-mean":
            terms = math.prod(tensors[0].shape[:-1])
        for tensor in tensors:
            tensor.register_hook(partial(self._pass, self._calls, terms))

    def accumulated(self, layers: Sequence[KroneckerLayer]) -> None:
        """Count what came in the backward pass that has now reached a parameter.

        Args:
            layers: The layers whose weight it is.
        """
        if self._settings.fisher == "sampled":
            return
        task = _task()
        for call, (seen, terms) in list(self._passes.items()):
            if seen == task:
                self._terms[call] = terms
        for layer in layers:
            self._settle(layer, task)

    def _pass(self, call: int, terms: int, _: torch.Tensor) -> None:
        self._passes[call] = _task(), terms

    def _arrive(
        self, use: Use, inputs: torch.Tensor, examples: int, gradient: torch.Tensor
    ) -> None:
        if not self.active or self._sampling != (self._settings.fisher == "sampled"):
            return
        task, waiting = _task(), self._arrived[use.layer]
        if waiting and waiting[0].task != task:
            waiting.clear()
        waiting.append(_Arrival(task, use, inputs, gradient.detach(), examples))

    def _settle(self, layer: KroneckerLayer, task: int | None) -> None:
        waiting = self._arrived.pop(layer, [])
        here = [arrival for arrival in waiting if task in {None, arrival.task}]
        if not here:
            return
        with torch.no_grad():
            pairs = [self._rows(layer, arrival) for arrival in here]
            if len({first.shape[1] for first, _ in pairs}) == 1:
                # uses of one weight are further positions of the same examples
                pairs = [tuple(_joined(side) for side in zip(*pairs, strict=True))]
            sums = self.sums.setdefault(layer, layer.sums())
            for inputs, gradients in pairs:
                sums.add(inputs, gradients, layer.bases)

    def _rows(
        self, layer: KroneckerLayer, arrival: _Arrival
    ) -> tuple[InputRows, GradientRows]:
        reader = arrival.use.reader
        inputs = reader.inputs(arrival.inputs.to(layer.dtype))
        gradients = reader.gradients(arrival.gradient.to(layer.dtype))
        examples = 0 if self._settings.batch_axis else arrival.examples
        if self._settings.reduction == "token-mean":
            examples = inputs.shape[1] * inputs.shape[2]
        return regrouped(inputs, examples), regrouped(gradients, examples)


@final
class _Hook:
    """A call to a recorder while it is active; a copy or pickle calls nothing."""

    def __init__(self, recorder: Recorder, call: Callable[..., None]) -> None:
        self._recorder = weakref.ref(recorder)
        self._call = call

    def __call__(self, *args: Any) -> None:
        recorder = self._recorder()
        if recorder is not None and recorder.active:
            self._call(recorder, *args)

    def __reduce__(self) -> tuple[Any, ...]:
        return _nothing, ()


def _nothing() -> Callable[..., None]:
    return _ignore


def _ignore(*_: Any) -> None:
    """Stand for a hook in a copy of the model."""


def _attach(recorder: Recorder, model: nn.Module, discovery: Discovery) -> ExitStack:
    def begin(recorder: Recorder, _: nn.Module, args: Any, kwargs: Any) -> None:
        recorder.enter((args, kwargs))

    def end(recorder: Recorder, _: nn.Module, __: Any, output: Any) -> None:
        recorder.leave(output)

    def passed(
        use: Use, recorder: Recorder, _: Any, args: Any, kw: Any, y: Any
    ) -> None:
        recorder.watch(use, args[0] if args else kw["input"], y)

    def gathered(
        layers: list[KroneckerLayer], recorder: Recorder, _: torch.Tensor
    ) -> None:
        recorder.accumulated(layers)

    handles: list[RemovableHandle | ProjectedAttention] = [
        model.register_forward_pre_hook(_Hook(recorder, begin), with_kwargs=True),
        model.register_forward_hook(_Hook(recorder, end)),
    ]
    attentions: defaultdict[nn.Module, dict[str, Use]] = defaultdict(dict)
    for use in discovery.uses:
        if use.part:
            attentions[use.module][use.part] = use
            continue
        hook = _Hook(recorder, partial(passed, use))
        handles.append(use.module.register_forward_hook(hook, with_kwargs=True))
    for module, uses in attentions.items():
        handles.append(ProjectedAttention(module, uses, weakref.ref(recorder)))
    layers: defaultdict[torch.Tensor, list[KroneckerLayer]] = defaultdict(list)
    for layer in discovery.layers:
        layers[layer.weight.parameter].append(layer)
    for parameter in model.parameters():
        if parameter.requires_grad:
            hook = _Hook(recorder, partial(gathered, layers.get(parameter, [])))
            handles.append(parameter.register_post_accumulate_grad_hook(hook))
    removal = ExitStack()
    for handle in handles:
        removal.callback(handle.remove)
    return removal


def _joined(tables: tuple[torch.Tensor, ...]) -> Table:
    return tables[0] if len(tables) == 1 else torch.cat(tables, 2)


def _task() -> int:
    """Number the backward pass under way.

    Returns:
        Its number, the same in all its hooks.
    """
    return torch._C._current_graph_task_id()
