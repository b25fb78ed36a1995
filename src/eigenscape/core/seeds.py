"""Named, independent random streams from one integer seed."""

from __future__ import annotations

import hashlib

import numpy as np


def stream_seed(seed: int, *names: str | int) -> int:
    """Derive the seed of a named stream.

    The seed is the first 63 bits of SHA-256 over the master seed and the names, so
    adding a stream never shifts another, and the same names give the same numbers
    on every machine.

    Args:
        seed: The master seed, any integer.
        *names: The path of the stream, such as ``"probes", "end", 3``.

    Returns:
        A non-negative integer below 2⁶³, fit for NumPy and torch generators.
    """
    path = "\x1f".join([str(int(seed)), *(f"{type(n).__name__}:{n}" for n in names)])
    digest = hashlib.sha256(path.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Open a named NumPy random stream.

    Args:
        seed: The master seed, any integer.
        *names: The path of the stream.

    Returns:
        A generator independent of every stream with another name.
    """
    return np.random.default_rng(stream_seed(seed, *names))
