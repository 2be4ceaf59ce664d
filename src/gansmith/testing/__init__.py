"""Public contract checkers: what a recipe, a codec, a network or a metric must do to be one.

Each raises `AssertionError` with a sentence on what is broken, and returns a few lines on what was checked:
the review of a contribution.
"""

from gansmith.testing.codecs import check_codec
from gansmith.testing.metrics import check_metric
from gansmith.testing.nets import check_net
from gansmith.testing.recipes import check_recipe, data_for
from gansmith.testing.source import RandomSource

__all__ = ["RandomSource", "check_codec", "check_metric", "check_net", "check_recipe", "data_for"]
