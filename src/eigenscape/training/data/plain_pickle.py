"""Read pickles of plain values and byte arrays without running anything in them."""

from __future__ import annotations

import io
import pickle
from typing import Any, final

import numpy as np
from jaxtyping import UInt8

_BYTE = {b"u1", "u1"}


def read_plain_pickle(data: bytes, source: str) -> Any:
    """Read a pickle whose only objects are arrays of bytes, as Python 2 wrote them.

    Whatever the pickle names is replaced by an object that only keeps what it is
    given, so no code of the pickle's choice is called.

    Args:
        data: The pickle.
        source: What to call it in an error message.

    Returns:
        Dictionaries, lists, numbers, bytes, and arrays as `StoredArray`.

    Raises:
        ValueError: It is no pickle, or it names anything but NumPy's arrays.
    """
    try:
        return _Reader(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:
        text = " ".join(str(error).split())
        message = f"{source}: expected a pickle of plain arrays, got another ({text})"
        raise ValueError(message) from error


class _Recorded:
    """Keep what a pickle passes to an object, and do nothing with it."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state


@final
class StoredArray(_Recorded):
    """An array of a pickle, not yet made."""

    def to_numpy(self) -> UInt8[np.ndarray, ...]:
        """Make the array.

        Returns:
            Its bytes, in its shape.

        Raises:
            ValueError: It is not an array of bytes.
        """
        try:
            _, shape, kind, fortran, content = self.state
            stored = kind.arguments[0]
            flat = np.frombuffer(content, np.uint8)
            array = flat.reshape(shape, order="F" if fortran else "C")
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            message = f"array: expected one of bytes, got a damaged one ({error})"
            raise ValueError(message) from error
        if stored not in _BYTE:
            message = f"array: expected one of bytes, got type {stored!r}"
            raise ValueError(message)
        return array


_KNOWN = {
    "_reconstruct": StoredArray,
    "ndarray": _Recorded,
    "dtype": _Recorded,
}


@final
class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Replace NumPy's constructors; refuse all other names."""
        if module_name.partition(".")[0] == "numpy" and global_name in _KNOWN:
            return _KNOWN[global_name]
        message = f"it names {module_name}.{global_name}, which was not run"
        raise pickle.UnpicklingError(message)
