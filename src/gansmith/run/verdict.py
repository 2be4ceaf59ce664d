"""Three rules that say in plain words how a run went: numbers that broke, the discriminator, coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Finding", "verdict"]

Level = Literal["good", "watch", "bad"]

TELLS_APART, ALMOST_ALWAYS = 0.75, 0.95
COVERED, COLLAPSED = 0.5, 0.2
ADVICE = "try a smaller learning rate (lr=...), a larger penalty, or --precision fp32"
LAST = 0.2
"""The discriminator is judged by the last fifth of the run."""


@dataclass(frozen=True)
class Finding:
    """One sentence and how serious it is."""

    rule: str
    level: Level
    text: str

    def to_json(self) -> dict[str, Any]:
        """As a dictionary."""
        return asdict(self)


def verdict(accuracy: Sequence[float], coverage: float | None, ceiling: float | None, broke: str = "") -> list[Finding]:
    """What a run's numbers say.

    Args:
        accuracy: How often the discriminator scored a held-out real image above a made one, over the run, in [0, 1].
        coverage: Share of real images with a sample near them, in [0, 1]; None where it wasn't measured.
        ceiling: The same for real images in the place of samples.
        broke: Which number stopped being finite; empty where none did.
    """
    found = [_numbers(broke)]
    if accuracy:
        last = accuracy[-max(1, round(len(accuracy) * LAST)) :]
        found.append(_discriminator(sum(last) / len(last)))
    if coverage is not None:
        found.append(_coverage(coverage, ceiling))
    return found


def _numbers(broke: str) -> Finding:
    if broke:
        return Finding("numbers", "bad", f"{broke} stopped being a number: {ADVICE}")
    return Finding("numbers", "good", "all numbers stayed finite")


def _discriminator(share: float) -> Finding:
    text = f"at the end the discriminator told real from made {share:.0%} of the time (50% is a guess)"
    if share > ALMOST_ALWAYS:
        return Finding("discriminator", "bad", f"{text}: the generator lags far behind; train longer or with more data")
    if share > TELLS_APART:
        return Finding("discriminator", "watch", f"{text}: there is more to learn; a longer budget should help")
    return Finding("discriminator", "good", text)


def _coverage(share: float, ceiling: float | None) -> Finding:
    text = f"samples cover {share:.0%} of the held-out images"
    if ceiling is not None:
        text += f" (real images cover {ceiling:.0%})"
    if share < COLLAPSED:
        return Finding("coverage", "bad", f"{text}: the generator makes few kinds of images (mode collapse)")
    if share < COVERED * (1.0 if ceiling is None else ceiling):
        return Finding("coverage", "watch", f"{text}: some kinds of images are missing")
    return Finding("coverage", "good", text)
