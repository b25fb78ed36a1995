"""Lockstep: several Lanczos runs whose vectors are multiplied together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import final

import torch
from jaxtyping import Float

from eigenscape.curvature.krylov.lanczos import (
    STOP_INTERVAL,
    Recurrence,
    Reorthogonalise,
)
from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest

JointStopRule = Callable[[Sequence[Recurrence]], bool]


@final
class Lockstep(Process):
    """Lanczos runs side by side.

    The block of products becomes the next block of vectors in place: an operator
    whose ``matmat`` takes and gives transposed rows costs no copies.

    Attributes:
        runs: The runs; one that met an invariant space has fewer steps.
    """

    def __init__(
        self,
        starts: Float[torch.Tensor, "P c"],
        *,
        steps: int,
        reorthogonalise: Reorthogonalise = "none",
        stop: JointStopRule | None = None,
        orthogonal_to: Float[torch.Tensor, "k P"] | None = None,
    ) -> None:
        """Begin the runs.

        Args:
            starts: The vectors to start from, as columns.
            steps: Most steps of each run.
            reorthogonalise: As in ``lanczos``.
            stop: Asked every few steps with all the runs; True ends them.
            orthogonal_to: Orthonormal rows that span an invariant space of A; the runs
                are those of A on the space orthogonal to it, held there at every step:
                at every third, float32 rounding lets an eigenvalue of three times the
                others' radius back in within 40 steps (measured).
        """
        rows = starts.T
        avoided = rows[:0] if orthogonal_to is None else orthogonal_to
        self._stop, self._avoided = stop, avoided
        if len(avoided):
            rows = rows.clone()
            self._project(rows)
        free = min(steps, len(starts) - len(avoided))
        self.runs = [
            Recurrence(row, steps=free, reorthogonalise=reorthogonalise) for row in rows
        ]
        identities = [run.identity for run in self.runs]
        self._identity = f"lockstep {digest([*identities, avoided])}"
        self._block = rows[:0]

    @property
    def identity(self) -> str:
        """See Process."""
        return self._identity

    @property
    def products(self) -> int:
        """See Process."""
        return sum(run.products for run in self.runs)

    @property
    def most_products(self) -> int:
        """See Process."""
        return sum(run.most_products for run in self.runs)

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process."""
        vectors = [run.wanted for run in self.runs]
        columns = [column[:, 0] for column in vectors if column is not None]
        if not columns:
            return None
        if len(self._block) != len(columns):
            self._block = torch.stack(columns)
        return self._block.T

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """Take one step of every run.

        Args:
            products: The products of the vectors wanted.
        """
        rows = products.T.contiguous()
        going = [run for run in self.runs if run.wanted is not None]
        for run, row in zip(going, rows, strict=True):
            run.receive(row[:, None])
        self._project(rows)
        self._block = rows
        self._settle()

    def _settle(self) -> None:
        left = [run for run in self.runs if run.wanted is not None]
        due = left and left[0].products % STOP_INTERVAL == 0
        if due and self._stop is not None and self._stop(self.runs):
            for run in left:
                run.end()

    def state(self) -> State:
        """See Process.

        Returns:
            The states of the runs.
        """
        return {
            f"{index} {name}": tensor
            for index, run in enumerate(self.runs)
            for name, tensor in run.state().items()
        }

    def restore(self, state: State) -> None:
        """See Process.

        Args:
            state: What ``state`` returned.
        """
        self._block = self._block[:0]
        for index, run in enumerate(self.runs):
            head = f"{index} "
            run.restore({
                name.removeprefix(head): tensor
                for name, tensor in state.items()
                if name.startswith(head)
            })
        if self.products:
            self._settle()

    def _project(self, rows: Float[torch.Tensor, "c P"]) -> None:
        if len(self._avoided):
            rows.addmm_(rows @ self._avoided.T, self._avoided, alpha=-1)
