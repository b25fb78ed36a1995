"""Limiting spectral laws with a closed form, and the ways to make one of another."""

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.law import Atom, Interval, Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle

__all__ = [
    "Affine",
    "Atom",
    "Discrete",
    "FreeMeixner",
    "Interval",
    "KestenMcKay",
    "Law",
    "MarchenkoPastur",
    "Semicircle",
]
