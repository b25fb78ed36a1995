"""Figures described: results to panels, no drawing."""

from eigenscape.report.figures.batch_scaling import batch_scaling
from eigenscape.report.figures.panel import Band, Line, Panel, Points, Rule, Series
from eigenscape.report.figures.prediction import prediction
from eigenscape.report.figures.spectrum import bulk, spectrum
from eigenscape.report.figures.stability import stability
from eigenscape.report.figures.training import training

__all__ = [
    "Band",
    "Line",
    "Panel",
    "Points",
    "Rule",
    "Series",
    "batch_scaling",
    "bulk",
    "prediction",
    "spectrum",
    "stability",
    "training",
]
