"""Linear pencils and rational functions of free matrices, and Gaussian blocks."""

from eigenscape.theory.operator_valued.expression import Expression, free_variable
from eigenscape.theory.operator_valued.gaussian_blocks import (
    GaussianBlocks,
    block_spectrum,
)
from eigenscape.theory.operator_valued.linearisation import (
    expression_spectrum,
    linearise,
)
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum
from eigenscape.theory.operator_valued.spectrum import PencilSpectrum

__all__ = [
    "Expression",
    "GaussianBlocks",
    "Pencil",
    "PencilSpectrum",
    "block_spectrum",
    "expression_spectrum",
    "free_variable",
    "linearise",
    "pencil_spectrum",
]
