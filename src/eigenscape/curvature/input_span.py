"""InputSpan: an operator on the directions in which its data move the first layer.

A linear layer that reads the data sees its weights only through Wxᵢ + b: moving (W, b)
along a direction orthogonal to all (xᵢ, 1) changes nothing. So in the weights of each
output the curvature has at most as many directions as the span of the inputs, and the
rest of its spectrum is zero. The operator on the span is that of the same model with a
narrower first layer, on the coordinates of the inputs in the span.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import nn

from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.probes import gaussian
from eigenscape.curvature.risk import EmpiricalRisk

RANK = 10.0
"""Singular values of the inputs up to this many ε of the largest count as zeros."""

AGREEMENT = 1e-10
"""Largest relative difference of a product with the operator and with its reduction, in
float64: three digits above what rounding does."""

PROBE_SEED = 0


@final
@dataclass(frozen=True, eq=False)
class InputSpan:
    """An operator of a risk, restricted to the span of its inputs.

    Attributes:
        operator: The operator of the narrower model; its eigenvalues are those of the
            whole operator that can differ from zero.
        basis: An orthonormal basis of the span of the inputs, with a 1 appended where
            the layer has a bias.
        outputs: Outputs of the layer.
        bias: Whether the layer has a bias.
    """

    operator: RiskOperator
    basis: Float[torch.Tensor, "d r"]
    outputs: int
    bias: bool

    def restrict(self, rows: Float[torch.Tensor, "c P"]) -> Float[torch.Tensor, "c k"]:
        """Express vectors in the coordinates of the span.

        Args:
            rows: Vectors of the whole space; what is orthogonal to the span is lost.

        Returns:
            Vectors of the reduced space.
        """
        inputs = len(self.basis) - self.bias
        weights, rest = rows.split(
            [self.outputs * inputs, rows.shape[1] - self.outputs * inputs], dim=1
        )
        first = weights.view(-1, self.outputs, inputs)
        if self.bias:
            bias, rest = rest[:, : self.outputs], rest[:, self.outputs :]
            first = torch.cat([first, bias[:, :, None]], dim=2)
        return torch.cat([(first @ self.basis).flatten(1), rest], dim=1)

    def embed(self, rows: Float[torch.Tensor, "c k"]) -> Float[torch.Tensor, "c P"]:
        """Put vectors of the reduced space back; the transpose of ``restrict``.

        Args:
            rows: Vectors of the reduced space.

        Returns:
            Vectors of the whole space.
        """
        length = self.outputs * self.basis.shape[1]
        first = rows[:, :length].reshape(-1, self.outputs, self.basis.shape[1])
        whole = first @ self.basis.T
        parts = [whole[:, :, :-1].flatten(1), whole[:, :, -1]]
        if not self.bias:
            parts = [whole.flatten(1)]
        return torch.cat([*parts, rows[:, length:]], dim=1)


def input_span(operator: RiskOperator) -> InputSpan | None:
    """Reduce an operator to the span of its inputs, where that is smaller.

    Known for a linear layer, or one that begins an ``nn.Sequential``, behind nothing
    but ``nn.Flatten``. The reduction is tried on a random vector, against the operator
    itself, and not used where they disagree.

    Args:
        operator: The operator, of a risk in float64.

    Returns:
        The reduction; None where the model begins otherwise, its first layer is not
        wholly among the parameters, or the inputs span everything.
    """
    found = first_layer(operator.risk)
    if found is None:
        return None
    name, layer = found
    data = joined_data(operator.risk)
    if data is None or data[0].shape[1] != layer.in_features:
        return None
    inputs, targets = data
    bias = has_bias(layer)
    if bias:
        inputs = torch.cat([inputs, inputs.new_ones(len(inputs), 1)], dim=1)
    basis = _span(inputs)
    if basis.shape[1] == inputs.shape[1]:
        return None
    narrow = _narrow(operator.risk, name, layer, inputs, targets, basis)
    span = InputSpan(operator.over(narrow), basis, layer.out_features, bias)
    return span if _agree(operator, span) else None


def first_layer(risk: EmpiricalRisk) -> tuple[str, nn.Linear] | None:
    """Find the linear layer that reads the data.

    Args:
        risk: The risk.

    Returns:
        Its name and the layer; None where the model begins otherwise, or the layer is
        not wholly among the parameters θ.
    """
    model, name = risk.model, ""
    if type(model) is nn.Sequential:
        ahead = [(n, m) for n, m in model.named_children() if type(m) is not nn.Flatten]
        if not ahead:
            return None
        name, model = ahead[0]
    if type(model) is not nn.Linear:
        return None
    prefix = f"{name}." if name else ""
    own = [f"{prefix}{key}" for key, _ in model.named_parameters()]
    # first in θ, untied, and all of them
    return (name, model) if list(risk.names[: len(own)]) == own else None


def has_bias(layer: nn.Linear) -> bool:
    """Tell whether a layer has a bias.

    Args:
        layer: The layer.

    Returns:
        Whether it has one.
    """
    return any(name == "bias" for name, _ in layer.named_parameters())


def joined_data(risk: EmpiricalRisk) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Join the minibatches of a risk.

    Args:
        risk: The risk.

    Returns:
        Inputs, a flat row an example, and targets; None where they are not tensors.
    """
    with risk.isolated():
        pairs = [(inputs, targets) for inputs, targets, _ in risk.batches()]
    every = [tensor for pair in pairs for tensor in pair]
    if not all(isinstance(tensor, torch.Tensor) for tensor in every):
        return None
    inputs, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return (inputs.flatten(1), targets) if len(inputs) == len(targets) else None


def _span(inputs: Float[torch.Tensor, "n d"]) -> Float[torch.Tensor, "d r"]:
    square = inputs
    if len(inputs) > inputs.shape[1]:
        square = torch.linalg.qr(inputs, mode="r")[1]
    _, values, turned = torch.linalg.svd(square, full_matrices=False)
    kept = values > RANK * torch.finfo(values.dtype).eps * values[0]
    return turned[kept].T.contiguous()


def _narrow(
    risk: EmpiricalRisk,
    name: str,
    layer: nn.Linear,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    basis: torch.Tensor,
) -> EmpiricalRisk:
    weight = layer.weight.detach()
    if has_bias(layer):
        weight = torch.cat([weight, layer.bias.detach()[:, None]], dim=1)
    make: Any = nn.utils.skip_init  # draws no random numbers
    narrow: nn.Linear = make(
        nn.Linear,
        basis.shape[1],
        layer.out_features,
        bias=False,
        dtype=weight.dtype,
        device=weight.device,
    )
    with torch.no_grad():
        narrow.weight.copy_(weight @ basis)
    model: nn.Module = narrow
    if name:
        model = copy.deepcopy(risk.model)
        setattr(model, name, narrow)
    kept = dict(model.named_parameters())
    data: Any = (inputs @ basis, targets)
    return EmpiricalRisk(
        model,
        risk.loss,
        data,
        parameters=[n for n in risk.names if n in kept],
        batch_size=risk.batch_size,
        mode=risk.mode,
    )


def _agree(operator: RiskOperator, span: InputSpan) -> bool:
    probe = gaussian(
        operator.size,
        1,
        generator=torch.Generator().manual_seed(PROBE_SEED),
        dtype=operator.dtype,
        device=operator.device,
    ).T.contiguous()
    wanted = operator.products(probe)
    found = span.embed(span.operator.products(span.restrict(probe)))
    return bool((found - wanted).norm() <= AGREEMENT * wanted.norm())
