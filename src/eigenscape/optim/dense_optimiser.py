"""DenseOptimiser: the frame of a step of all optimisers written here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch.optim.optimizer import Optimizer

Closure = Callable[[], Any]


class DenseOptimiser(Optimizer, ABC):
    """An optimiser that takes closures, and refuses gradients that are not dense."""

    @abstractmethod
    def _update(self) -> None:
        """Take the step, by the gradients as they are."""

    def step(self, closure: Closure | None = None) -> Any:
        """Take a step.

        Args:
            closure: Computes the loss anew, with its gradients.

        Returns:
            What the closure returned; None without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            self._refuse_sparse()
            self._update()
        return loss

    def _refuse_sparse(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is not None and gradient.layout is not torch.strided:
                    message = (
                        f"{type(self).__name__}: expected dense gradients, got a "
                        "sparse one; make the layer with sparse=False"
                    )
                    raise RuntimeError(message)
