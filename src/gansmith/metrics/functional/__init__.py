"""Metrics as pure functions: feature tensors in, numbers out. Everything decisive is computed in float64."""

from gansmith.metrics.functional._check import TooFew, check_enough
from gansmith.metrics.functional.accuracy import accuracy, confusion, correct, per_class
from gansmith.metrics.functional.authenticity import Authenticity, authenticity
from gansmith.metrics.functional.bootstrap import bootstrap_mean, counts, interval, standard_interval
from gansmith.metrics.functional.fidelity import psnr, ssim
from gansmith.metrics.functional.frechet import (
    frechet_bias,
    frechet_distance,
    frechet_from_features,
    frechet_from_moments,
    frechet_replicates,
)
from gansmith.metrics.functional.kernel import KernelSubsets, kernel_distance, kernel_replicates, kernel_subsets
from gansmith.metrics.functional.kernel_error import kernel_variance
from gansmith.metrics.functional.modes import Modes, clusters, spread
from gansmith.metrics.functional.moments import Moments
from gansmith.metrics.functional.nearest import Memorisation, memorisation, nearest_items
from gansmith.metrics.functional.path import PathLength, path_length
from gansmith.metrics.functional.prdc import Prdc, expected_coverage, prdc
from gansmith.metrics.functional.prdc_replicates import prdc_replicates

__all__ = [
    "Authenticity",
    "KernelSubsets",
    "Memorisation",
    "Modes",
    "Moments",
    "PathLength",
    "Prdc",
    "TooFew",
    "accuracy",
    "authenticity",
    "bootstrap_mean",
    "check_enough",
    "clusters",
    "confusion",
    "correct",
    "counts",
    "expected_coverage",
    "frechet_bias",
    "frechet_distance",
    "frechet_from_features",
    "frechet_from_moments",
    "frechet_replicates",
    "interval",
    "kernel_distance",
    "kernel_replicates",
    "kernel_subsets",
    "kernel_variance",
    "memorisation",
    "nearest_items",
    "path_length",
    "per_class",
    "prdc",
    "prdc_replicates",
    "psnr",
    "spread",
    "ssim",
    "standard_interval",
]
