"""Sampling: independent probes in blocks, anywhere or outside the range of a sketch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float

from eigenscape.curvature.estimators.sketch import BLOCK, Sketch
from eigenscape.curvature.estimators.vector_sets import require_finite
from eigenscape.curvature.operators.operator import LinearOperator
from eigenscape.curvature.process import Process, State
from eigenscape.curvature.resume import digest

PREFIX = "sketch."


class Sampling(Process):
    """Multiplies independent probes, and keeps of each block what an estimate needs.

    With a sketch, the products that it wants come first.
    """

    def __init__(
        self, *, probes: int, generator: torch.Generator, sketch: Sketch | None
    ) -> None:
        """Prepare the run.

        Args:
            probes: Number of probes.
            generator: Source of the probes, on the processor.
            sketch: Not begun, its random vectors drawn; or none.
        """
        self._probes = probes
        self._count = 0
        self._generator = generator
        self._source = generator.get_state()
        self._sketch = sketch
        self._block: torch.Tensor | None = None
        origin = "" if sketch is None else f"{sketch.identity} "
        self._identity = (
            f"{origin}{type(self).__name__} {probes} {digest([self._source])}"
        )

    @abstractmethod
    def draw(self, count: int) -> Float[torch.Tensor, "P c"]:
        """Draw the next probes.

        Args:
            count: Their number.

        Returns:
            The vectors to multiply.
        """

    @abstractmethod
    def absorb(self, products: Float[torch.Tensor, "P c"]) -> None:
        """Add a block to the sums.

        Args:
            products: The products of the vectors drawn last.
        """

    @property
    @abstractmethod
    def sums(self) -> torch.Tensor:
        """Show what is kept.

        Returns:
            One tensor, the same object all along.
        """

    @property
    def identity(self) -> str:
        """See Process."""
        return self._identity

    @property
    def products(self) -> int:
        """See Process."""
        return self._count + (0 if self._sketch is None else self._sketch.products)

    @property
    def most_products(self) -> int:
        """See Process."""
        sketch = 0 if self._sketch is None else self._sketch.most_products
        return self._probes + sketch

    @property
    def wanted(self) -> Float[torch.Tensor, "P c"] | None:
        """See Process."""
        if self._sketch is not None and (vectors := self._sketch.wanted) is not None:
            return vectors
        if self._block is None and self._count < self._probes:
            self._block = self.draw(min(BLOCK, self._probes - self._count))
        return self._block

    def receive(self, products: Float[torch.Tensor, "P c"]) -> None:
        """See Process."""
        if self._sketch is not None and self._sketch.wanted is not None:
            self._sketch.receive(products)
        elif self._block is not None:
            require_finite(products)
            self.absorb(products)
            self._count += products.shape[1]
            self._source = self._generator.get_state()
            self._block = None

    def state(self) -> State:
        """See Process.

        Returns:
            The sketch, the sums, and the generator before the block that is wanted.
        """
        sketch = {} if self._sketch is None else self._sketch.state()
        return {
            **{PREFIX + name: tensor for name, tensor in sketch.items()},
            "count": torch.tensor(self._count),
            "generator": self._source,
            "sums": self.sums,
        }

    def restore(self, state: State) -> None:
        """See Process."""
        if self._sketch is not None:
            self._sketch.restore({
                name.removeprefix(PREFIX): tensor
                for name, tensor in state.items()
                if name.startswith(PREFIX)
            })
        self._count = int(state["count"])
        self._source = state["generator"]
        self._generator.set_state(self._source)
        self._block = None
        self.sums.copy_(state["sums"])


def require_probes(method: str, probes: int, least: Mapping[str, int]) -> None:
    """Refuse an unknown method, or fewer products than its standard error needs.

    Args:
        method: The method.
        probes: Products allowed.
        least: The least products of every method.

    Raises:
        ValueError: If there is no such method, or the products are too few.
    """
    if method not in least:
        message = f"method: expected one of {tuple(least)}, got {method!r}"
        raise ValueError(message)
    if probes < least[method]:
        message = (
            f"probes: expected at least {least[method]} for a standard error by "
            f"{method}, got {probes}"
        )
        raise ValueError(message)


def with_sketch(
    operator: LinearOperator, probes: int, *, generator: torch.Generator
) -> tuple[Sketch, int]:
    """Spend a third of the products on a sketch, and a third on the image of its basis.

    Args:
        operator: The operator A.
        probes: Products allowed.
        generator: Source of the random vectors, on the processor.

    Returns:
        The sketch, not begun, and the products that are left for probes.
    """
    count = probes // 3
    return Sketch(operator, count, generator=generator), probes - 2 * count
