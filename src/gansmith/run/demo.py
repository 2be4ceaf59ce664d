"""The demo: the default recipe on the embedded images."""

from __future__ import annotations

from gansmith.data.embedded import fashion_path
from gansmith.run.hardware import Precision
from gansmith.run.request import Request

__all__ = ["BUDGET", "demo_request"]

BUDGET = "80k"
"""Real samples: enough for the quality that the README states, within four minutes on two cores."""


def demo_request(
    out: str,
    budget: str | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "auto",
    micro: int | None = None,
    threads: int | None = None,
) -> Request:
    """The demo as a request to train."""
    return Request(
        fashion_path(),
        recipe="r3gan",
        size="s",
        budget=budget or BUDGET,
        out=out,
        seed=seed,
        device=device,
        precision=precision,
        micro=micro,
        threads=threads,
    )
