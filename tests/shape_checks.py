"""Shapes and types checked at a sample of the calls.

Pytest is configured with an import hook that puts every function of the package in
`jaxtyping.jaxtyped`, which makes a call fifty microseconds longer and a definition some
milliseconds: in loops of many small calls, and for closures, most of the time. Here a
function is checked at its first calls in each test, and from then on whenever the
number of calls is a power of two; closures of one definition count as one function.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections import Counter

import jaxtyping

FIRST = 32

_calls: Counter[str] = Counter()
_jaxtyped = jaxtyping.jaxtyped


def install():
    """Let the import hook find the sampling decorator."""
    jaxtyping.jaxtyped = _sampling


def begin_test():
    """Count calls anew."""
    _calls.clear()


def _sampling(*, typechecker):
    def decorate(target):
        if not inspect.isclass(target):
            return _sampled(target, typechecker)
        if dataclasses.is_dataclass(target) and not _is_checked(target.__init__):
            target.__init__ = _sampled(target.__init__, typechecker)
        return target

    return decorate


def _is_checked(function):
    return hasattr(function, "__wrapped__")  # a parent's, or written in the class


def _sampled(function, typechecker):
    name, checked = f"{function.__module__}.{function.__qualname__}", None

    @functools.wraps(function)
    def call(*args, **kwargs):
        nonlocal checked
        _calls[name] = count = _calls[name] + 1
        if count > FIRST and count & (count - 1):
            return function(*args, **kwargs)
        if checked is None:
            checked = _jaxtyped(function, typechecker=typechecker)
        return checked(*args, **kwargs)

    return call
