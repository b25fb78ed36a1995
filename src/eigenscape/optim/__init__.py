"""Floor 5a: optimisers and rules that come out of the theory."""

from eigenscape.optim.averaging import IterateAverage
from eigenscape.optim.averaging_schedule import annealing_schedule, averaging_schedule
from eigenscape.optim.averaging_start import NoImprovement, NonMonotone, StartRule
from eigenscape.optim.batch_norm_statistics import (
    recompute_batch_norm,
    recomputed_batch_norm,
)
from eigenscape.optim.critical_sharpness import CriticalSharpness, critical_sharpness
from eigenscape.optim.curvature_monitor import (
    CurvatureMonitor,
    Measurement,
    MonitorCost,
    Probe,
)
from eigenscape.optim.damped_adam import (
    DampedAdam,
)
from eigenscape.optim.damping import (
    DampingRule,
    OptimalShrinkage,
    PublishedDamping,
)
from eigenscape.optim.damping_learner import (
    DampingLearner,
)
from eigenscape.optim.gadam import Gadam, GadamX
from eigenscape.optim.heavy_ball import (
    HeavyBallSettings,
    curvature_range,
    heavy_ball_settings,
    learn_heavy_ball,
)
from eigenscape.optim.heavy_ball_learner import HeavyBallLearner, HeavyBallRange
from eigenscape.optim.kfac import (
    EKFAC,
    KFAC,
    DampedKFAC,
    FactorSettings,
)
from eigenscape.optim.layer_groups import (
    layer_groups,
)
from eigenscape.optim.learning_rate_scaling import (
    AdamRule,
    HeavyBallRule,
    StepRule,
    batch_size_grid,
    population_laws,
    scale_learning_rate,
    survey_rate_scaling,
)
from eigenscape.optim.mean_square_curvature import MeanSquareCurvature
from eigenscape.optim.measured_schedule import MeasuredSchedule
from eigenscape.optim.sharpness_probes import (
    Preconditioned,
    TopCurvature,
    UpdateSharpness,
    adam_denominator,
)
from eigenscape.optim.sharpness_warmup import SharpnessWarmup
from eigenscape.optim.stability_laws import (
    AdditiveStability,
    HeldBatchStability,
    MeanSquareStability,
    MultiplicativeStability,
    SampledStability,
    StabilityLaw,
)
from eigenscape.optim.stable_rates import single_step_rate, stable_rate

__all__ = [
    "EKFAC",
    "KFAC",
    "AdamRule",
    "AdditiveStability",
    "CriticalSharpness",
    "CurvatureMonitor",
    "DampedAdam",
    "DampedKFAC",
    "DampingLearner",
    "DampingRule",
    "FactorSettings",
    "Gadam",
    "GadamX",
    "HeavyBallLearner",
    "HeavyBallRange",
    "HeavyBallRule",
    "HeavyBallSettings",
    "HeldBatchStability",
    "IterateAverage",
    "MeanSquareCurvature",
    "MeanSquareStability",
    "MeasuredSchedule",
    "Measurement",
    "MonitorCost",
    "MultiplicativeStability",
    "NoImprovement",
    "NonMonotone",
    "OptimalShrinkage",
    "Preconditioned",
    "Probe",
    "PublishedDamping",
    "SampledStability",
    "SharpnessWarmup",
    "StabilityLaw",
    "StartRule",
    "StepRule",
    "TopCurvature",
    "UpdateSharpness",
    "adam_denominator",
    "annealing_schedule",
    "averaging_schedule",
    "batch_size_grid",
    "critical_sharpness",
    "curvature_range",
    "heavy_ball_settings",
    "layer_groups",
    "learn_heavy_ball",
    "population_laws",
    "recompute_batch_norm",
    "recomputed_batch_norm",
    "scale_learning_rate",
    "single_step_rate",
    "stable_rate",
    "survey_rate_scaling",
]
