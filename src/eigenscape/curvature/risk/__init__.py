"""EmpiricalRisk, and what it takes in: models, losses, parameters and data."""

from eigenscape.curvature.risk.empirical_risk import EmpiricalRisk, Loss

__all__ = ["EmpiricalRisk", "Loss"]
