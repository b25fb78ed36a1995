"""Rows of single examples: vector-Jacobian products that do not mix examples."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, final

import torch
from jaxtyping import Float
from torch import nn
from torch.func import functional_call, vjp, vmap

from eigenscape.curvature.memory import ran_out_of_memory
from eigenscape.curvature.operators.output_curvature import outputs_of
from eigenscape.curvature.risk import EmpiricalRisk
from eigenscape.curvature.risk.data import map_tensors, take_rows, tensors_of

AGREEMENT = 1e4
"""Rounding units by which the rows of an example may differ between the two routes:
far above what another order of sums does, far below another function."""

CACHED = 2**24
"""Bytes of rows held at once on the processor: 16 MiB were the fastest of 8 to 256, for
an MLP of 26,506 parameters and a convolutional network of 5,994."""

HELD = 2**30
"""Bytes of rows held at once elsewhere, where a call costs more than a cache miss."""

Pieces = list[torch.Tensor]
"""One tensor a parameter: examples, then rows, then the parameter's own axes."""


@final
class ExampleRows:
    """Products Bᵢᵀ Jᵢ of vectors with the Jacobian of each example's output.

    Examples go through the model together, by ``torch.func.vmap``, where the model
    allows it and two examples then have the same rows as by themselves; else one after
    the other, by one vectorised backward pass or one a row. To be called inside
    ``risk.isolated()``.

    Attributes:
        risk: The risk whose model it is.
        together: Whether examples go through the model together; None before the first
            call.
    """

    def __init__(self, risk: EmpiricalRisk) -> None:
        """Take in a risk.

        Args:
            risk: The risk.
        """
        self.risk = risk
        self.together: bool | None = None
        self._batched = True
        self._model = _Output(risk)
        self._names = [f"model.{name}" for name in risk.names]

    def rows(
        self, inputs: Any, vectors: Float[torch.Tensor, "m r c"]
    ) -> Float[torch.Tensor, "m r P"]:
        """Compute the rows themselves.

        Args:
            inputs: A minibatch of inputs.
            vectors: The columns of every Bᵢ; c counts the numbers of an example's
                output that depend on parameters.

        Returns:
            Bᵢᵀ Jᵢ.
        """
        parts = [
            torch.cat([piece.flatten(2) for piece in pieces], dim=2)
            for pieces in self._chunks(inputs, vectors)
        ]
        return torch.cat(parts)

    def gram(
        self, inputs: Any, vectors: Float[torch.Tensor, "m r c"]
    ) -> Float[torch.Tensor, "m r r"]:
        """Compute the inner products of each example's rows.

        Args:
            inputs: A minibatch of inputs.
            vectors: See ``rows``.

        Returns:
            Bᵢᵀ Jᵢ Jᵢᵀ Bᵢ.
        """
        parts: list[torch.Tensor] = []
        for pieces in self._chunks(inputs, vectors):
            flat = [piece.flatten(2) for piece in pieces]
            parts.append(torch.stack([rows @ rows.mT for rows in flat]).sum(0))
        return torch.cat(parts)

    def _chunks(self, inputs: Any, vectors: torch.Tensor) -> Iterator[Pieces]:
        if self.together is None:
            few = slice(0, min(2, len(vectors)))
            self.together = self._agrees(_cut(inputs, few, len(vectors)), vectors[few])
        each = vectors.shape[1] * self.risk.size * vectors.element_size()
        held = CACHED if vectors.device.type == "cpu" else HELD
        length = max(held // each, 1)
        for start in range(0, len(vectors), length):
            part = slice(start, min(start + length, len(vectors)))
            route = self._together if self.together else self._apart
            yield route(_cut(inputs, part, len(vectors)), vectors[part])

    def _agrees(self, inputs: Any, vectors: torch.Tensor) -> bool:
        wanted = self._apart(inputs, vectors)
        try:
            found = self._together(inputs, vectors)
        except Exception as error:
            if ran_out_of_memory(error):
                raise
            return False
        unit = AGREEMENT * torch.finfo(vectors.dtype).eps
        pairs = zip(found, wanted, strict=True)
        gap = sum(float((a - b).square().sum()) for a, b in pairs)
        return gap <= unit**2 * sum(float(b.square().sum()) for b in wanted)

    def _together(self, inputs: Any, vectors: torch.Tensor) -> Pieces:
        detached = [param.detach() for param in self.risk.params]
        params = dict(zip(self._names, detached, strict=True))
        places = self._free_places(take_rows(inputs, slice(0, 1)))

        def rows(parts: Pieces, columns: torch.Tensor) -> Pieces:
            remaining = iter(parts)
            alone = map_tensors(
                lambda tensor: next(remaining)[None] if tensor.ndim else tensor, inputs
            )

            def output(values: dict[str, torch.Tensor]) -> torch.Tensor:
                every = list(tensors_of(functional_call(self._model, values, (alone,))))
                return _flat([every[place] for place in places])

            pull = vjp(output, params)[1]
            pieces = vmap(pull)(columns)[0]
            return [pieces[name] for name in self._names]

        shared = [tensor for tensor in tensors_of(inputs) if tensor.ndim]
        with warnings.catch_warnings():  # of kernels without a vectorised form
            warnings.simplefilter("ignore")
            return vmap(rows)(shared, vectors)

    def _free_places(self, inputs: Any) -> list[int]:
        output = self.risk.output(inputs)
        free = {id(tensor) for tensor in outputs_of(output)}
        return [k for k, t in enumerate(tensors_of(output)) if id(t) in free]

    def _apart(self, inputs: Any, vectors: torch.Tensor) -> Pieces:
        each: list[Pieces] = []
        for index in range(len(vectors)):
            alone = _cut(inputs, slice(index, index + 1), len(vectors))
            output = _flat(outputs_of(self.risk.output(alone)))
            each.append(self._pulled(output, vectors[index]))
        return [torch.stack(rows) for rows in zip(*each, strict=True)]

    def _pulled(self, output: torch.Tensor, vectors: torch.Tensor) -> Pieces:
        params, options = self.risk.params, {"retain_graph": True, "allow_unused": True}
        found = None
        if self._batched:
            with suppress(RuntimeError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = torch.autograd.grad(
                    output, params, vectors, is_grads_batched=True, **options
                )
        if found is None:
            self._batched = False
            each = [torch.autograd.grad(output, params, v, **options) for v in vectors]
            found = [
                None if rows[0] is None else torch.stack(rows)
                for rows in zip(*each, strict=True)
            ]
        zeros = [param.new_zeros(len(vectors), *param.shape) for param in params]
        pairs = zip(found, zeros, strict=True)
        return [zero if piece is None else piece for piece, zero in pairs]


@final
class _Output(nn.Module):
    """A risk's output as a module, whose parameters ``functional_call`` replaces."""

    def __init__(self, risk: EmpiricalRisk) -> None:
        super().__init__()
        self.model = risk.model
        self._risk = risk

    def forward(self, inputs: Any) -> Any:
        return self._risk.output(inputs)


def _cut(inputs: Any, part: slice, count: int) -> Any:
    """Take a stretch of examples; all of them stay as they are, rows or not."""
    return inputs if part.stop - part.start == count else take_rows(inputs, part)


def _flat(outputs: Sequence[torch.Tensor]) -> Float[torch.Tensor, " c"]:
    return torch.cat([tensor.reshape(-1) for tensor in outputs])
