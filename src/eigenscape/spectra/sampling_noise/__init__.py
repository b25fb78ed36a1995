"""Batches predicted from what one measurement on all the data found."""

from eigenscape.spectra.sampling_noise.assumptions import (
    Dependence,
    NoiseScaling,
    noise_scaling,
    rank_dependence,
    weight_direction_dependence,
)
from eigenscape.spectra.sampling_noise.bulk_inversion import (
    BatchDeconvolution,
    deconvolve_batches,
)
from eigenscape.spectra.sampling_noise.comparison import (
    PredictionComparison,
    compare_prediction,
)
from eigenscape.spectra.sampling_noise.competition import (
    Competitor,
    NoiseCompetition,
    compare_noise_models,
)
from eigenscape.spectra.sampling_noise.inversion import (
    PopulationEstimate,
    estimate_population,
)
from eigenscape.spectra.sampling_noise.population import (
    PopulationCurvature,
)
from eigenscape.spectra.sampling_noise.prediction import (
    BatchPrediction,
    noise_batch_size,
    predict_batch_outliers,
)

__all__ = [
    "BatchDeconvolution",
    "BatchPrediction",
    "Competitor",
    "Dependence",
    "NoiseCompetition",
    "NoiseScaling",
    "PopulationCurvature",
    "PopulationEstimate",
    "PredictionComparison",
    "compare_noise_models",
    "compare_prediction",
    "deconvolve_batches",
    "estimate_population",
    "noise_batch_size",
    "noise_scaling",
    "predict_batch_outliers",
    "rank_dependence",
    "weight_direction_dependence",
]
