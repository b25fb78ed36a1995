"""Compare results to the last bit."""

import dataclasses

import numpy as np


def differences(first, second, path="result"):
    """Paths at which two results differ; provenance aside."""
    if dataclasses.is_dataclass(first):
        names = [f.name for f in dataclasses.fields(first) if f.name != "provenance"]
        return [
            d
            for n in names
            for d in differences(getattr(first, n), getattr(second, n), f"{path}.{n}")
        ]
    if isinstance(first, tuple):
        if len(first) != len(second):
            return [path]
        return [
            d
            for i, (a, b) in enumerate(zip(first, second, strict=True))
            for d in differences(a, b, f"{path}[{i}]")
        ]
    if isinstance(first, np.ndarray):
        same = first.shape == second.shape and first.tobytes() == second.tobytes()
        return [] if same else [path]
    return [] if first == second else [path]
