"""Frozen networks that turn images into features, each with an id and the hash of its weights.

`extractor("efflite0")` gives one by name; `extract(extractor, images)` runs it over many images in bounded memory.
"""

from gansmith.features.base import Extractor, extract, file_hash, state_hash
from gansmith.features.registry import NAMES, extractor

__all__ = ["NAMES", "Extractor", "extract", "extractor", "file_hash", "state_hash"]
