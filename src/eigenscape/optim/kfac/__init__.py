"""KFAC: natural gradients with Kronecker factors."""

from eigenscape.optim.kfac.damped_kfac import DampedKFAC
from eigenscape.optim.kfac.ekfac import EKFAC
from eigenscape.optim.kfac.kfac import KFAC
from eigenscape.optim.kfac.settings import FactorSettings

__all__ = ["EKFAC", "KFAC", "DampedKFAC", "FactorSettings"]
