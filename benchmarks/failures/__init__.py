"""Why GANs fail and how you see it: small games that go wrong, and the same games put right, with pictures."""

from benchmarks.failures.study import jobs, run

__all__ = ["jobs", "run"]
