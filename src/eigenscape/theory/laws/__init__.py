"""Limiting spectral laws with a closed form, and the ways to make one of another."""

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform

__all__ = [
    "Affine",
    "Arcsine",
    "Atom",
    "Cauchy",
    "Discrete",
    "FreeBinomial",
    "FreeMeixner",
    "FreePoisson",
    "FussCatalan",
    "Interval",
    "Jacobi",
    "KestenMcKay",
    "Law",
    "MarchenkoPastur",
    "Mixture",
    "Semicircle",
    "Uniform",
]
