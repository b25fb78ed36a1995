"""Random matrices to sample, each with the law its spectrum tends to."""

from eigenscape.theory.ensembles.block_matrix import BlockMatrix
from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.ensembles.ensemble import Ensemble
from eigenscape.theory.ensembles.entries import (
    normal_entries,
    sign_entries,
    uniform_entries,
)
from eigenscape.theory.ensembles.gaussian import GOE, GSE, GUE, GaussianBeta
from eigenscape.theory.ensembles.haar import (
    haar_frame,
    haar_orthogonal,
    haar_unitary,
)
from eigenscape.theory.ensembles.jacobi import JacobiBeta, Manova
from eigenscape.theory.ensembles.laguerre import LaguerreBeta
from eigenscape.theory.ensembles.regular_graph import (
    RandomRegular,
    random_regular_graph,
)
from eigenscape.theory.ensembles.rotated import RotatedProduct, RotatedSum
from eigenscape.theory.ensembles.spiked import Spiked
from eigenscape.theory.ensembles.two_blocks import TwoBlocks
from eigenscape.theory.ensembles.wigner import Band, Wigner
from eigenscape.theory.ensembles.wishart import CorrelatedWishart, Wishart

__all__ = [
    "GOE",
    "GSE",
    "GUE",
    "Band",
    "BlockMatrix",
    "CorrelatedWishart",
    "Deterministic",
    "Ensemble",
    "GaussianBeta",
    "JacobiBeta",
    "LaguerreBeta",
    "Manova",
    "RandomRegular",
    "RotatedProduct",
    "RotatedSum",
    "Spiked",
    "TwoBlocks",
    "Wigner",
    "Wishart",
    "haar_frame",
    "haar_orthogonal",
    "haar_unitary",
    "normal_entries",
    "random_regular_graph",
    "sign_entries",
    "uniform_entries",
]
