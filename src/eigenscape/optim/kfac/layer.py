"""KroneckerLayer: the factors of a layer's curvature, and its inverse on gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.optim.kfac.factor import RunningFactor
from eigenscape.optim.kfac.inverse import EigenInverse, FactoredInverse, Inverse
from eigenscape.optim.kfac.settings import FactorSettings
from eigenscape.optim.kfac.sums import Bases, FactorSums

Gradient = Float[torch.Tensor, "k o i"]
"""For each map, outputs by inputs; the last input is the bias if there is one."""


@final
@dataclass(frozen=True, eq=False)
class Slot:
    """A parameter, or some of its leading rows.

    Attributes:
        parameter: The parameter.
        part: The rows; all if None.
    """

    parameter: torch.nn.Parameter
    part: slice | None = None

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """Take the rows from a tensor shaped like the parameter.

        Args:
            tensor: The tensor.

        Returns:
            A view.
        """
        return tensor if self.part is None else tensor[self.part]

    def same(self, other: Slot) -> bool:
        """Say whether two are the same numbers.

        Args:
            other: The other one.

        Returns:
            Whether they are.
        """
        return self.parameter is other.parameter and self.part == other.part


@final
class KroneckerLayer:
    """The curvature G ⊗ A of a linear map y = W a + b with gradient g of its output.

    A = E[a aᵀ] and G = E[g gᵀ], a continued by 1 if there is a bias; both are running
    means. With `corrected` eigenvalues S the curvature is (Q_A ⊗ Q_G) diag S of the
    same, where S is the running mean of (Q_Gᵀ ∇ Q_A)² over single examples.

    Attributes:
        name: Its name in the model.
        weight: The weight, outputs first.
        bias: The bias, if it is part of the map.
        inputs: The factor A.
        gradients: The factor G.

    References:
        Martens and Grosse (2015), arXiv 1503.05671, for the factors.
        George et al. (2018), arXiv 1806.03884, for the corrected eigenvalues.
    """

    def __init__(
        self,
        name: str,
        weight: Slot,
        bias: Slot | None,
        settings: FactorSettings,
        *,
        maps: int = 1,
        corrected: bool = False,
        shrunk: bool = False,
    ) -> None:
        """Begin with both factors at the identity.

        Args:
            name: Its name.
            weight: The weight.
            bias: The bias.
            settings: How factors are measured and damped.
            maps: Independent maps side by side, whose outputs follow one another.
            corrected: Whether eigenvalues are corrected.
            shrunk: Whether the eigenvalues of each factor are shrunk to their mean.
        """
        self.name = name
        self.weight = weight
        self.bias = bias
        self._settings = settings
        tensor = weight.of(weight.parameter)
        outputs, inputs = len(tensor) // maps, tensor[0].numel() + (bias is not None)
        self._rows = (outputs,) if maps == 1 else (maps, outputs)
        kind: dict[str, Any] = {
            "dtype": factor_type(tensor.dtype),
            "device": tensor.device,
        }
        self.inputs = RunningFactor(maps, inputs, shrunk=shrunk, **kind)
        self.gradients = RunningFactor(maps, outputs, shrunk=shrunk, **kind)
        self._bases: Bases | None = None
        self._products: Gradient | None = None
        self._corrected: Gradient | None = None
        if corrected:
            self._corrected = torch.ones(maps, outputs, inputs, **kind)
        self._corrections = 0
        self._damped: tuple[float, Inverse] | None = None

    @property
    def dtype(self) -> torch.dtype:
        """The type in which it computes."""
        return self.inputs.mean.dtype

    @property
    def bases(self) -> Bases | None:
        """The eigenvectors of A and G, if gradients of examples are wanted in them."""
        return None if self._corrected is None else self._bases

    def sums(self) -> FactorSums:
        """Make the empty sums of a step.

        Returns:
            The sums.
        """
        sharing = self._settings.sharing
        return FactorSums(sharing, homogeneous=self.bias is not None)

    def update(self, sums: FactorSums, terms: float) -> bool:
        """Take the sums of a step into the running means.

        Args:
            sums: The sums.
            terms: What makes ∑ g gᵀ the mean: the number of terms of which the loss is
                one, over the square of the scale of the loss.

        Returns:
            Whether all was finite; else nothing is changed.
        """
        if sums.inputs is None or sums.gradients is None:
            return True
        second = sums.inputs.div_(sums.rows)
        outer = sums.gradients.mul_(terms)
        if self._settings.sharing == "published":
            positions = sums.positions / sums.examples
            second, outer = second.div_(positions), outer.mul_(positions)
        # what is not finite in a row is not finite in its square
        squares = (second.diagonal(dim1=-2, dim2=-1), outer.diagonal(dim1=-2, dim2=-1))
        if not all(bool(part.isfinite().all()) for part in squares):
            return False
        decay, start = self._settings.decay, self._settings.start
        self.inputs.update(second, decay=decay, start=start)
        self.gradients.update(outer, decay=decay, start=start)
        if sums.squares is not None and self._corrected is not None:
            self._corrections += 1
            keep = (
                decay if start == "identity" else min(decay, 1 - 1 / self._corrections)
            )
            self._corrected.lerp_(sums.squares * terms, 1 - keep)
            self._damped = None
        return True

    def refresh(self) -> None:
        """Take the running means as they are now for use until the next time."""
        self.inputs.freeze()
        self.gradients.freeze()
        self._decompose()
        if self._corrected is not None and self._products is not None:
            self._corrected = self._products.clone()
            self._corrections = 0

    def directions(self, damping: float) -> list[tuple[Slot, torch.Tensor]]:
        """Multiply the gradient V by the inverse of the damped curvature.

        Args:
            damping: The damping δ.

        Returns:
            The weight and the bias, each with its part of Q_G [(Q_Gᵀ V Q_A)/D] Q_Aᵀ, D
            the damped eigenvalues, or of (G + √δ/π)⁻¹ V (A + √δ π)⁻¹ if the damping is
            factored; nothing if the weight has no gradient.
        """
        if self.weight.parameter.grad is None:
            return []
        if self._damped is None or self._damped[0] != damping:
            self._damped = damping, self._with(damping)
        weight = self.weight.of(self.weight.parameter.grad)
        column = None
        if self.bias is not None and self.bias.parameter.grad is not None:
            column = self._table(self.bias.of(self.bias.parameter.grad))
        found, tail = self._damped[1](self._table(weight), column)
        pieces = [(self.weight, found.reshape(weight.shape))]
        if self.bias is not None and tail is not None:
            pieces.append((self.bias, tail.reshape(-1)))
        return pieces

    def state(self) -> dict[str, Any]:
        """Collect what a resumed run needs.

        Returns:
            Copies.
        """
        state: dict[str, Any] = {
            "inputs": self.inputs.state(),
            "gradients": self.gradients.state(),
        }
        if self._corrected is not None:
            state["corrected"] = self._corrected.clone()
            state["corrections"] = self._corrections
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state.

        Args:
            state: What ``state`` gave.

        Raises:
            ValueError: If it is that of another kind of layer.
        """
        if ("corrected" in state) != (self._corrected is not None):
            message = (
                f"state_dict: expected that of the same optimiser, got another at "
                f"{self.name}; corrected eigenvalues are EKFAC's alone"
            )
            raise ValueError(message)
        self.inputs.restore(state["inputs"])
        self.gradients.restore(state["gradients"])
        self._decompose()
        if self._corrected is not None:
            self._corrected = state["corrected"].to(self._corrected, copy=True)
            self._corrections = int(state["corrections"])

    def _table(self, gradient: torch.Tensor) -> torch.Tensor:
        """Lay out the gradient of weight or bias for the inverse."""
        return gradient.reshape(*self._rows, -1).to(self.dtype)

    def _decompose(self) -> None:
        self._damped = None
        if self._settings.form == "product":
            values, vectors = self.inputs.eigenbasis()
            others, left = self.gradients.eigenbasis()
            self._bases = vectors, left
            self._products = others[:, :, None] * values[:, None, :]

    def _with(self, damping: float) -> Inverse:
        """Prepare for a damping."""
        size = self.inputs.mean.shape[1] - (self.bias is not None)
        values = self._products if self._corrected is None else self._corrected
        if self._bases is not None and values is not None:
            return EigenInverse(*self._bases, values + damping, size)
        both = (self.inputs, self.gradients)
        means = [f.frozen.diagonal(dim1=-2, dim2=-1).mean(1) for f in both]
        ratio = (means[0] / means[1]).sqrt()
        ratio = ratio.where((means[0] > 0) & (means[1] > 0), 1.0)
        root = damping**0.5
        inverse = self.inputs.inverse(root * ratio)
        return FactoredInverse(inverse, self.gradients.inverse(root / ratio), size)


def factor_type(dtype: torch.dtype) -> torch.dtype:
    """Say in which type the curvature of a parameter is kept.

    Args:
        dtype: The parameter's type.

    Returns:
        That, or float32 if it is shorter.
    """
    return dtype if torch.finfo(dtype).bits >= 32 else torch.float32
