"""NetworkStack: many networks of one hidden layer, trained side by side."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import nn
from torch.nn.functional import cross_entropy


class NetworkStack(nn.Module):
    """Independent ReLU networks of one hidden layer, computed in one product.

    Args:
        count: Networks.
        inputs: Numbers that each takes.
        width: Hidden units.
        outputs: Classes.
        generator: Source of the initial weights: uniform on ±√(6/fan-in), biases zero.

    References:
        He, Zhang, Ren and Sun (2015), ICCV, Sec. 2.2, for the weights.
    """

    def __init__(
        self,
        count: int,
        inputs: int,
        width: int,
        outputs: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        sizes = {"count": count, "inputs": inputs, "width": width, "outputs": outputs}
        for name, size in sizes.items():
            if size < 1:
                message = f"{name}: expected at least 1, got {size}"
                raise ValueError(message)
        self.first = nn.Parameter(_uniform(count, inputs, width, generator))
        self.first_bias = nn.Parameter(torch.zeros(count, 1, width))
        self.second = nn.Parameter(_uniform(count, width, outputs, generator))
        self.second_bias = nn.Parameter(torch.zeros(count, 1, outputs))

    def forward(
        self, inputs: Float[torch.Tensor, "n d"]
    ) -> Float[torch.Tensor, "n count c"]:
        """Evaluate all networks on the same inputs.

        Args:
            inputs: The inputs.

        Returns:
            Their outputs.
        """
        hidden = (inputs @ self.first + self.first_bias).relu()
        return (hidden @ self.second + self.second_bias).transpose(0, 1)

    def network(self, index: int) -> nn.Sequential:
        """Take one network out.

        Args:
            index: Which.

        Returns:
            The network, with weights of its own.
        """
        with torch.random.fork_rng(devices=[]):
            layers = [
                nn.Linear(w.shape[1], w.shape[2]) for w in (self.first, self.second)
            ]
        pairs = ((self.first, self.first_bias), (self.second, self.second_bias))
        for layer, (weight, bias) in zip(layers, pairs, strict=True):
            layer.weight = nn.Parameter(
                weight[index].detach().T.clone(memory_format=torch.contiguous_format)
            )
            layer.bias = nn.Parameter(bias[index, 0].detach().clone())
        return nn.Sequential(layers[0], nn.ReLU(), layers[1])


def summed_cross_entropy(
    outputs: Float[torch.Tensor, "n count c"], targets: Int64[torch.Tensor, " n"]
) -> Float[torch.Tensor, ""]:
    """Add the mean cross-entropies of all networks, so that each trains as if alone.

    Args:
        outputs: Outputs of the networks.
        targets: Classes.

    Returns:
        The sum over networks.
    """
    return cross_entropies(outputs, targets).sum()


def cross_entropies(
    outputs: Float[torch.Tensor, "n count c"], targets: Int64[torch.Tensor, " n"]
) -> Float[torch.Tensor, " count"]:
    """Evaluate the mean cross-entropy of each network.

    Args:
        outputs: Outputs of the networks.
        targets: Classes.

    Returns:
        One loss a network.
    """
    columns = targets[:, None].expand(-1, outputs.shape[1])
    each = cross_entropy(outputs.transpose(1, 2), columns, reduction="none")
    return each.mean(dim=0)


def _uniform(
    count: int, inputs: int, outputs: int, generator: torch.Generator
) -> torch.Tensor:
    bound = (6 / inputs) ** 0.5
    return bound * (2 * torch.rand(count, inputs, outputs, generator=generator) - 1)
