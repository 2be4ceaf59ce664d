"""Benchmarks: `python -m benchmarks [NAME ...] [--quick] [--out DIR] [--write-docs]`; docs/benchmarks.md explains them.

A benchmark is a module with a function `run(quick) -> Result`; the first line of its docstring is its title. Times are
taken side by side in one run (A B B A ...), and what is compared are medians and ratios.
"""

BENCHMARKS = {
    "engine": True,
    "step": True,
    "throughput": True,
    "startup": True,
    "memory": True,
    "processes": True,
    "search": False,
}
"""All benchmarks in their order; False for those that take hours and run only when they are named."""
