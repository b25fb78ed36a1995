"""SideBySide: processes on disjoint coordinates, their vectors multiplied as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float, Int64

from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest


@final
class SideBySide(Process):
    """One process for each block of a block-diagonal operator.

    The blocks' vectors are parts of one vector of length P, so that one product with
    the operator is a product with every block.

    Attributes:
        members: The blocks' processes.
    """

    def __init__(
        self,
        members: Sequence[Process],
        places: Sequence[Int64[torch.Tensor, " _"]],
        size: int,
    ) -> None:
        """Put processes side by side.

        Args:
            members: The processes, which have not begun.
            places: The coordinates of each, disjoint.
            size: The number P of all coordinates.
        """
        self.members = list(members)
        self._places = list(places)
        self._size = size

    @property
    def identity(self) -> str:
        """See Process."""
        return digest([*(member.identity for member in self.members), *self._places])

    @property
    def products(self) -> int:
        """See Process."""
        return max(member.products for member in self.members)

    @property
    def most_products(self) -> int:
        """See Process."""
        return max(member.most_products for member in self.members)

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process."""
        asked = self._asked()
        if not asked:
            return None
        first = asked[0][1]
        rows = first.new_zeros(max(v.shape[1] for _, v in asked), self._size)
        for index, vectors in asked:
            place = self._places[index].to(first.device)
            rows[: vectors.shape[1], place] = vectors.T
        return rows.T

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """Take a step of every member that asked.

        Args:
            products: The products of the vectors wanted.
        """
        for index, vectors in self._asked():
            place = self._places[index].to(products.device)
            own = products.T[: vectors.shape[1], place]
            self.members[index].receive(own.T)

    def state(self) -> State:
        """See Process."""
        return {
            f"{index}/{name}": tensor
            for index, member in enumerate(self.members)
            for name, tensor in member.state().items()
        }

    def restore(self, state: State) -> None:
        """See Process.

        Args:
            state: What ``state`` returned.
        """
        for index, member in enumerate(self.members):
            head = f"{index}/"
            own = {
                name.removeprefix(head): tensor
                for name, tensor in state.items()
                if name.startswith(head)
            }
            member.restore(own)

    def _asked(self) -> list[tuple[int, torch.Tensor]]:
        wanted = [(index, member.wanted) for index, member in enumerate(self.members)]
        return [(index, vectors) for index, vectors in wanted if vectors is not None]
