"""Benchmarks: `python -m benchmarks [NAME ...] [--quick] [--out DIR] [--write-docs]`; docs/benchmarks.md explains them.

A benchmark is a module with a function `run(quick) -> Result`; the first line of its docstring is its title. Times are
taken side by side in one run (A B B A ...), and what is compared are medians and ratios. Those of many cells (`CELLS`)
also take what of them is wanted, `run(quick, choice)`, and list them, `jobs(quick, choice)`.
"""

BENCHMARKS = {
    "engine": True,
    "step": True,
    "throughput": True,
    "precision": False,
    "watching": True,
    "startup": True,
    "memory": True,
    "processes": True,
    "peers": False,
    "modes": False,
    "quality": False,
    "growth": False,
    "doctor": False,
    "failures": False,
    "search": False,
    "convergence": False,
    "tables": False,
    "translate": False,
    "oracle": False,
    "kinds": False,
}
"""All benchmarks in their order; False for those that take long and run only when they are named."""

CELLS = {
    name: name
    for name in ("modes", "quality", "growth", "doctor", "failures", "convergence", "tables", "translate", "kinds")
}
"""Benchmarks that leave a file a cell and go on where they stopped, and the folder of their cells."""
