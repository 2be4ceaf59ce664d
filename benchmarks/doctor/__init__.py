"""The doctor on trial: faults found and named, healthy runs left in peace, and sick runs put right by the autopilot."""

from benchmarks.doctor.trial import jobs, run

__all__ = ["jobs", "run"]
