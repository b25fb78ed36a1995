"""Model architectures the experiments train."""

from eigenscape.training.models.mlp import mlp

__all__ = ["mlp"]
