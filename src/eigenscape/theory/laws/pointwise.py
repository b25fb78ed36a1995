"""Functions of points, given as an array, a list or one number."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

_Function = TypeVar("_Function", bound=Callable[..., Any])


def pointwise(place: int) -> Callable[[_Function], _Function]:
    """Let a function take lists and numbers where it takes an array of points.

    Args:
        place: Where the points stand among its parameters.

    Returns:
        A decorator of functions that evaluate an array, or several, of the shape of the
        points. Other precisions than double become double, a number gives a number.
        What holds no numbers is refused with a ValueError.
    """

    def decorate(function: _Function) -> _Function:
        name = list(inspect.signature(function).parameters)[place]

        @functools.wraps(function)
        def of_any(*args: Any, **kwargs: Any) -> Any:
            if name in kwargs and len(args) == place:
                args = (*args, kwargs.pop(name))
            points = args[place] if len(args) > place else None
            if points is None or _is_plain(points):
                return function(*args, **kwargs)
            array = _in_double(name, points)
            rest = args[:place], args[place + 1 :]
            found = function(*rest[0], array.ravel(), *rest[1], **kwargs)
            if isinstance(found, tuple):
                several = cast("tuple[np.ndarray, ...]", found)
                return tuple(values.reshape(array.shape)[()] for values in several)
            return found.reshape(array.shape)[()]

        return cast("_Function", of_any)

    return decorate


def _is_plain(points: Any) -> bool:
    return type(points) is np.ndarray and points.ndim > 0 and points.dtype.char in "dD"


def _in_double(name: str, points: Any) -> np.ndarray:
    with contextlib.suppress(ValueError):  # of rows of several lengths
        array = np.asarray(points)
        if array.dtype.kind in "biufc":
            complex_valued = array.dtype.kind == "c"
            return array.astype(np.complex128 if complex_valued else np.float64)
    message = f"{name}: expected numbers, got {points!r:.80}"
    raise ValueError(message)
