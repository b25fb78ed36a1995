"""Process: an algorithm that asks for products; runs that are saved on their way."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from tqdm import tqdm

from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.resume import digest, load_state, save_state

State = dict[str, torch.Tensor]

SAVE_INTERVAL = 60.0
"""Least seconds between two saves: what an interruption may cost."""

SAVE_SHARE = 20.0
"""A save is followed by at least so many times the seconds it took: at most a
twentieth of a run goes into saving."""

_DONE, _GENERATOR = "steps done", "generator"


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
    saves = _Saves(checkpoint, identity)
    operator.expect_more()
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
            saves.when_due(process.state)
    saves.now(process.state)


def take_steps(
    step: Callable[[int], None],
    tables: State,
    count: int,
    *,
    identity: str,
    generator: torch.Generator | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> None:
    """Take numbered steps, each of which fills its part of some tables.

    Args:
        step: Takes the step of a number.
        tables: What the steps fill, in place, on the processor.
        count: How many steps there are.
        identity: What determines the run besides the generator.
        generator: What the steps draw from.
        checkpoint: A file that keeps tables and generator, about once a minute and at
            the end. If it exists, the run goes on from there.
        progress: Whether to show a bar with a forecast on standard error.
    """
    drawn = [] if generator is None else [generator.get_state()]
    identity = f"{identity} {digest(drawn)}"
    done = 0

    def state() -> State:
        now = {} if generator is None else {_GENERATOR: generator.get_state()}
        return {**tables, **now, _DONE: torch.tensor([done])}

    if checkpoint is not None and checkpoint.exists():
        found = load_state(checkpoint, identity, torch.device("cpu"))
        done = int(found[_DONE])
        for name, table in tables.items():
            table.copy_(found[name])
        if generator is not None:
            generator.set_state(found[_GENERATOR])
    saves = _Saves(checkpoint, identity)
    for number in tqdm(
        range(done, count), initial=done, total=count, leave=False, disable=not progress
    ):
        step(number)
        done = number + 1
        saves.when_due(state)
    saves.now(state)


class _Saves:
    """A state file, written now and then."""

    def __init__(self, checkpoint: Path | None, identity: str) -> None:
        self._checkpoint = checkpoint
        self._identity = identity
        self._next = time.monotonic() + SAVE_INTERVAL

    def when_due(self, state: Callable[[], State]) -> None:
        if time.monotonic() >= self._next:
            self.now(state)

    def now(self, state: Callable[[], State]) -> None:
        if self._checkpoint is None:
            return
        began = time.monotonic()
        save_state(state(), self._checkpoint, self._identity)
        took = time.monotonic() - began
        self._next = began + took + max(SAVE_INTERVAL, SAVE_SHARE * took)


def _multiply(
    operator: LinearOperator, vectors: Float[torch.Tensor, "P c"]
) -> Float[torch.Tensor, "P c"]:
    if vectors.shape[1] == 1:
        return operator.matvec(vectors[:, 0])[:, None]
    return operator.matmat(vectors)
