"""The largest numbers that can be asked for, the same in Python and on the command line."""

from __future__ import annotations

__all__ = ["MOST_SAMPLES", "MOST_SEED"]

MOST_SAMPLES = 10**12
"""Samples that can be asked for at once, and the last number of a sample."""

MOST_SEED = 2**63 - 1
"""Training, drawing and the command line take the same seeds: from 0 up to this one."""
