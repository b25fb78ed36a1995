"""From whatever holds levels, arrays, matrices or lists of them, to spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from eigenscape.spectra.local.resolution import precision_of

Source = np.ndarray | Sequence[Any]
"""Eigenvalues, a spectrum a row, a symmetric or Hermitian matrix, a stack of matrices,
or a sequence of any of these."""

_ASYMMETRY: Final = 1e3
"""Asymmetry that is rounding, in units of ε max |H|."""


def spectra_of(source: Source) -> tuple[Float[np.ndarray, " _"], ...]:
    """Read spectra, and compute those of matrices in float64.

    A square array is a matrix if it is symmetric, and spectra if its rows are sorted;
    a column is one spectrum.
    Values that float32 holds stay in float32, so that their resolution is known;
    eigenvalues of a float32 matrix are returned in float32 too.

    Args:
        source: Eigenvalues or matrices.

    Returns:
        A spectrum each.

    Raises:
        ValueError: There are none, they are not finite numbers, or a square array is
            neither a matrix nor spectra.
    """
    if not isinstance(source, np.ndarray):
        parts = [item for item in source if not isinstance(item, float | int)]
        if parts and len(parts) == len(source):
            return tuple(row for part in parts for row in spectra_of(part))
        source = np.array(source, dtype=float)
    array = _numbers(source)
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return (_real(array).ravel(),)
    if array.ndim == 3:
        return tuple(row for part in array for row in spectra_of(part))
    if array.ndim == 2 and array.shape[0] == array.shape[1] > 1:
        return _square(array)
    if array.ndim == 2:
        return tuple(_real(array))
    message = f"spectra: expected one to three dimensions, got {array.ndim}"
    raise ValueError(message)


def _numbers(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "biu":
        array = array.astype(float)
    if array.dtype.kind not in "fc" or not array.size:
        message = (
            f"spectra: expected numbers, got an array of type {array.dtype} and shape "
            f"{array.shape}"
        )
        raise ValueError(message)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)][0]
        message = f"spectra: expected finite numbers, got {bad}"
        raise ValueError(message)
    return array


def _real(array: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(array):
        message = "spectra: expected real eigenvalues, got complex ones"
        raise ValueError(message)
    return array


def _square(array: np.ndarray) -> tuple[np.ndarray, ...]:
    scale = float(np.abs(array).max())
    rounding = _ASYMMETRY * float(np.finfo(array.dtype).eps) * scale
    if float(np.abs(array - array.conj().T).max()) <= rounding:
        return (_eigenvalues(array),)
    steps = np.diff(_real(array), axis=1)
    if ((steps >= 0).all(1) | (steps <= 0).all(1)).all():
        return tuple(array)
    message = (
        f"spectra: expected a symmetric matrix or sorted rows, got a square array "
        f"that is neither ({array.shape[0]} × {array.shape[1]}); symmetrise it"
    )
    raise ValueError(message)


def _eigenvalues(matrix: np.ndarray) -> np.ndarray:
    wide = matrix.astype(np.result_type(matrix.dtype, np.float64))
    values = np.linalg.eigvalsh((wide + wide.conj().T) / 2)
    single = precision_of(matrix) is not None
    return values.astype(np.float32) if single else values
