"""Tables made anew: gansmith beside CTGAN, TVAE and SMOTE, between real rows and independent columns."""

from benchmarks.tables.trial import jobs, run

__all__ = ["jobs", "run"]
