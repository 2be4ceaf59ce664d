"""How long to train: `90s`, `10m`, `2h` are times, `6400`, `200k`, `5M` are numbers of real samples."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gansmith.errors import InputError

__all__ = ["Budget"]

MOST = 1e15
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SAMPLES = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class Budget:
    """A time or a number of samples; exactly one of the two is set.

    Attributes:
        seconds: Wall-clock time, turned into samples once, when the run begins.
        samples: Real samples drawn from the data, over all processes.
    """

    seconds: float | None = None
    samples: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read a budget.

        Raises:
            InputError: The text is no budget, or nothing can be trained in it.
        """
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smhkM]?)", text.strip())
        if not found:
            raise InputError(
                f"--budget {text!r}: write a time (90s, 10m, 2h) or a number of samples (6400, 200k, 5M); "
                "a lower-case m is always minutes"
            )
        number, unit = float(found[1]), found[2]
        if number > MOST:
            raise InputError(f"--budget {text[:20]!r}... is more than anybody can wait for")
        if number * (_SECONDS | _SAMPLES)[unit] < 1:
            raise InputError(f"--budget {text!r} is nothing: give at least one second or one sample")
        if unit in _SECONDS:
            return cls(seconds=number * _SECONDS[unit])
        return cls(samples=round(number * _SAMPLES[unit]))

    def __str__(self) -> str:
        return f"{self.seconds:g} seconds" if self.seconds is not None else f"{self.samples:,} samples"
