"""RunningFactor: one Kronecker factor, averaged over updates, and its inverse."""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float

from eigenscape.optim.kfac.settings import Start
from eigenscape.theory.shrinkage.damping import optimal_signal

SMALLEST = 1e-10
"""Eigenvalues up to this are set to 0; from the public training code of Granziol and
Baskerville, arXiv 2011.08181."""

Matrices = Float[torch.Tensor, "k d d"]


@final
class RunningFactor:
    """A running mean of positive semidefinite matrices, frozen now and then for use.

    Attributes:
        mean: The running mean, of each map.
        frozen: The mean when it was last frozen, shrunk if that is asked for.
        updates: How many measurements are in the mean.
        noise: Estimate of s² = E ‖M − E M‖²_F/d of one measurement M; 0 until there are
            two. It assumes that measurements are independent, and is 0 unless the
            factor is shrunk.
        weight: ∑ w² over the weights w of the measurements in the mean, whose own noise
            is that times s².
    """

    def __init__(
        self,
        maps: int,
        size: int,
        *,
        dtype: torch.dtype,
        device: torch.device,
        shrunk: bool = False,
    ) -> None:
        """Begin at the identity.

        Args:
            maps: Maps side by side k.
            size: Rows d of each matrix.
            dtype: Type of the factor.
            device: Device of the factor.
            shrunk: Whether the frozen factor is β M + (1 − β) μ I, with the β that is
                best for the noise of the mean M, and μ the mean of its eigenvalues.
        """
        eye = torch.eye(size, dtype=dtype, device=device)
        self.mean: Matrices = eye.repeat(maps, 1, 1)
        self.frozen: Matrices = self.mean.clone()
        self.noise: Float[torch.Tensor, " k"] = eye.new_zeros(maps)
        self.weight = 0.0
        self.updates = 0
        self._shrunk = shrunk

    def update(self, measured: Matrices, *, decay: float, start: Start) -> None:
        """Take in a measurement.

        Args:
            measured: The measured matrices.
            decay: Weight of the mean so far.
            start: See FactorSettings.
        """
        keep = decay
        if start == "mean":
            keep = min(decay, self.updates / (self.updates + 1))
        if self._shrunk and self.updates > 0:
            distance = (measured - self.mean).square().sum((-2, -1)) / measured.shape[1]
            seen = distance / (1 + self.weight)
            self.noise.lerp_(seen, max(1 - decay, 1 / self.updates))
        self.mean.lerp_(measured, 1 - keep)
        self.weight = keep**2 * self.weight + (1 - keep) ** 2
        self.updates += 1

    def freeze(self) -> None:
        """Take the mean as it is now for use until the next time."""
        self.frozen = self.mean.clone()
        if self._shrunk:
            shares = self.signals()[:, None, None]
            diagonal = self.frozen.diagonal(dim1=-2, dim2=-1)
            centre = diagonal.mean(1, keepdim=True)
            self.frozen *= shares
            self.frozen.diagonal(dim1=-2, dim2=-1).add_((1 - shares[..., 0]) * centre)

    def signals(self) -> Float[torch.Tensor, " k"]:
        """Estimate how much of the mean is signal.

        Returns:
            β* = d²/(d² + s²) of each map, s² the noise of the mean and d² that of
            ‖mean − μI‖²_F/d which is not noise.
        """
        diagonal = self.mean.diagonal(dim1=-2, dim2=-1)
        power = self.mean.square().sum((-2, -1)) / self.mean.shape[1]
        spreads = (power - diagonal.mean(1).square()).tolist()
        noises = (self.noise * self.weight).tolist()
        pairs = zip(spreads, noises, strict=True)
        return self.noise.new_tensor([
            optimal_signal(seen - noise, noise) for seen, noise in pairs
        ])

    def eigenbasis(self) -> tuple[Float[torch.Tensor, "k d"], Matrices]:
        """Decompose the frozen factor.

        Returns:
            Eigenvalues, ascending, small ones set to 0, and eigenvectors as columns.
        """
        values, vectors = torch.linalg.eigh(self.frozen)
        return values * (values > SMALLEST), vectors.contiguous()

    def inverse(self, damping: Float[torch.Tensor, " k"]) -> Matrices:
        """Invert the frozen factor plus multiples of the identity.

        Args:
            damping: The multiple of each map.

        Returns:
            The inverses, zero along directions where there is nothing to invert.
        """
        damped = self.frozen.clone()
        damped.diagonal(dim1=-2, dim2=-1).add_(damping[:, None])
        root, failure = torch.linalg.cholesky_ex(damped)
        if not bool(failure.any()):
            return torch.cholesky_inverse(root).mT.contiguous()
        values, vectors = self.eigenbasis()
        values += damping[:, None]
        values = values.where(values > 0, torch.inf)
        return vectors / values[:, None] @ vectors.mT

    def state(self) -> dict[str, Any]:
        """Collect what a resumed run needs.

        Returns:
            Copies of the tensors, and the counts.
        """
        tensors = {name: getattr(self, name).clone() for name in _TENSORS}
        return {**tensors, "updates": self.updates, "weight": self.weight}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state.

        Args:
            state: What ``state`` gave.

        Raises:
            ValueError: If it is of another size.
        """
        if state["mean"].shape != self.mean.shape:
            message = (
                f"state_dict: expected a factor of shape {tuple(self.mean.shape)}, got "
                f"{tuple(state['mean'].shape)}; load into the network it came from"
            )
            raise ValueError(message)
        for name in _TENSORS:
            setattr(self, name, state[name].to(self.mean, copy=True))
        self.updates, self.weight = int(state["updates"]), float(state["weight"])


_TENSORS = ("mean", "frozen", "noise")
