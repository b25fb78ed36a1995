"""Critical points of least-squares problems: found, told from traps, counted."""

from eigenscape.training.critical_points.gradient_roots import solve_gradient
from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.least_squares_problem import (
    LeastSquaresProblem,
)
from eigenscape.training.critical_points.network_problem import NetworkProblem
from eigenscape.training.critical_points.newton_descent import minimise_loss
from eigenscape.training.critical_points.point_search import (
    PointSearch,
    find_critical_points,
)
from eigenscape.training.critical_points.point_status import judge_points
from eigenscape.training.critical_points.signed_newton import seek_saddles

__all__ = [
    "HiddenLayer",
    "LeastSquaresProblem",
    "NetworkProblem",
    "PointSearch",
    "find_critical_points",
    "judge_points",
    "minimise_loss",
    "seek_saddles",
    "solve_gradient",
]
