"""Floor 3a: what was measured; spectra and the fits of theory to them."""

from eigenscape.spectra.advice import advise
from eigenscape.spectra.batch_outliers import (
    BatchOutliers,
    FittedSweep,
    fit_sweep,
)
from eigenscape.spectra.batch_scaling import BatchScaling, fit_batch_scaling
from eigenscape.spectra.batch_sweep import (
    BatchSweep,
)
from eigenscape.spectra.cumulative_band import (
    CumulativeBand,
    cumulative_band,
    probe_bounds,
)
from eigenscape.spectra.damping_study import (
    DampingStudy,
)
from eigenscape.spectra.density import estimate_density, fit_bulk
from eigenscape.spectra.distance import (
    cumulative,
    kolmogorov,
    mean_absolute_deviation,
    wasserstein,
)
from eigenscape.spectra.exact_spectrum import (
    ExactSpectrum,
)
from eigenscape.spectra.fit import (
    FAMILIES,
    FREE_MEIXNER,
    MARCHENKO_PASTUR,
    SEMICIRCLE,
    LawFamily,
    LawFit,
    fit_law,
)
from eigenscape.spectra.hold_out import HeldOut, hold_out
from eigenscape.spectra.local.matched_levels import (
    matched_levels,
)
from eigenscape.spectra.measure import (
    SpectralMeasure,
    measure_median,
    measure_moments,
    measure_of_eigenvalues,
    restrict,
    stack_measures,
)
from eigenscape.spectra.noise_fit import NoiseFit
from eigenscape.spectra.noise_models import (
    AdditiveNoise,
    MultiplicativeNoise,
    NoiseModel,
    Parameter,
)
from eigenscape.spectra.outlier_fit import (
    OutlierFit,
    fit_outliers,
)
from eigenscape.spectra.rate_scaling import (
    RateScaling,
    effective_batch_size,
)
from eigenscape.spectra.sampling_noise import (
    BatchPrediction,
    NoiseCompetition,
    PopulationCurvature,
    PopulationEstimate,
    compare_noise_models,
    compare_prediction,
    deconvolve_batches,
    estimate_population,
    noise_batch_size,
    predict_batch_outliers,
)
from eigenscape.spectra.smoothing import smooth, smooth_standard_error
from eigenscape.spectra.split import SpectrumSplit, split_spectrum
from eigenscape.spectra.survey_result import (
    Advice,
    BatchDraws,
    CheckpointSurvey,
    Density,
    Survey,
)

__all__ = [
    "FAMILIES",
    "FREE_MEIXNER",
    "MARCHENKO_PASTUR",
    "SEMICIRCLE",
    "AdditiveNoise",
    "Advice",
    "BatchDraws",
    "BatchOutliers",
    "BatchPrediction",
    "BatchScaling",
    "BatchSweep",
    "CheckpointSurvey",
    "CumulativeBand",
    "DampingStudy",
    "Density",
    "ExactSpectrum",
    "FittedSweep",
    "HeldOut",
    "LawFamily",
    "LawFit",
    "MultiplicativeNoise",
    "NoiseCompetition",
    "NoiseFit",
    "NoiseModel",
    "OutlierFit",
    "Parameter",
    "PopulationCurvature",
    "PopulationEstimate",
    "RateScaling",
    "SpectralMeasure",
    "SpectrumSplit",
    "Survey",
    "advise",
    "compare_noise_models",
    "compare_prediction",
    "cumulative",
    "cumulative_band",
    "deconvolve_batches",
    "effective_batch_size",
    "estimate_density",
    "estimate_population",
    "fit_batch_scaling",
    "fit_bulk",
    "fit_law",
    "fit_outliers",
    "fit_sweep",
    "hold_out",
    "kolmogorov",
    "matched_levels",
    "mean_absolute_deviation",
    "measure_median",
    "measure_moments",
    "measure_of_eigenvalues",
    "noise_batch_size",
    "predict_batch_outliers",
    "probe_bounds",
    "restrict",
    "smooth",
    "smooth_standard_error",
    "split_spectrum",
    "stack_measures",
    "wasserstein",
]
