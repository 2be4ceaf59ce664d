"""What a metric answers: a value that carries the protocol it was measured by, and refuses other protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["Better", "Result", "comparable", "differences"]

Better = Literal["higher", "lower"]

_INTERVAL_ONLY = frozenset({"seed", "resamples", "confidence", "n_matters"})
"""Parts of a protocol that shape the interval's noise, not what the value means."""


@dataclass(frozen=True)
class Result:
    """One measured value.

    Attributes:
        name: The metric, e.g. `"frechet"`.
        value: The number.
        better: Which direction is better.
        low: Lower end of the confidence interval, or None where none was computed.
        high: Upper end.
        n_real: Real samples used; 0 where the metric uses none.
        n_fake: Samples evaluated.
        protocol: How it was measured: `extractor` (id of the network: for an accuracy, of the judge) and `weights`
            (their hash), `split`, k, seed, resamples, ... `n_matters` names the counts on which the value's
            expectation depends.
        detail: Anything else worth keeping (per-class values, notes on the sample size); never compared.
    """

    name: str
    value: float
    better: Better
    low: float | None
    high: float | None
    n_real: int
    n_fake: int
    protocol: Mapping[str, Json] = field(default_factory=dict)
    detail: Mapping[str, Json] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """A name fit for a table: a distance is named after its network; only the published weights' is a FID."""
        extractor = str(self.protocol.get("extractor", ""))
        short = {"frechet": "FD", "kernel": "KD", "kernel_subsets": "KD"}.get(self.name)
        if short is None:
            return self.name.replace("_", " ")
        if extractor == "inception-fid:6726825d":
            return {"FD": "FID", "KD": "KID"}[short]
        return f"{short}-{extractor}" if extractor else short

    def to_json(self) -> dict[str, Json]:
        """A dictionary that `json.dumps` writes and `from_json` reads back to an equal result."""
        return {
            "name": self.name,
            "value": self.value,
            "better": self.better,
            "low": self.low,
            "high": self.high,
            "n_real": self.n_real,
            "n_fake": self.n_fake,
            "protocol": dict(self.protocol),
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Result:
        """Read what `to_json` wrote; raises `InputError` if fields are missing, unknown or no numbers."""
        known = set(cls.__dataclass_fields__)
        if set(data) != known:
            wrong = sorted(known ^ set(data))
            raise InputError(f"not a metric result: fields missing or unknown: {', '.join(wrong)}")
        if not isinstance(data["value"], int | float) or data["better"] not in ("higher", "lower"):
            raise InputError(f"not a metric result: value {data['value']!r}, better {data['better']!r}")
        return cls(**cast("dict[str, object]", dict(data)))  # type: ignore[arg-type]


def differences(a: Result, b: Result) -> list[str]:
    """What keeps two results from being compared, one clear line each; empty if nothing does.

    The network must be recorded; the metric and every part of the protocol must agree, except what only shapes the
    interval (seed, resamples, confidence). Numbers of samples must agree where the value's expectation depends on them.
    """
    if a.name != b.name:
        return [f"different metrics: {a.name} and {b.name}"]
    found = []
    if not a.protocol.get("extractor") or not b.protocol.get("extractor"):
        found.append(f"{a.name}: the network behind it isn't recorded, so nothing shows that it was the same")
    for key in sorted((set(a.protocol) | set(b.protocol)) - _INTERVAL_ONLY):
        left, right = a.protocol.get(key), b.protocol.get(key)
        if left != right:
            found.append(f"{a.name}: {key} differs: {left!r} and {right!r}")
    matters = [*_names(a.protocol.get("n_matters")), *_names(b.protocol.get("n_matters"))]
    if "n_real" in matters and a.n_real != b.n_real:
        found.append(f"{a.name}: n_real differs: {a.n_real} and {b.n_real}, and its value depends on it")
    if "n_fake" in matters and a.n_fake != b.n_fake:
        found.append(f"{a.name}: n_fake differs: {a.n_fake} and {b.n_fake}, and its value depends on it")
    return found


def _names(value: Json) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def comparable(a: Result, b: Result) -> None:
    """Return if two results were measured alike; raise `InputError` naming every difference otherwise."""
    found = differences(a, b)
    if found:
        raise InputError(*found)
