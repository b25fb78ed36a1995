"""Random probe vectors; the same numbers on every device."""

from __future__ import annotations

import torch
from jaxtyping import Float


def rademacher(
    size: int,
    count: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: torch.device,
) -> Float[torch.Tensor, "P c"]:
    """Draw vectors of independent signs, +1 or −1 with equal probability.

    Args:
        size: Their length P.
        count: Their number c; more of them leave the first ones as they are.
        generator: Source of the signs, on the processor.
        dtype: Type of the result.
        device: Device of the result.

    Returns:
        The vectors as columns.
    """
    _require(size, count, generator)
    bits = torch.randint(0, 2, (count, size), generator=generator, dtype=torch.int8)
    return (2 * bits - 1).to(device=device, dtype=dtype).T


def gaussian(
    size: int,
    count: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: torch.device,
) -> Float[torch.Tensor, "P c"]:
    """Draw vectors of independent standard normal numbers.

    Args:
        size: Their length P.
        count: Their number c; more of them leave the first ones as they are.
        generator: Source of the numbers, on the processor.
        dtype: Type of the result; the numbers are those of float64, rounded.
        device: Device of the result.

    Returns:
        The vectors as columns.
    """
    _require(size, count, generator)
    # One at a time: torch.randn of a table depends on the whole of its shape.
    rows = [
        torch.randn(size, generator=generator, dtype=torch.float64)
        for _ in range(count)
    ]
    return torch.stack(rows).to(device=device, dtype=dtype).T


def _require(size: int, count: int, generator: torch.Generator) -> None:
    if size < 1 or count < 1:
        message = f"size, count: expected at least 1 each, got {size} and {count}"
        raise ValueError(message)
    if generator.device.type != "cpu":
        message = (
            f"generator: expected one on the processor, got {generator.device}; "
            "pass torch.Generator(), so that numbers do not depend on the device"
        )
        raise ValueError(message)
