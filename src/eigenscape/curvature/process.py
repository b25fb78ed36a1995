"""Process: an algorithm that asks for products, and can be saved between two."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path

import torch
from jaxtyping import Float
from tqdm import tqdm

from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.resume import load_state, save_state

State = dict[str, torch.Tensor]

SAVE_INTERVAL = 60.0
"""Least seconds between two saves: what an interruption may cost."""

SAVE_SHARE = 20.0
"""A save is followed by at least so many times the seconds it took: at most a
twentieth of a run goes into saving."""


class Process(ABC):
    """An algorithm seen from the operator: vectors wanted, products received.

    All that it knows is in ``state()``, so that a run can be interrupted between two
    products and go on in another Python process, to the same bits.
    """

    @property
    @abstractmethod
    def identity(self) -> str:
        """Tell what determines the run besides the operator.

        Returns:
            The algorithm, its settings, and digests of what it started from.
        """

    @property
    @abstractmethod
    def products(self) -> int:
        """Count the products.

        Returns:
            How many were received.
        """

    @property
    @abstractmethod
    def most_products(self) -> int:
        """Bound the products.

        Returns:
            Most products that the run may ask for, those received included.
        """

    @property
    @abstractmethod
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """Ask for products.

        Returns:
            Vectors as columns; None when the run has ended.
        """

    @abstractmethod
    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """Take a step.

        Args:
            products: The products of the vectors wanted, as columns. The process may
                change them.
        """

    @abstractmethod
    def state(self) -> State:
        """Say everything there is to know about the run.

        Returns:
            Named tensors; numbers are float64 or int64 tensors.
        """

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go back to a state.

        Args:
            state: What ``state()`` returned in a process of the same identity.
        """


def drive(
    process: Process,
    operator: LinearOperator,
    *,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> None:
    """Run a process to its end.

    Args:
        process: The process; it is changed, and holds the result.
        operator: Whose products it wants.
        checkpoint: A file that keeps the state, about once a minute and at the end. If
            it exists, the run goes on from there.
        progress: Whether to show a bar with a forecast on standard error.
    """
    identity = f"{operator.fingerprint()} {process.identity}" if checkpoint else ""
    if checkpoint is not None and checkpoint.exists():
        process.restore(load_state(checkpoint, identity, operator.device))
    next_save = time.monotonic() + SAVE_INTERVAL
    with tqdm(
        initial=process.products,
        total=process.most_products,
        unit="product",
        leave=False,
        disable=not progress,
    ) as bar:
        while (vectors := process.wanted) is not None:
            process.receive(_multiply(operator, vectors))
            bar.update(vectors.shape[1])
            if checkpoint is not None and time.monotonic() >= next_save:
                began = time.monotonic()
                save_state(process.state(), checkpoint, identity)
                took = time.monotonic() - began
                next_save = began + took + max(SAVE_INTERVAL, SAVE_SHARE * took)
    if checkpoint is not None:
        save_state(process.state(), checkpoint, identity)


def _multiply(
    operator: LinearOperator, vectors: Float[torch.Tensor, "P c"]
) -> Float[torch.Tensor, "P c"]:
    if vectors.shape[1] == 1:
        return operator.matvec(vectors[:, 0])[:, None]
    return operator.matmat(vectors)
