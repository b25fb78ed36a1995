"""BlockDiagonal: all diagonal blocks of a risk's operator, through one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float

from eigenscape.curvature.operators.derived import Derived
from eigenscape.curvature.operators.risk_operator import RiskOperator
from eigenscape.curvature.resume import digest


@final
class BlockDiagonal(Derived):
    """The operator ⊕_B A_BB of groups of parameters, without what couples two groups.

    A product multiplies every block's part of the vector with that block, through one
    graph a minibatch and one partial second derivative a block: for L blocks about
    L/2 products with A, where L separate operators would build L graphs. It acts on
    vectors of A's length; coordinates in no block are mapped to zero.

    Attributes:
        operator: A.
        names: The blocks' names, in order.
        blocks: For each block, positions in ``risk.params``.
    """

    def __init__(
        self, operator: RiskOperator, blocks: Mapping[str, Sequence[str]]
    ) -> None:
        """Take in an operator and disjoint groups of its parameters.

        Args:
            operator: A.
            blocks: For each block the names of its parameters, as of ``risk.names``;
                ``risk.groups()`` makes such groups.

        Raises:
            ValueError: If there is no block, one is empty, a name is unknown, or a
                parameter lies in two blocks.
        """
        where = {name: k for k, name in enumerate(operator.risk.names)}
        named = [name for group in blocks.values() for name in group]
        unknown = sorted(set(named) - set(where))
        if unknown or not blocks or not all(blocks.values()):
            message = (
                "blocks: expected names of parameters of the risk in every block, got "
                f"{unknown or dict(blocks)}; see risk.names"
            )
            raise ValueError(message)
        if len(set(named)) < len(named):
            twice = sorted({name for name in named if named.count(name) > 1})
            message = f"blocks: expected disjoint blocks, got {twice} in several"
            raise ValueError(message)
        self.operator = operator
        self.names = tuple(blocks)
        self.blocks = tuple(
            tuple(where[name] for name in group) for group in blocks.values()
        )

    @property
    def source(self) -> RiskOperator:
        """See Derived."""
        return self.operator

    def matvec(self, vector: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " P"]:
        """See LinearOperator.

        Returns:
            The product.
        """
        return self.operator.products(vector[None], self.blocks)[0]

    def matmat(self, matrix: Float[torch.Tensor, "P c"]) -> Float[torch.Tensor, "P c"]:
        """See LinearOperator.

        Returns:
            The products as columns.
        """
        return self.operator.products(matrix.T.contiguous(), self.blocks).T

    def evidence(self, probe: Float[torch.Tensor, " P"]) -> Float[torch.Tensor, " k"]:
        """See LinearOperator.

        Returns:
            A's evidence.
        """
        return self.operator.evidence(probe)

    def fingerprint(self) -> str:
        """See LinearOperator.

        Returns:
            Digits of A and the blocks.
        """
        return digest([self.operator.fingerprint(), str(self.blocks)])

    def positions(self, name: str) -> torch.Tensor:
        """Tell the coordinates of a block.

        Args:
            name: Its name.

        Returns:
            Positions in vectors of length P, ascending within each parameter.

        Raises:
            ValueError: If there is no such block.
        """
        if name not in self.names:
            message = f"name: expected one of {list(self.names)}, got {name!r}"
            raise ValueError(message)
        sizes = [param.numel() for param in self.operator.risk.params]
        starts = torch.tensor([0, *sizes]).cumsum(0)
        block = self.blocks[self.names.index(name)]
        return torch.cat([
            torch.arange(int(starts[k]), int(starts[k + 1])) for k in block
        ])
